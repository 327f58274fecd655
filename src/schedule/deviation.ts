/** Where a schedule leaves the base order (the current thread until it blocks or ends, then the lowest that can go on). */

/** A deviation from the base order: at step `at` the thread `thread` was chosen instead. */
export interface Deviation {
  readonly at: number;
  readonly thread: number;
  /** Ten bits of the fingerprint of the steps before it. */
  readonly check: number;
}
