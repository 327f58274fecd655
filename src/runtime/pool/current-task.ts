/** What a task can ask about itself while it runs, and what it can return beside plain values. */

/** The task that this thread is in. */
export interface CurrentTask {
  /** Unique in its pool; grows. */
  readonly id: number;
  /** True once the task was cancelled or its time is over: it should end soon, or its worker is replaced. One atomic load. */
  readonly cancelled: boolean;
  /** Anything, for all tasks of this worker: made by the first, gone with the worker. */
  readonly workerState: Map<string, unknown>;
  /**
   * Sends a preliminary result: a quick one before a deep one, or one of many. As a result it is copied, or `transfer` moves its parts. Does nothing once the
   * task has ended.
   *
   * @throws DataCloneError when it cannot be sent
   */
  part(value: unknown): void;
  /**
   * Runs what waits for another thread (a lock, a latch, an `Atomics.wait`), and has the pool know: tasks that were dealt to this
   * worker go to others meanwhile, and when all workers wait and tasks are queued, the pool says so (DeadlockError). A wait that is a promise
   * counts until it has settled.
   */
  blocking<T>(wait: () => T): T;
}

// On the global object: the pool's worker and the caller's module may have two copies of this module.
const key = Symbol.for('thread-pool.current-task');

/** The task that this thread is in; undefined outside of one, and after the first `await` of one when others run beside it. */
export function currentTask(): CurrentTask | undefined {
  return (globalThis as Record<symbol, unknown>)[key] as CurrentTask | undefined;
}

export function setCurrentTask(task: CurrentTask | undefined): void {
  (globalThis as Record<symbol, unknown>)[key] = task;
}

const transferKey: unique symbol = Symbol.for('thread-pool.transfer');

/** A result whose parts move to the caller instead of being copied. */
export interface Transferred<T> {
  readonly [transferKey]: readonly object[];
  readonly value: T;
}

/** To be returned by a task: `value`, whose `list` of buffers and ports moves to the caller instead of being copied. */
export function transfer<T>(value: T, list: readonly object[]): T {
  return { [transferKey]: list, value } as Transferred<T> as unknown as T;
}

/** The value and what of it moves. */
export function untransfer(result: unknown): { readonly value: unknown; readonly list: readonly object[] } {
  if (typeof result === 'object' && result !== null && transferKey in result) {
    const { value, [transferKey]: list } = result as Transferred<unknown>;
    return { value, list };
  }
  return { value: result, list: [] };
}
