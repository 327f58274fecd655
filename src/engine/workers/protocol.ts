/**
 * The control block that a worker and the scheduler share, one a thread: who has the turn, what the thread is about to do, what it has done by itself.
 *
 * The worker writes a *record* for each step. Those it may take by itself (its quantum) carry their result; the last one waits for the
 * scheduler. All words are 32-bit; values are 64-bit floats or integers beside them. What fits neither (a string, an object, a new buffer) travels as a message, and the
 * record says so. Only the side that has the turn writes, so plain accesses suffice but for the two words that pass the turn.
 */

/** Words of the block. */
export const GRANT = 0; // counts the turns given to the worker; it waits here
export const ANNOUNCE = 16; // counts the turns given back; the scheduler waits here
export const COMMAND = 32;
export const BUDGET = 33; // steps that the worker may take by itself after this turn's
export const FLAGS = 34;
export const RESULT_TAG = 35;
export const STATE = 36;
export const LOGGED = 37; // records with results
export const PHASE = 38; // 1 while in `attach`
export const EXIT_CODE = 39;

/** Commands to a worker. */
export const RUN = 1; // a message with the job is there
export const RESULT = 2; // the step is done: its result
export const THROW = 3; // the step threw: a message with the error is there
export const PERFORM = 4; // take the step yourself and say what came of it
export const KEEP = 5; // go on with what came of it
export const ABORT = 6; // the execution is over: unwind

/** Flags of a turn. */
export const RECORD = 1; // the place of each step is wanted
export const NOBODY_SLEEPS = 2;

/** States of a worker. */
export const STARTING = 0;
export const IDLE = 1;
export const ANNOUNCED = 2;
export const ENDED = 3; // the thread returned
export const THREW = 4;
export const PERFORMED = 5;
export const FAILED = 6; // it could not load the program
export const DEAD = 7;
export const CLOCK = 8; // it asks for the time
export const CHANCE = 9; // it asks for a random number

/** Words of a record. */
export const recordWords = 32;
export const KIND = 0;
export const MARKS = 1;
export const BUFFER = 2; // a number of the execution's; below 0: made by the thread
export const TYPE = 3;
export const OFFSET = 4;
export const LENGTH = 5;
export const INDEX = 6;
export const A_TAG = 7;
export const B_TAG = 8;
export const R_TAG = 9;
export const P_TAG = 10;
/** 64-bit places of a record, counted from its start. */
export const A_VALUE = 6;
export const B_VALUE = 7;
export const R_VALUE = 8;
export const P_VALUE = 9; // of a store: what was there before

/** Marks of a record. */
export const ODD = 1; // only the worker can perform it
export const EXTRA = 2; // a message belongs to it

/** Where the records begin, in words. */
export const firstRecord = 64;
/** The 64-bit place of a turn's result. */
export const resultValue = 24;
export const mostRecords = 72;
export const blockBytes: number = 4 * (firstRecord + mostRecords * recordWords);

/** How a value is written. */
export const UNDEFINED = 0;
export const NUMBER = 1;
export const BIGINT = 2;
export const OTHER = 3;
export const OK = 4;
export const NOT_EQUAL = 5;
export const TIMED_OUT = 6;

/** The kinds of views, by number; the first eight are those of `Atomics`. */
export const viewTypes: readonly string[] = [
  'Int8Array',
  'Uint8Array',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
  'Uint8ClampedArray',
  'Float32Array',
  'Float64Array',
  'DataView',
];
export const atomicTypes = 8;
export const notAView = -1;

export class ControlBlock {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly floats: Float64Array<SharedArrayBuffer>;
  readonly integers: BigInt64Array<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(blockBytes)) {
    this.words = new Int32Array(buffer);
    this.floats = new Float64Array(buffer);
    this.integers = new BigInt64Array(buffer);
  }

  /** Writes a value that fits; answers its tag, `OTHER` where it does not. */
  write(place: number, value: unknown): number {
    if (typeof value === 'number') {
      this.floats[place] = value;
      return NUMBER;
    }
    if (value === undefined) return UNDEFINED;
    if (typeof value === 'bigint') {
      if (BigInt.asIntN(64, value) !== value) return OTHER;
      this.integers[place] = value;
      return BIGINT;
    }
    if (value === 'ok') return OK;
    if (value === 'not-equal') return NOT_EQUAL;
    if (value === 'timed-out') return TIMED_OUT;
    return OTHER;
  }

  read(tag: number, place: number): unknown {
    switch (tag) {
      case NUMBER:
        return this.floats[place];
      case BIGINT:
        return this.integers[place];
      case OK:
        return 'ok';
      case NOT_EQUAL:
        return 'not-equal';
      case TIMED_OUT:
        return 'timed-out';
      default:
        return undefined;
    }
  }
}

/**
 * Looks at the word of the other side before sleeping (docs/bench.md). The scheduler waits for one worker that runs, and comes back within microseconds: looking saves the wake-up, which
 * is dear where a processor had gone idle. A worker waits for its turn while others run: looking would only keep them from it.
 */
export const schedulerLooks = 3_000;
export const workerLooks = 0;

/**
 * Looks at a word, and then sleeps, until it is another than `before`. A wake-up alone says nothing: the other side may be kept between its write and its
 * notify for so long that the notify meets the next sleep.
 * @param native the platform's own `Atomics`.
 * @param looks how often to look before sleeping.
 * @param ms milliseconds of sleep without a wake-up.
 * @returns whether it changed in time.
 */
export function awaitChange(
  native: typeof Atomics,
  words: Int32Array,
  index: number,
  before: number,
  looks: number,
  ms: number,
): boolean {
  for (let i = 0; i < looks; i++) if (native.load(words, index) !== before) return true;
  while (native.load(words, index) === before)
    if (native.wait(words, index, before, ms) === 'timed-out') return native.load(words, index) !== before;
  return true;
}

/** A shared WebAssembly.Memory, as far as it is needed here. */
export interface MemoryLike {
  readonly buffer: SharedArrayBuffer;
}

/** A job for one execution. */
export interface Job {
  readonly shared: unknown;
  /** The shared buffers and memories in it, in its order: the same objects, so that they can be told. */
  readonly buffers: readonly ArrayBufferLike[];
  readonly memories: readonly MemoryLike[];
  /** What the program is made of, where it changed. */
  readonly program?: { readonly data: unknown };
}

/** What belongs to a record and does not fit into it. */
export interface Extra {
  readonly buffer?: SharedArrayBuffer;
  readonly memory?: number;
  readonly bytes?: number;
  readonly a?: unknown;
  readonly b?: unknown;
  readonly site?: { readonly file: string; readonly line: number; readonly column: number };
}
