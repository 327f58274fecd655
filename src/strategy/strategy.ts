/**
 * A strategy is an oracle with three questions: may an execution begin, which thread takes the next step, and draw a number.
 * Abilities (budgets, statistics, replay checks) belong to wrappers and to the explore loop, not to flags here.
 * Modelled on Shuttle's `Scheduler` trait (https://github.com/awslabs/shuttle), with the pending steps visible so that guided
 * strategies need no other door.
 */
import type { ExecutedStep } from '../instrument/executed-step.ts';
import type { Step } from '../instrument/step.ts';
import type { Turns } from '../schedule/turns.ts';

/** Strategies keep something for each thread: room for as many. */
export const mostStrategyThreads = 256;

/** What a strategy may see of an execution. The engine owns it and changes it in place. */
export interface SchedulerView {
  /** Number of threads of the program. */
  readonly threads: number;
  /** Threads that can take a step, ascending; the first `count` entries count. */
  readonly enabled: Int32Array;
  readonly count: number;
  /** The thread that took the last step, or -1 at the start. */
  readonly current: number;
  /** The pending step of each thread: kind, view, index, site. */
  readonly pending: readonly Step[];
  /** Steps taken so far in this execution. */
  readonly steps: number;
  /** Hash of the steps so far. */
  readonly fingerprint: number;
  isEnabled(thread: number): boolean;
  /** The buffer of a thread's pending step, numbered as in `ExecutedStep`; -1 where the step touches no cell. */
  bufferOf(thread: number): number;
  /** The byte offset of that cell. Only where there is a buffer. */
  offsetOf(thread: number): number;
  /** How often a thread has looked at the clock in this execution. */
  looksOf(thread: number): number;
  /** What the base order would choose here: the current thread while it can go on, else the lowest that can. */
  baseChoice(): number;
}

export interface Strategy {
  readonly name: string;
  /** Begins execution number `execution` (0, 1, ...). False: nothing is left to explore. */
  begin(execution: number, threads: number): boolean;
  /** A thread among the enabled ones. Asked only where there are at least two. */
  choose(view: SchedulerView): number;
  /**
   * How many of the next choices are the current thread, whatever its steps are, as long as it can go on and the same others can. So many steps a
   * worker takes without asking. Default 0: `choose` must see every step first.
   */
  ahead?(view: SchedulerView): number;
  /** A whole number in [0, bound). */
  draw(bound: number): number;
  /**
   * Told every step once it was performed, also those that were no choice. Asked for before each execution; one that is not observed
   * costs nothing.
   */
  readonly observe?: ((step: ExecutedStep) => void) | undefined;
  /**
   * From where on the threads take turns in place of its choices; with `until`, the execution ends after as many steps in all, whatever its budget.
   * Asked for before each execution.
   */
  readonly turns?: (Turns & { readonly until?: number }) | undefined;
  /** Told after each execution: its steps, and whether its behaviour was new (false where nobody counts them). */
  ended?(steps: number, isNew: boolean): void;
  /** Of a strategy that searches systematically: where it stands. */
  search?(): SearchState;
  /** What the strategy guarantees, for the summary: undefined where nothing can be said. */
  guarantee?(executions: number): string | undefined;
}

/** Where a systematic search stands. */
export interface SearchState {
  /** Most preemptions of the schedules that are searched; null: no bound. */
  readonly bound: number | null;
  /** What keeps the search from being complete even when nothing is left. */
  readonly limits: readonly string[];
  /** An estimate of how much is done, 0 to 1. */
  readonly share: number;
  /** Executions cut short because a loop waits by looking. */
  readonly cut: number;
  /** Executions that repeated what was known. */
  readonly redundant: number;
}
