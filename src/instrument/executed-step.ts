/** What a thread did: a step after it was performed, as those see it who follow an execution. */
import { START, type StepKind } from './step.ts';

/**
 * One mutable record an executor is reused for all its steps: take what you keep. Threads, cells and positions do not depend on the
 * schedule, so (thread, event) names the same step in every execution in which the thread has seen the same results.
 */
export class ExecutedStep {
  thread = 0;
  /** Position among the steps of its thread, from 0. */
  event = 0;
  kind: StepKind = START;
  /** Index into the table of sites, or -1 where it is not known. */
  site = -1;
  /** Number of the buffer, or -1 where the step touches no cell (start, call, pause, or it threw). */
  buffer = -1;
  /** The cell: bytes from the start of the buffer, and how many. For `woken` and `timeout` the cell that the thread slept on. */
  byteOffset = 0;
  byteLength = 0;
  /** Whether it wrote: a store or read-modify-write (whatever the value), or a compare-exchange that changed the cell. */
  wrote = false;
  /** Whether it had an effect: a read-modify-write that left its cell as it was has none; a store has, whatever was there before. */
  changed = false;
  result: unknown = undefined;
  /** For a store: what the cell held before it. */
  previous: unknown = undefined;
  /** A wait that went to sleep, and whether a time-out may end it. */
  slept = false;
  timed = false;
  /** The threads that a notify woke, in the order of their sleep. */
  readonly woke: number[] = [];
  /** False for a step of a frame that cannot be suspended: it belongs to the thread's last scheduled step. */
  scheduled = true;
}

/** Follows executions step by step: a strategy that learns, a race detector, coverage. */
export interface StepObserver {
  /** An execution begins. */
  started?(threads: number): void;
  /** A step was performed; the thread has not been resumed yet. */
  observe(step: ExecutedStep): void;
}
