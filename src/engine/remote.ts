/** Threads outside this isolate, as the scheduler sees them: what the `workers` executor gives to the engine. */
import type { Step } from '../instrument/step.ts';
import type { OutcomeKind } from './outcome.ts';

/** What remote threads may ask of the scheduler. */
export interface RemoteScheduler {
  readonly threads: number;
  readonly pending: readonly Step[];
  readonly current: number;
  /** Steps that the current thread may take by itself after the one that was just performed. */
  lookahead(): number;
  /** Whether nobody sleeps, so that a notify has nobody to wake. */
  nobodySleeps(): boolean;
  /** Number of a place in an author's file. */
  site(file: string, line: number, column: number): number;
  /** Virtual time in ms, and a virtual random number. */
  now(): number;
  draw(): number;
}

export interface RemoteThreads {
  /** Performs the pending step of the current thread, or answers what the thread has already done within its quantum. */
  readonly atomics: typeof Atomics;
  /** An execution begins; `record` asks for the place of each step. What was left of the last one is unwound. */
  open(scheduler: RemoteScheduler, record: boolean): void;
  /** Starts a thread with its own clone of `shared`. @throws DataCloneError */
  start(thread: number, shared: unknown): void;
  /** What resumes a thread up to its next step, as a generator does. */
  readonly generators: readonly Generator<undefined, unknown, unknown>[];
  /** Whether the thread is still in `attach`. */
  isAttaching(thread: number): boolean;
}

/** A worker that answers no longer: the outcome of the execution in which that showed. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
  readonly kind: OutcomeKind;

  constructor(kind: OutcomeKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
