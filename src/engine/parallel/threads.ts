/**
 * The master's side of threads that run free: it starts the workers, hands them executions in batches, and watches for those that do not end.
 *
 * Who sleeps for good is told exactly, without a time limit: every thread that has not ended is in an `Atomics.wait` without a time-out, every sleeper that was ever woken
 * has left its wait, and each word still has the value that its thread went to sleep on. Where a word was changed after its thread slept, they are woken when nobody has stirred
 * for some milliseconds: who really slept is one whom the wake-up woke, and an execution in which somebody did not is dropped. Where that cannot be said (memory that the master cannot see), nobody may stir for a while.
 */
import { setImmediate } from 'node:timers/promises';
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import { installHost } from '../../instrument/host.ts';
import { cloneForThread } from '../clone.ts';
import { describeError } from '../describe.ts';
import { ProgramError } from '../program.ts';
import { errorOf, type ProgramReference, startWorker } from '../workers/boot.ts';
import { awaitChange } from '../workers/protocol.ts';
import * as B from './block.ts';
import { stacksOf } from './pause.ts';

/** How one thread came out of an execution. */
export type ThreadEnd =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown; readonly attaching: boolean }
  /** It slept for good and was got out; `value` is what it returned on the way. */
  | { readonly kind: 'slept'; readonly sleep: Sleep; readonly stack: string; readonly value: unknown }
  /** It was still running when its time was over; its worker was ended. */
  | { readonly kind: 'ran'; readonly stack: string }
  /** It was taken for asleep and got out, but had been about to go on: nothing can be said of the execution. */
  | { readonly kind: 'cut' }
  /** Its worker ended by itself. */
  | { readonly kind: 'exited'; readonly message: string };

export interface Sleep {
  /** Of the execution's buffers; below 0: one that the thread made. */
  readonly buffer: number;
  readonly byteOffset: number;
  readonly value: number | bigint;
  /** What the word has now; undefined where the master cannot see it. */
  readonly current: number | bigint | undefined;
}

/** One execution that ended, by whatever means. */
export interface FreeRun {
  readonly shared: unknown;
  readonly ends: readonly ThreadEnd[];
}

export interface FreeThreadsOptions {
  /** Seconds that an execution may take before its threads are taken to hang. Default 5. */
  readonly hangSeconds?: number;
  /** Seconds that a worker may take to load the program. Default 60. */
  readonly loadSeconds?: number;
  /** Most megabytes of a worker's heap. Default 512. */
  readonly heapMegabytes?: number;
}

/** What `setup` made cannot be given to a thread; `cause` is why. */
export class HandOverError extends Error {
  override readonly name = 'HandOverError';
}

function handedOver<T>(hand: () => T): T {
  try {
    return hand();
  } catch (cause) {
    throw new HandOverError('what setup made cannot be handed over', { cause });
  }
}

interface Slot {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly block: B.Block;
  ready: boolean;
  dead: boolean;
}

/** Nobody has stirred for so long: taken for asleep where it cannot be told. */
const settleMs = 250;
/** The same where a word was changed and nobody was woken: whether its thread slept shows when it is woken. */
const changedMs = 3;
/** Nobody has stirred for so long: the event loop may have something to say. */
const quietMs = 50;
/** The master looks so often, in ms, at threads that do not ring. */
const pollMs = 1;
/** A thread that was woken because its execution is over may take so long to leave. */
const leaveMs = 1_000;

const { native } = installHost();

export class FreeThreads {
  /** Workers that ended by an error of the platform (out of memory, say): known once the event loop has turned. */
  readonly deaths: string[] = [];
  readonly #reference: ProgramReference;
  readonly #slots: Slot[] = [];
  readonly #hangMs: number;
  readonly #loadMs: number;
  readonly #heapMegabytes: number;
  #seed = 1;
  #data: unknown;
  #program = 0;

  constructor(
    reference: ProgramReference,
    { hangSeconds = 5, loadSeconds = 60, heapMegabytes = 512 }: FreeThreadsOptions = {},
  ) {
    this.#reference = reference;
    this.#hangMs = 1000 * hangSeconds;
    this.#loadMs = 1000 * loadSeconds;
    this.#heapMegabytes = heapMegabytes;
  }

  /** Starts the workers and waits until they have loaded the program. @throws ProgramError when they could not. */
  async start(threads: number): Promise<void> {
    for (let t = 0; t < threads; t++)
      if (this.#slots[t]?.dead !== false) this.#slots[t] = this.#startWorker(t);
    for (let t = 0; t < threads; t++) await this.#ready(t, this.#slots[t]!);
  }

  /** What the exported function makes the program of, from the next batch on. */
  use(data: unknown): void {
    this.#data = data;
    this.#program++;
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await Promise.all(this.#slots.splice(0).map((slot) => end(slot)));
  }

  /**
   * Runs one execution for each of what `setup` made, each from one start line. Fewer come back where one of them hung.
   * @param mostDelay longest of the drawn delays after the start line, in turns of an empty loop.
   * @throws ProgramError when the workers could not load the program; HandOverError when what `setup` made cannot be given to them.
   */
  async run(shared: readonly unknown[], threads: number, mostDelay: number): Promise<FreeRun[]> {
    await this.start(threads);
    const slots = this.#slots.slice(0, threads);
    const common = new Int32Array(new SharedArrayBuffer(4 * (B.LINES + B.lineWords * shared.length)));
    const items = handedOver(() =>
      shared.map((one): B.Item => {
        const buffers: ArrayBufferLike[] = [];
        cloneForThread(one, buffers);
        return { shared: one, buffers };
      }),
    );
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) | 0;
    const batch: B.Batch = {
      data: this.#data,
      program: this.#program,
      items,
      parties: threads,
      common,
      seed: this.#seed,
      mostDelay,
    };
    for (const slot of slots) {
      const { words } = slot.block;
      words.fill(0, B.DONE);
      native.store(words, B.STATE, B.BUSY);
      handedOver(() => slot.port.postMessage(batch));
    }
    for (const { block } of slots) {
      native.add(block.words, B.GRANT, 1);
      native.notify(block.words, B.GRANT);
    }
    const slept = await this.#watch(slots, items, common);
    return this.#gather(slots, items, slept);
  }

  // --- watching -------------------------------------------------------------------------------------------------

  /** Until every thread has ended every execution, or was ended. Answers who slept for good, by execution and thread, and what else ended threads. */
  async #watch(slots: readonly Slot[], items: readonly B.Item[], common: Int32Array): Promise<Ended> {
    const ended: Ended = { sleeps: new Map(), others: new Map(), cut: new Set(), at: items.length };
    let progress = '';
    let since = performance.now();
    for (;;) {
      const bell = native.load(common, B.BELL);
      if (slots.every(({ block }) => native.load(block.words, B.STATE) === B.IDLE)) return ended;
      const dead = slots.filter(({ block }) => native.load(block.words, B.STATE) === B.DEAD);
      const at = Math.min(...slots.map(({ block }) => native.load(block.words, B.DONE)));
      if (dead.length > 0) {
        await this.#giveUp(slots, items, common, at, ended);
        return ended;
      }
      const now = stateOf(slots);
      if (now !== progress) {
        progress = now;
        since = performance.now();
      }
      if (at < items.length) {
        const still = performance.now() - since;
        const sleepers = asleep(slots, items[at]!, at, still); // below its length
        // The same state before and after: all of them slept at one moment.
        if (sleepers !== undefined && stateOf(slots) === now) {
          ended.sleeps.set(at, sleepers);
          const { buffers } = items[at]!;
          const memory = buffers.map((buffer) => new Uint8Array(buffer).slice());
          const late = lateWakes(slots);
          const woken = this.#wake(slots, items[at]!, at, [...sleepers.keys()], common);
          if (woken === undefined) {
            await this.#giveUp(slots, items, common, at, ended);
            return ended;
          }
          // Who really slept was woken by the master, or by one that was on its way out.
          if (woken + lateWakes(slots) - late < sleepers.size) ended.cut.add(at);
          // What they did on their way out is no part of the execution.
          for (const [i, bytes] of memory.entries()) new Uint8Array(buffers[i]!).set(bytes);
          continue;
        }
        // That a worker died (out of memory, say) comes with the event loop.
        if (still > quietMs) await setImmediate();
        if (still > this.#hangMs) {
          await this.#giveUp(slots, items, common, at, ended);
          return ended;
        }
      }
      awaitChange(native, common, B.BELL, bell, 0, pollMs);
    }
  }

  /** Gets sleepers out of the execution that is over. Answers how many of them it woke; undefined: one does not leave. */
  #wake(
    slots: readonly Slot[],
    item: B.Item,
    at: number,
    threads: readonly number[],
    common: Int32Array,
  ): number | undefined {
    let woken = 0;
    for (const t of threads) native.store(slots[t]!.block.words, B.ABORT, at + 1);
    const deadline = performance.now() + leaveMs;
    for (;;) {
      const bell = native.load(common, B.BELL);
      const left = threads.filter((t) => native.load(slots[t]!.block.words, B.DONE) <= at);
      if (left.length === 0) return woken;
      if (performance.now() > deadline) return undefined;
      for (const t of left) {
        const { words } = slots[t]!.block;
        if ((native.load(words, B.SLEEPS) & 1) === 0) continue;
        const buffer = item.buffers[words[B.BUFFER]!];
        if (!(buffer instanceof SharedArrayBuffer)) return undefined;
        if (words[B.WIDE] === 1) woken += native.notify(new BigInt64Array(buffer), words[B.OFFSET]! >> 3);
        else woken += native.notify(new Int32Array(buffer), words[B.OFFSET]! >> 2);
      }
      awaitChange(native, common, B.BELL, bell, 0, 1);
    }
  }

  /** Ends the batch at an execution that does not come to its end: says of each of its threads where it is, and ends their workers. */
  async #giveUp(
    slots: readonly Slot[],
    items: readonly B.Item[],
    common: Int32Array,
    at: number,
    ended: Ended,
  ): Promise<void> {
    native.store(common, B.STOP, 1);
    ended.at = at;
    const others = new Map<number, ThreadEnd>();
    ended.others.set(at, others);
    const item = items[at]!; // the batch did not come to its end
    // Who sleeps beside one that runs can still say where.
    const sleeping = slots.flatMap(({ block: { words } }, t) =>
      native.load(words, B.DONE) <= at && (native.load(words, B.SLEEPS) & 1) === 1 ? [t] : [],
    );
    const known = ended.sleeps.get(at) ?? new Map(sleeping.map((t) => [t, sleepOf(slots[t]!, item)]));
    ended.sleeps.set(at, known);
    this.#wake(slots, item, at, sleeping, common);
    // Those that have ended the execution leave at the next start line.
    const inside = slots.flatMap((slot, t) => (native.load(slot.block.words, B.DONE) <= at ? [t] : []));
    const running = inside.filter((t) => native.load(slots[t]!.block.words, B.STATE) !== B.DEAD);
    const ids = running.map((t) => slots[t]!.worker.threadId);
    const stacks = running.length === 0 ? new Map<number, string>() : await stacksOf(ids);
    // What the platform says of a worker's end comes with the event loop.
    await setImmediate();
    for (const t of inside) {
      const slot = slots[t]!;
      const { words } = slot.block;
      if (native.load(words, B.STATE) === B.DEAD)
        others.set(t, {
          kind: 'exited',
          message: this.deaths.at(-1) ?? `thread ${t} ended its worker (process.exit(${words[B.EXIT_CODE]}))`,
        });
      else if ((native.load(words, B.SLEEPS) & 1) === 1)
        others.set(t, {
          kind: 'slept',
          sleep: known.get(t) ?? sleepOf(slot, item),
          stack: '',
          value: undefined,
        });
      else others.set(t, { kind: 'ran', stack: stacks.get(slot.worker.threadId) ?? '' });
    }
    await Promise.all(inside.map((t) => end(slots[t]!)));
    const deadline = performance.now() + leaveMs;
    for (const [t, slot] of slots.entries()) {
      if (inside.includes(t)) continue;
      while (native.load(slot.block.words, B.STATE) === B.BUSY && performance.now() < deadline)
        native.wait(slot.block.words, B.STATE, B.BUSY, 1);
      if (native.load(slot.block.words, B.STATE) !== B.IDLE) await end(slot);
    }
  }

  #gather(slots: readonly Slot[], items: readonly B.Item[], ended: Ended): FreeRun[] {
    const reports = slots.map((slot): Told | undefined => {
      if (slot.dead) return undefined;
      const { values, threw, slept } = receiveMessageOnPort(slot.port)!.message as B.BatchReport; // sent before it was idle
      return {
        values,
        threw: new Map(threw.map(([i, thrown, attaching]) => [i, { error: errorOf(thrown), attaching }])),
        slept: new Map(slept),
      };
    });
    // What an ended worker had not told is lost: those executions are not counted.
    const from = reports.includes(undefined) ? ended.at : 0;
    const runs: FreeRun[] = [];
    for (let i = from; i < items.length && i <= ended.at; i++) {
      const sleepers = ended.sleeps.get(i);
      const ends = slots.map((_, t): ThreadEnd => {
        const other = ended.others.get(i)?.get(t);
        if (other !== undefined) return other;
        const report = reports[t]!; // alive, or it was among the others
        const threw = report.threw.get(i);
        if (threw !== undefined) return { kind: 'threw', ...threw };
        if (ended.cut.has(i)) return { kind: 'cut' };
        const sleep = sleepers?.get(t);
        const value = report.values[i];
        if (sleep !== undefined) return { kind: 'slept', sleep, stack: report.slept.get(i) ?? '', value };
        return { kind: 'returned', value };
      });
      runs.push({ shared: items[i]!.shared, ends });
    }
    return runs;
  }

  // --- workers --------------------------------------------------------------------------------------------------

  /** Until a worker has loaded the program. */
  async #ready(thread: number, slot: Slot): Promise<void> {
    if (slot.ready) return;
    const { words } = slot.block;
    const deadline = performance.now() + this.#loadMs;
    // That it died on the way comes with the event loop.
    while (!awaitChange(native, words, B.STATE, B.STARTING, 0, quietMs) && performance.now() < deadline)
      await setImmediate();
    const state = native.load(words, B.STATE);
    if (state === B.FAILED)
      throw new ProgramError(
        `module ${this.#reference.module} could not be loaded in a worker: ${String(receiveMessageOnPort(slot.port)?.message)}`,
      );
    if (state !== B.IDLE) {
      const why =
        state === B.STARTING
          ? ` within ${this.#loadMs / 1000} s`
          : `: ${this.deaths.at(-1) ?? 'it ended its worker'}`;
      throw new ProgramError(`thread ${thread}: its worker did not load ${this.#reference.module}${why}`);
    }
    slot.ready = true;
  }

  #startWorker(thread: number): Slot {
    const block = B.blockOver(new SharedArrayBuffer(4 * B.blockWords));
    const { port1, port2 } = new MessageChannel();
    const worker = startWorker(
      '../parallel/agent',
      this.#reference,
      thread,
      port2,
      block.words.buffer,
      this.#heapMegabytes,
    );
    port1.unref();
    worker.on('error', (error: unknown) => {
      this.deaths.push(`the worker of thread ${thread} died: ${describeError(error)}`);
      native.store(block.words, B.STATE, B.DEAD);
    });
    return { worker, port: port1, block, ready: false, dead: false };
  }
}

interface Ended {
  readonly sleeps: Map<number, ReadonlyMap<number, Sleep>>;
  readonly others: Map<number, ReadonlyMap<number, ThreadEnd>>;
  /** Executions whose threads were taken for asleep, and were not. */
  readonly cut: Set<number>;
  /** The execution at which the batch was given up; else how many there are. */
  at: number;
}

interface Told {
  readonly values: readonly unknown[];
  readonly threw: ReadonlyMap<number, { readonly error: unknown; readonly attaching: boolean }>;
  readonly slept: ReadonlyMap<number, string>;
}

async function end(slot: Slot): Promise<void> {
  slot.dead = true;
  await slot.worker.terminate();
  slot.port.close();
}

function lateWakes(slots: readonly Slot[]): number {
  return slots.reduce((sum, { block: { words } }) => sum + native.load(words, B.LATE), 0);
}

/** Where all threads are: equal twice means that nobody stirred in between, as far as they say. */
function stateOf(slots: readonly Slot[]): string {
  return slots
    .map(({ block: { words } }) =>
      [B.DONE, B.PHASE, B.SLEEPS, B.WAKES].map((word) => native.load(words, word)).join(' '),
    )
    .join(', ');
}

/**
 * The threads that sleep for good in an execution, if nobody else is in it.
 * @param stillMs nobody has stirred for so long.
 */
function asleep(
  slots: readonly Slot[],
  item: B.Item,
  at: number,
  stillMs: number,
): ReadonlyMap<number, Sleep> | undefined {
  const sleeps = new Map<number, Sleep>();
  let woken = 0;
  let wakes = 0;
  let changed = false;
  let unseen = false;
  for (const [t, slot] of slots.entries()) {
    const { words } = slot.block;
    woken += native.load(words, B.WOKEN);
    wakes += native.load(words, B.WAKES);
    if (native.load(words, B.DONE) > at) continue;
    if (native.load(words, B.PHASE) !== B.RUNNING) return undefined;
    if ((native.load(words, B.SLEEPS) & 1) === 0 || words[B.FOREVER] !== 1) return undefined;
    const sleep = sleepOf(slot, item);
    sleeps.set(t, sleep);
    changed ||= sleep.current !== sleep.value;
    unseen ||= sleep.current === undefined;
  }
  if (sleeps.size === 0) return undefined;
  const leastMs = unseen || woken !== wakes ? settleMs : changed ? changedMs : -1;
  return stillMs > leastMs ? sleeps : undefined;
}

function sleepOf({ block: { words, wide } }: Slot, item: B.Item): Sleep {
  const isWide = words[B.WIDE] === 1;
  const noted = wide[B.VALUE >> 1]!; // within the block
  const buffer = words[B.BUFFER]!;
  const byteOffset = words[B.OFFSET]!;
  const memory = item.buffers[buffer];
  let current: number | bigint | undefined;
  if (memory instanceof SharedArrayBuffer)
    current = isWide
      ? native.load(new BigInt64Array(memory), byteOffset >> 3)
      : native.load(new Int32Array(memory), byteOffset >> 2);
  return { buffer, byteOffset, value: isWide ? noted : Number(noted), current };
}
