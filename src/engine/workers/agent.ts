/**
 * The worker's side: it puts functions of its own into `Atomics`, then imports the program, unmodified, and runs one thread of it, execution after
 * execution. Between two steps the thread runs as it is; at a step it waits for its turn, unless its quantum lets it go on.
 *
 * Nothing here returns to the event loop once the program is loaded: jobs come through `receiveMessageOnPort`.
 */
import { fileURLToPath } from 'node:url';
import { receiveMessageOnPort } from 'node:worker_threads';
import { nativeAtomics } from '../../instrument/builtins.ts';
import { UnsupportedError } from '../../instrument/host.ts';
import {
  ADD,
  AND,
  type AtomicView,
  atomicSteps,
  CALL,
  COMPARE_EXCHANGE,
  EXCHANGE,
  LOAD,
  NOTIFY,
  OR,
  PAUSE,
  STORE,
  SUB,
  WAIT,
  XOR,
} from '../../instrument/step.ts';
import { isPlainWait } from '../arguments.ts';
import { describeError, describeWithStack, isDeferred, notSynchronous, shown } from '../describe.ts';
import { type Program, ProgramError } from '../program.ts';
import { type BootData, importProgram, type Thrown, thrownOf } from './boot.ts';
import * as P from './protocol.ts';

type AnyCall = (...args: unknown[]) => unknown;

/** Thrown into a thread whose execution is over, again and again until it is out. */
class Unwind extends Error {
  override readonly name = 'Unwind';
}

const native = nativeAtomics();
const viewName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Int8Array.prototype),
  Symbol.toStringTag,
)!.get!; // ECMA-262 23.2.3.38

class Agent {
  readonly #data: BootData;
  readonly #block: P.ControlBlock;
  readonly #words: Int32Array<SharedArrayBuffer>;
  #load: (data: unknown) => Program = () => {
    throw new Error('no program is loaded');
  };
  #program: Program | undefined;
  #granted = 0;
  /** Whether a thread runs in turns: else `Atomics` is as it always was. */
  #active = false;
  #unwinding = false;
  #job: P.Job | undefined;
  readonly #made: ArrayBufferLike[] = [];
  #logged = 0;
  #budget = 0;
  #lastView: AtomicView | undefined;
  #lastBuffer = 0;
  #lastType = 0;
  #lastOffset = 0;

  constructor(data: BootData) {
    this.#data = data;
    this.#block = new P.ControlBlock(data.block);
    this.#words = this.#block.words;
  }

  async serve(): Promise<never> {
    this.#install();
    process.on('exit', (code) => {
      this.#words[P.EXIT_CODE] = code;
      this.#announce(P.DEAD);
    });
    try {
      this.#load = await importProgram(this.#data);
      this.#announce(P.IDLE);
    } catch (error) {
      this.#send(describeWithStack(error));
      this.#announce(P.FAILED);
    }
    for (;;) {
      switch (this.#turn()) {
        case P.RUN:
          this.#run();
          break;
        default:
          this.#announce(P.IDLE);
      }
    }
  }

  // --- the program ----------------------------------------------------------------------------------------------

  #take(): P.Job {
    const job = this.#receive() as P.Job;
    if (job.program !== undefined || this.#program === undefined)
      this.#program = this.#load(job.program?.data);
    return job;
  }

  #run(): void {
    this.#words[P.PHASE] = 1;
    this.#logged = 0;
    this.#unwinding = false;
    let state = P.ENDED;
    try {
      const job = this.#take();
      this.#job = job;
      this.#made.length = 0;
      this.#lastView = undefined;
      this.#budget = this.#words[P.BUDGET]!;
      this.#active = true;
      this.#result(this.#body(job.shared));
    } catch (error) {
      this.#active = false;
      if (!this.#unwinding) this.#send(thrownOf(error));
      state = P.THREW;
    }
    this.#active = false;
    this.#words[P.LOGGED] = this.#logged;
    this.#announce(this.#unwinding ? P.IDLE : state);
  }

  #body(shared: unknown): unknown {
    const { thread } = this.#data;
    const program = this.#program!; // taken with the job
    const local = program.attach === undefined ? shared : program.attach(shared, thread);
    if (isDeferred(local)) throw notSynchronous('a promise or a generator for its attach');
    this.#words[P.PHASE] = 0;
    const value = program.thread(thread, local);
    if (isDeferred(value)) throw notSynchronous('a promise or a generator');
    return value;
  }

  #result(value: unknown): void {
    this.#active = false;
    if (this.#unwinding) return;
    const tag = this.#block.write(P.resultValue, value);
    if (tag === P.OTHER) {
      try {
        this.#send(value);
      } catch (error) {
        throw new ProgramError(
          `its result cannot be handed over: ${describeError(error)}; return what structuredClone takes`,
        );
      }
    }
    this.#words[P.RESULT_TAG] = tag;
  }

  // --- turns ----------------------------------------------------------------------------------------------------

  #turn(): number {
    const words = this.#words;
    const before = this.#granted;
    P.awaitChange(native, words, P.GRANT, before, P.workerLooks, Number.POSITIVE_INFINITY);
    this.#granted = (before + 1) | 0;
    return words[P.COMMAND]!;
  }

  #announce(state: number): void {
    this.#words[P.STATE] = state;
    native.add(this.#words, P.ANNOUNCE, 1);
    native.notify(this.#words, P.ANNOUNCE);
  }

  #send(value: unknown): void {
    this.#data.port.postMessage(value);
  }

  #receive(): unknown {
    // A null only asked whether anybody is here.
    for (;;) {
      const message = receiveMessageOnPort(this.#data.port)?.message as unknown;
      if (message !== null) return message;
    }
  }

  // --- steps ----------------------------------------------------------------------------------------------------

  readonly step = (kind: number, view: unknown, index: unknown, a: unknown, b: unknown): unknown => {
    if (this.#unwinding) throw new Unwind('the execution is over');
    const words = this.#words;
    const base = P.firstRecord + this.#logged * P.recordWords;
    let at = index;
    let refusal: { readonly error: unknown } | undefined;
    if (typeof index !== 'number' || index !== (index | 0)) {
      try {
        at = Math.trunc(+(index as number)) || 0;
      } catch (error) {
        refusal = { error };
        at = 0;
      }
    }
    const marks = this.#describe(base, kind, view, at as number, a, b, refusal !== undefined);
    if (this.#budget > 0 && (marks & P.ODD) === 0 && this.#logged < P.mostRecords - 1) {
      const done = this.#alone(base, kind, view as Int32Array, at as number, a, b);
      if (done !== undefined) {
        this.#budget--;
        this.#logged++;
        return done.value;
      }
    }
    words[P.LOGGED] = this.#logged;
    this.#announce(P.ANNOUNCED);
    let kept: unknown;
    let threw = false;
    for (;;) {
      switch (this.#turn()) {
        case P.RESULT:
          this.#begin();
          return this.#block.read(words[P.RESULT_TAG]!, P.resultValue);
        case P.THROW:
          this.#begin();
          throw errorOf(this.#receive() as Thrown);
        case P.PERFORM:
          threw = false;
          try {
            if (refusal !== undefined) throw refusal.error;
            kept = perform(kind, view as Int32Array, at as number, a as number, b as number);
            words[P.RESULT_TAG] = this.#block.write(P.resultValue, kept);
          } catch (error) {
            threw = true;
            kept = error;
            this.#send(thrownOf(error));
            words[P.RESULT_TAG] = P.OTHER;
          }
          this.#announce(P.PERFORMED);
          break;
        case P.KEEP:
          this.#begin();
          if (threw) throw kept;
          return kept;
        default:
          this.#unwinding = true;
          throw new Unwind('the execution is over');
      }
    }
  };

  #begin(): void {
    this.#logged = 0;
    this.#budget = this.#words[P.BUDGET]!;
  }

  /** Takes a step within the quantum, where nobody else is concerned. Undefined: it is for the scheduler. */
  #alone(
    base: number,
    kind: number,
    view: Int32Array,
    index: number,
    a: unknown,
    b: unknown,
  ): { readonly value: unknown } | undefined {
    let value: unknown;
    let seen: unknown;
    try {
      if (kind === WAIT) {
        if (!isPlainWait(view, index, a) || this.#lastBuffer < 0) return undefined;
        seen = native.load(view, index);
        if (seen === a) return undefined;
        value = 'not-equal';
      } else if (kind === NOTIFY) {
        if ((this.#words[P.FLAGS]! & P.NOBODY_SLEEPS) === 0) return undefined;
        value = native.notify(view, index, a as number | undefined);
        seen = value;
      } else if (kind === CALL || kind === PAUSE) value = undefined;
      else {
        if (kind === STORE)
          this.#words[base + P.P_TAG] = this.#block.write((base >> 1) + P.P_VALUE, native.load(view, index));
        value = perform(kind, view, index, a as number, b as number);
        seen = value;
      }
    } catch {
      return undefined; // it has done nothing: the scheduler meets the same error
    }
    this.#words[base + P.R_TAG] = this.#block.write((base >> 1) + P.R_VALUE, seen);
    return { value };
  }

  /** Writes the record of a step and answers its marks. */
  #describe(
    base: number,
    kind: number,
    view: unknown,
    index: number,
    a: unknown,
    b: unknown,
    refused: boolean,
  ): number {
    const words = this.#words;
    let extra: Record<string, unknown> | undefined;
    let marks = refused ? P.ODD : 0;
    words[base + P.KIND] = kind;
    words[base + P.INDEX] = index;
    if (kind === CALL || kind === PAUSE) words[base + P.TYPE] = P.notAView;
    else if (view !== undefined && view === this.#lastView) {
      if (this.#lastBuffer < 0 && !(this.#made[-1 - this.#lastBuffer] instanceof SharedArrayBuffer))
        marks |= P.ODD;
    } else if (ArrayBuffer.isView(view)) extra = this.#look(view as AtomicView);
    else {
      this.#lastView = undefined;
      this.#lastType = P.notAView;
      marks |= P.ODD;
    }
    if (kind !== CALL && kind !== PAUSE) {
      words[base + P.TYPE] = this.#lastType;
      if (this.#lastType !== P.notAView) {
        words[base + P.BUFFER] = this.#lastBuffer;
        words[base + P.OFFSET] = this.#lastOffset;
        words[base + P.LENGTH] = (view as Int32Array).length ?? (view as DataView).byteLength;
        if (this.#lastType >= P.atomicTypes) marks |= P.ODD;
        if (extra !== undefined && extra['bytes'] !== undefined) marks |= P.ODD;
      }
      if (index !== (index | 0)) marks |= P.ODD;
    }
    const aTag = this.#block.write((base >> 1) + P.A_VALUE, a);
    const bTag = this.#block.write((base >> 1) + P.B_VALUE, b);
    words[base + P.A_TAG] = aTag;
    words[base + P.B_TAG] = bTag;
    const recording = (words[P.FLAGS]! & P.RECORD) !== 0;
    // The label of an operation is for the trace alone.
    if (aTag >= P.OTHER && (kind !== CALL || recording)) extra = { ...extra, a: standIn(a) };
    if (bTag >= P.OTHER) extra = { ...extra, b: standIn(b) };
    if ((aTag >= P.OTHER && kind !== CALL) || bTag >= P.OTHER) marks |= P.ODD;
    if (recording && kind !== CALL) {
      // Mapping a stack back to its source is code too, and may use Atomics.
      this.#active = false;
      const site = siteOf(new Error().stack ?? '');
      this.#active = true;
      if (site !== undefined) extra = { ...extra, site };
    }
    if (extra !== undefined) {
      marks |= P.EXTRA;
      this.#send(extra);
    }
    words[base + P.MARKS] = marks;
    return marks;
  }

  /** Another view than last time: its buffer, kind and place. Answers what must be told of the buffer. */
  #look(view: AtomicView): Record<string, unknown> | undefined {
    const { buffer } = view;
    this.#lastView = view;
    this.#lastType = P.viewTypes.indexOf((viewName.call(view) as string | undefined) ?? 'DataView');
    this.#lastOffset = view.byteOffset;
    const job = this.#job!; // a thread runs
    const known = job.buffers.indexOf(buffer);
    if (known !== -1) {
      this.#lastBuffer = known;
      return undefined;
    }
    const made = this.#made.indexOf(buffer);
    if (made !== -1) {
      this.#lastBuffer = -1 - made;
      return undefined;
    }
    this.#lastBuffer = -this.#made.push(buffer);
    if (!(buffer instanceof SharedArrayBuffer)) return { bytes: buffer.byteLength };
    const memory = job.memories.findIndex((m) => m.buffer === (buffer as unknown));
    return memory === -1 ? { buffer } : { memory };
  }

  // --- what the thread sees of the platform ---------------------------------------------------------------------

  #install(): void {
    const target = Atomics as unknown as Record<string, AnyCall>;
    const { step } = this;
    for (const [name, { kind, most }] of Object.entries(atomicSteps)) {
      const original = target[name];
      if (original === undefined) continue;
      const take = (a: unknown, b: unknown, c: unknown, d: unknown): unknown => {
        if (!this.#active)
          return kind === PAUSE ? original.call(Atomics) : original.call(Atomics, a, b, c, d);
        return step(kind, a, b, most > 2 ? c : undefined, most > 3 ? d : undefined);
      };
      define(Atomics, name, take, original.length);
    }
    const { waitAsync } = target;
    if (waitAsync !== undefined)
      define(
        Atomics,
        'waitAsync',
        (...args: unknown[]) => {
          if (!this.#active) return waitAsync.apply(Atomics, args);
          throw new UnsupportedError(
            "Atomics.waitAsync cannot run as part of a thread: a thread's body is plain synchronous code; call it outside thread and attach",
          );
        },
        waitAsync.length,
      );
    const ask = (state: number): number => {
      const words = this.#words;
      // What was done so far comes first: the clock is of the whole execution.
      words[P.LOGGED] = this.#logged;
      this.#announce(state);
      if (this.#turn() === P.ABORT) {
        this.#unwinding = true;
        throw new Unwind('the execution is over');
      }
      return this.#block.floats[P.resultValue]!;
    };
    const now = performance.now;
    const owner = Object.hasOwn(performance, 'now') ? performance : Object.getPrototypeOf(performance);
    replace(owner as object, 'now', () => (this.#active ? ask(P.CLOCK) : now.call(performance)));
    const dateNow = Date.now;
    replace(Date, 'now', () =>
      this.#active ? 946_684_800_000 + Math.floor(ask(P.CLOCK)) : dateNow.call(Date),
    );
    const random = Math.random;
    replace(Math, 'random', () => (this.#active ? ask(P.CHANCE) : random.call(Math)));
  }
}

/** An arrow function has no `prototype` and cannot be constructed, as the originals. */
function define(owner: object, name: string, value: AnyCall, length: number): void {
  Object.defineProperty(value, 'name', { value: name, configurable: true });
  Object.defineProperty(value, 'length', { value: length, configurable: true });
  Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable: false });
}

function replace(owner: object, name: string, value: AnyCall): void {
  const property = Object.getOwnPropertyDescriptor(owner, name)!; // asked for by name
  Object.defineProperty(value, 'name', { value: name, configurable: true });
  Object.defineProperty(owner, name, { ...property, value });
}

/** The platform's own operation; a wait compares and never sleeps. */
function perform(kind: number, view: Int32Array, index: number, a: number, b: number): unknown {
  switch (kind) {
    case LOAD:
      return native.load(view, index);
    case STORE:
      return native.store(view, index, a);
    case ADD:
      return native.add(view, index, a);
    case SUB:
      return native.sub(view, index, a);
    case AND:
      return native.and(view, index, a);
    case OR:
      return native.or(view, index, a);
    case XOR:
      return native.xor(view, index, a);
    case EXCHANGE:
      return native.exchange(view, index, a);
    case COMPARE_EXCHANGE:
      return native.compareExchange(view, index, a, b);
    case WAIT:
      return native.wait(view, index, a, 0);
    default:
      return native.notify(view, index, a as number | undefined);
  }
}

/** What another isolate can be given in place of a value, and is shown in the same way. */
function standIn(value: unknown): unknown {
  if (
    (typeof value === 'object' && value !== null) ||
    typeof value === 'function' ||
    typeof value === 'symbol'
  )
    return String(shown(value));
  return value;
}

/** An error of the platform, made anew here. */
function errorOf(thrown: Thrown): unknown {
  if (thrown.kind !== 'error') return new Error('message' in thrown ? thrown.message : describeError(thrown));
  const maker = (globalThis as unknown as Record<string, ErrorConstructor>)[thrown.name] ?? Error;
  return new maker(thrown.message);
}

/** The author's place in a stack: the first frame that is not ours. */
function siteOf(stack: string): P.Extra['site'] {
  for (const line of stack.split('\n')) {
    const match = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(line);
    if (match === null) continue;
    const [, place, row, column] = match;
    if (/(engine[/\\]workers[/\\]agent|instrument[/\\](builtins|wasm))\.[jt]s/.test(place!)) continue; // the group matched
    const path = place!.replace(/\?.*$/, '');
    return {
      file: path.startsWith('file:') ? fileURLToPath(path) : path,
      line: Number(row),
      column: Number(column),
    };
  }
  return undefined;
}

/** Runs in the worker for as long as it lives. */
export async function serve(data: BootData): Promise<never> {
  process.setSourceMapsEnabled(true);
  return new Agent(data).serve();
}
