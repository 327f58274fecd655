/** What a worker that runs free and its master share: how far the thread is, and what it sleeps on. Every word is written by one side only. */
import type { Thrown } from '../workers/boot.ts';

/** Words of a thread's block. The first two lie on cache lines of their own: they are waited on. */
export const GRANT = 0; // counts the batches given; the worker waits here
export const STATE = 16;
export const DONE = 32; // executions of the batch that the thread has ended
export const PHASE = 33;
export const SLEEPS = 34; // odd while in Atomics.wait: one more at its begin, one more at its end
export const FOREVER = 35; // 1: the wait that goes on has no time-out
export const BUFFER = 36; // of the execution's; below 0: made by the thread
export const OFFSET = 37;
export const WIDE = 38; // 1: a 64-bit word
export const VALUE = 40; // 64 bits: what it goes to sleep on
export const WOKEN = 42; // waits that ended 'ok'
export const WAKES = 43; // sleepers that its notifies woke
export const ABORT = 44; // by the master: the execution of this number, counted from 1, is over for this thread
export const EXIT_CODE = 45;
export const LATE = 46; // sleepers that its notifies woke on its way out of an execution that was over
export const blockWords = 48;

/** States of a worker. */
export const STARTING = 0;
export const IDLE = 1;
export const BUSY = 2;
export const FAILED = 3; // it could not load the program
export const DEAD = 4;

/** Where a thread is in its execution. */
export const BETWEEN = 0; // in nobody's code: at the start line, say
export const ATTACHING = 1;
export const RUNNING = 2;

/** Words of what all workers of a batch share. */
export const BELL = 0; // counts what the master should look at
export const STOP = 16; // 1: leave the start line, the batch is over
export const LINES = 32; // then two words for each execution: threads that have arrived, and whether they may go
export const lineWords = 16;

export interface Block {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly wide: BigInt64Array<SharedArrayBuffer>;
}

export function blockOver(buffer: SharedArrayBuffer): Block {
  return { words: new Int32Array(buffer), wide: new BigInt64Array(buffer) };
}

/** One execution of a batch: what `setup` made, and the shared buffers in it. */
export interface Item {
  readonly shared: unknown;
  readonly buffers: readonly ArrayBufferLike[];
}

export interface Batch {
  /** What an exported function makes the program of, and the number of that program: it is made again for another number. */
  readonly data: unknown;
  readonly program: number;
  readonly items: readonly Item[];
  readonly parties: number;
  /** Bell, stop and start lines. */
  readonly common: Int32Array<SharedArrayBuffer>;
  /** Where the drawn delays after the start line begin, and the longest, in turns of an empty loop. */
  readonly seed: number;
  readonly mostDelay: number;
}

/** What a thread says of the executions of a batch. */
export interface BatchReport {
  /** What it returned, by execution. */
  readonly values: readonly unknown[];
  readonly threw: readonly (readonly [execution: number, thrown: Thrown, attaching: boolean])[];
  /** Where it slept when its execution was over. */
  readonly slept: readonly (readonly [execution: number, stack: string])[];
}
