/**
 * A pool whose caller gives up alone.
 *
 * Fault P22: an aborted task is rejected, and runs on as if nothing had happened.
 *
 * Odds: see properties/broken.ts
 */
import type { PoolTask, RunOptions } from '../../src/runtime/pool/pool-types.ts';
import { ThreadPool } from '../../src/runtime/pool/thread-pool.ts';

export class DeafPool extends ThreadPool {
  override run<Result = unknown>(
    task: PoolTask,
    args: readonly unknown[] = [],
    { signal, ...options }: RunOptions = {},
  ): Promise<Result> {
    // FAULT P22: let the pool know the signal.
    const result = super.run<Result>(task, args, options);
    if (signal === undefined) return result;
    return new Promise((resolve, reject) => {
      result.then(resolve, reject);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }
}
