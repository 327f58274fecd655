/** The door to time for everything that waits by events: a test puts a clock of its own in its place. */

export interface Clock {
  /** Milliseconds since the epoch; the same in all threads of the process, to some microseconds. */
  now(): number;
  /**
   * Calls `run` once, after so many milliseconds; never when they are Infinity. What it returns takes that back.
   * @param background true when waiting for this alone must not keep the process alive
   */
  after(ms: number, run: () => void, background?: boolean): () => void;
}

/** Longest delay of a timer in Node; more fires at once. */
const MAXIMUM_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(ms, run, background = false) {
    if (ms > MAXIMUM_DELAY_MS) return () => {};
    const timer = setTimeout(run, ms);
    if (background) timer.unref?.();
    return () => clearTimeout(timer);
  },
};
