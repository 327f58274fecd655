/**
 * The search for a linearization of one part of a history: Wing & Gong (JPDC 1993) with Lowe's memory
 * (CCPE 2017), on the doubly linked list of porcupine's `checker.go`, where lift and unlift take O(1).
 *
 * Departures:
 * - pending operations are optional and their results free; one that would leave the state as it is, is not
 *   taken, since leaving it out allows the same continuations;
 * - a step may have several effects, tried one after the other;
 * - `stuck`: see `Limits`;
 * - the memory is exact: states are numbered by key, and a configuration is (bits of the operations, number).
 *   Up to 31 operations its bits are one integer. Beyond, they are the words between the first operation that
 *   is not linearized and the last that is, and the words of the pending ones, so that the cost of a step follows
 *   the concurrency and not the length of the history.
 */

import { type History, isPending, type OperationRecord } from '../history/history.ts';
import { MalformedHistoryError } from '../history/well-formed.ts';
import { ConfigurationSet } from './configuration-set.ts';
import {
  blocked,
  type CompleteSpecification,
  type Effect,
  isSeveral,
  type Outcome,
} from './specification.ts';
import type { StateKey } from './state-key.ts';

export interface Limits {
  /** Calls of the specification's step before the search gives up. */
  readonly maxSteps: number;
  /**
   * The execution ended for good with its pending operations waiting: none of them took effect, and in the final
   * state the specification must block each.
   */
  readonly stuck: boolean;
}

/** As far as a search could get: operations in order, and the states around them. */
export interface Prefix<S> {
  /** Indices into the history. */
  readonly linearization: readonly number[];
  /** The initial state, and the state after each operation. */
  readonly states: readonly S[];
}

export type Verdict = 'linearizable' | 'not-linearizable' | 'unknown';

/** Kept of the longest prefixes. */
const PREFIXES = 4;
/** Operations whose bits fit one integer. */
const MASK_BITS = 31;
const HEAD = 0;

/**
 * Scratch memory for searches, and after one its answers. Entries of the list: HEAD = 0, call of operation i =
 * 2 i + 1, return of operation i = 2 i + 2, where i counts the operations by their calls.
 */
export class Search<S> {
  /** Calls of the specification's step in the last run. */
  steps = 0;
  /** The linearization found, or the order tried when the run ended: indices into the history. */
  linearization: number[] = [];
  /** The longest prefixes that led to a dead end; at least one when the verdict is 'not-linearizable'. */
  prefixes: Prefix<S>[] = [];

  #specification!: CompleteSpecification<S>; // set by run
  #history: History = [];
  /** Index into the history of each operation, by call. */
  #indices: number[] = [];
  #completed = 0;

  #next: Int32Array<ArrayBuffer> = new Int32Array(0);
  #previous: Int32Array<ArrayBuffer> = new Int32Array(0);
  #position: Float64Array<ArrayBuffer> = new Float64Array(0);

  // The stack: operation, outcome of its step, index of the effect taken, and what it replaced.
  #depth = 0;
  readonly #operations: number[] = [];
  readonly #outcomes: Outcome<S>[] = [];
  readonly #effects: number[] = [];
  readonly #states: S[] = [];
  readonly #stateIds: number[] = [];
  readonly #windows: number[] = [];

  // The configuration: `#state` numbered `#stateId`, and the linearized operations in `#mask` or `#taken`.
  #state!: S; // set by run
  #stateId = 0;
  #mask = 0;
  #wide = false;
  /** Bits of the completed operations by call, then from the next word on those of the pending ones. */
  #taken: Int32Array<ArrayBuffer> = new Int32Array(0);
  #bits: Int32Array<ArrayBuffer> = new Int32Array(0);
  #words: Int32Array<ArrayBuffer> = new Int32Array(0);
  #completedWords = 0;
  #pendingWords = 0;
  /** First word of completed operations that is not full. */
  #firstWord = 0;
  /** Last word of completed operations that is not empty, or `#firstWord - 1`. */
  #lastWord = -1;

  #ids: Map<StateKey, number> = new Map<StateKey, number>();
  readonly #configurations: ConfigurationSet = new ConfigurationSet();

  /**
   * Searches a linearization of the operations with these indices. Throws MalformedHistoryError when positions
   * are not distinct or a return does not follow its call.
   */
  run(specification: CompleteSpecification<S>, history: History, indices: number[], limits: Limits): Verdict {
    this.#prepare(specification, history, indices, limits.stuck);
    const verdict = this.#search(limits);
    this.linearization = this.#order();
    if (this.#ids.size > 4096) this.#ids = new Map();
    return verdict;
  }

  /** The loop of Wing and Gong. It is one function because everything in it is one iteration's state. */
  #search({ maxSteps, stuck }: Limits): Verdict {
    const { step } = this.#specification;
    const history = this.#history;
    const next = this.#next;
    let placed = 0;
    let best = 0;
    if (placed === this.#completed && this.#isFinal(stuck)) return 'linearizable';
    let entry = next[HEAD]!;
    let outcome: Outcome<S> | undefined;
    let from = 0;
    for (;;) {
      if ((entry & 1) === 1) {
        const operation = (entry - 1) >> 1;
        const record = history[this.#indices[operation]!]!;
        if (outcome === undefined) {
          if (this.steps >= maxSteps) return 'unknown';
          this.steps++;
          outcome = step(this.#state, record);
        }
        if (this.#take(operation, record, outcome, from)) {
          if (!isPending(record)) placed++;
          if (placed === this.#completed && this.#isFinal(stuck)) return 'linearizable';
          entry = next[HEAD]!;
        } else {
          entry = next[entry]!;
        }
        outcome = undefined;
        from = 0;
      } else {
        // A return: its operation cannot be postponed further. Or the end: the final state did not do.
        if (placed > best) this.prefixes = [];
        if (placed >= best) this.#noteDeadEnd();
        best = Math.max(best, placed);
        if (this.#depth === 0) return 'not-linearizable';
        const operation = this.#operations[this.#depth - 1]!;
        outcome = this.#outcomes[this.#depth - 1]!;
        from = this.#effects[this.#depth - 1]! + 1;
        this.#untake(operation);
        if (!isPending(history[this.#indices[operation]!]!)) placed--;
        entry = 2 * operation + 1;
      }
    }
  }

  /** Linearizes an operation by the first effect from `from` on that leads to a new configuration. */
  #take(operation: number, record: OperationRecord, outcome: Outcome<S>, from: number): boolean {
    if (outcome === blocked) return false;
    if (!isSeveral(outcome)) return from === 0 && this.#takeEffect(operation, record, outcome, 0, outcome);
    for (let index = from; index < outcome.length; index++) {
      const effect = outcome[index]!; // index < length
      if (this.#takeEffect(operation, record, effect, index, outcome)) return true;
    }
    return false;
  }

  #takeEffect(
    operation: number,
    record: OperationRecord,
    effect: Effect<S>,
    index: number,
    outcome: Outcome<S>,
  ): boolean {
    const pending = isPending(record);
    if (!pending && !this.#specification.sameResult(effect.result, record.result)) return false;
    const id = this.#idOf(effect.state);
    if (pending && id === this.#stateId) return false;
    if (this.#wide) {
      if (!this.#markWide(operation, id)) return false;
    } else {
      const mask = this.#mask | (1 << operation);
      if (!this.#configurations.addPair(mask, id)) return false;
      this.#mask = mask;
    }
    const depth = this.#depth++;
    this.#operations[depth] = operation;
    this.#outcomes[depth] = outcome;
    this.#effects[depth] = index;
    this.#states[depth] = this.#state;
    this.#stateIds[depth] = this.#stateId;
    this.#state = effect.state;
    this.#stateId = id;
    this.#lift(operation, pending);
    return true;
  }

  /** Takes back the last operation linearized. */
  #untake(operation: number): void {
    const depth = --this.#depth;
    this.#state = this.#states[depth]!; // the stack is filled up to the depth
    this.#stateId = this.#stateIds[depth]!;
    this.#unlift(operation, isPending(this.#history[this.#indices[operation]!]!));
    if (this.#wide) {
      this.#taken[this.#bits[operation]! >> 5]! &= ~(1 << this.#bits[operation]!);
      this.#lastWord = this.#windows[2 * depth + 1]!;
      this.#firstWord = this.#windows[2 * depth]!;
    } else {
      this.#mask &= ~(1 << operation);
    }
  }

  /** Sets an operation's bit and remembers the configuration; false, and nothing changed, when it was known. */
  #markWide(operation: number, id: number): boolean {
    const bit = this.#bits[operation]!;
    const word = bit >> 5;
    const firstWord = this.#firstWord;
    const lastWord = this.#lastWord;
    this.#taken[word]! |= 1 << bit;
    if (word < this.#completedWords) {
      if (word > lastWord) this.#lastWord = word;
      while (this.#taken[this.#firstWord] === -1 && this.#firstWord < this.#completedWords) this.#firstWord++;
    }
    if (this.#configurations.addWords(this.#words, this.#writeKey(id))) {
      this.#windows[2 * this.#depth] = firstWord;
      this.#windows[2 * this.#depth + 1] = lastWord;
      return true;
    }
    this.#taken[word]! &= ~(1 << bit);
    this.#firstWord = firstWord;
    this.#lastWord = lastWord;
    return false;
  }

  /** Writes { state, first word, words of completed operations ..., words of pending ones ... }. */
  #writeKey(id: number): number {
    const words = this.#words;
    words[0] = id;
    words[1] = this.#firstWord;
    let length = 2;
    for (let word = this.#firstWord; word <= this.#lastWord; word++) words[length++] = this.#taken[word]!;
    const end = this.#completedWords + this.#pendingWords;
    for (let word = this.#completedWords; word < end; word++) words[length++] = this.#taken[word]!;
    return length;
  }

  /** All completed operations are placed: is this an end, or must a stuck execution explain its waiters? */
  #isFinal(stuck: boolean): boolean {
    if (!stuck) return true;
    for (const index of this.#indices) {
      const record = this.#history[index]!; // indices are the history's
      if (!isPending(record)) continue;
      this.steps++;
      const outcome = this.#specification.step(this.#state, record);
      if (outcome !== blocked && !(isSeveral(outcome) && outcome.length === 0)) return false;
    }
    return true;
  }

  #idOf(state: S): number {
    const key = this.#specification.key(state);
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(key, id);
    }
    return id;
  }

  #noteDeadEnd(): void {
    if (this.prefixes.length === PREFIXES) return;
    this.prefixes.push({
      linearization: this.#order(),
      states: [...this.#states.slice(0, this.#depth), this.#state],
    });
  }

  #order(): number[] {
    const order: number[] = [];
    for (let depth = 0; depth < this.#depth; depth++) order.push(this.#indices[this.#operations[depth]!]!);
    return order;
  }

  #lift(operation: number, pending: boolean): void {
    this.#remove(2 * operation + 1);
    if (!pending) this.#remove(2 * operation + 2);
  }

  /** In the opposite order of lift, so that each entry's neighbours are those that it left. */
  #unlift(operation: number, pending: boolean): void {
    if (!pending) this.#restore(2 * operation + 2);
    this.#restore(2 * operation + 1);
  }

  #remove(entry: number): void {
    const next = this.#next[entry]!;
    const previous = this.#previous[entry]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #restore(entry: number): void {
    this.#next[this.#previous[entry]!] = entry;
    this.#previous[this.#next[entry]!] = entry;
  }

  #prepare(
    specification: CompleteSpecification<S>,
    history: History,
    indices: number[],
    stuck: boolean,
  ): void {
    this.#specification = specification;
    this.#history = history;
    this.#indices = sortByCall(history, indices);
    this.steps = 0;
    this.prefixes = [];
    this.#depth = 0;
    this.#configurations.clear();
    this.#ids.clear();
    this.#state = specification.initial();
    this.#stateId = this.#idOf(this.#state);
    this.#link(stuck);
    this.#wide = indices.length > MASK_BITS;
    this.#mask = 0;
    if (this.#wide) this.#prepareWide();
  }

  /** Builds the list of entries. Insertion costs as much as operations overlap. */
  #link(stuck: boolean): void {
    const count = this.#indices.length;
    if (this.#next.length < 2 * count + 1) {
      this.#next = new Int32Array(4 * count + 1);
      this.#previous = new Int32Array(4 * count + 1);
      this.#position = new Float64Array(4 * count + 1);
      this.#position[HEAD] = Number.NEGATIVE_INFINITY;
    }
    this.#next[HEAD] = HEAD;
    this.#previous[HEAD] = HEAD;
    this.#completed = 0;
    for (let operation = 0; operation < count; operation++) {
      const { called, returned } = this.#history[this.#indices[operation]!]!;
      if (!(returned > called)) fail(`operation at position ${called} returns at ${returned}`);
      const pending = returned === Number.POSITIVE_INFINITY;
      if (!(pending && stuck)) this.#insert(2 * operation + 1, called);
      if (pending) continue;
      this.#insert(2 * operation + 2, returned);
      this.#completed++;
    }
  }

  #insert(entry: number, position: number): void {
    this.#position[entry] = position;
    let before = this.#previous[HEAD]!;
    while (this.#position[before]! > position) before = this.#previous[before]!;
    if (this.#position[before] === position) fail(`two events are at position ${position}`);
    const after = this.#next[before]!;
    this.#next[before] = entry;
    this.#previous[entry] = before;
    this.#next[entry] = after;
    this.#previous[after] = entry;
  }

  #prepareWide(): void {
    const count = this.#indices.length;
    this.#completedWords = (this.#completed + 31) >> 5;
    this.#pendingWords = (count - this.#completed + 31) >> 5;
    const words = this.#completedWords + this.#pendingWords;
    if (this.#bits.length < count) this.#bits = new Int32Array(2 * count);
    if (this.#taken.length < words) {
      this.#taken = new Int32Array(2 * words);
      this.#words = new Int32Array(2 * words + 2);
    }
    this.#taken.fill(0);
    this.#firstWord = 0;
    this.#lastWord = -1;
    let completed = 0;
    let pending = 32 * this.#completedWords;
    for (let operation = 0; operation < count; operation++) {
      this.#bits[operation] = isPending(this.#history[this.#indices[operation]!]!) ? pending++ : completed++;
    }
  }
}

/** Recorders give operations in the order of their calls, so there is mostly nothing to do. */
function sortByCall(history: History, indices: number[]): number[] {
  for (let at = 1; at < indices.length; at++) {
    if (history[indices[at]!]!.called < history[indices[at - 1]!]!.called) {
      return indices.sort((a, b) => history[a]!.called - history[b]!.called);
    }
  }
  return indices;
}

function fail(message: string): never {
  throw new MalformedHistoryError(`malformed history: ${message}`);
}
