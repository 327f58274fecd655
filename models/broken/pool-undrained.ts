/**
 * A pool that closes without waiting for what it has taken.
 *
 * Fault P21: tasks that wait for room are refused, although they came before.
 *
 * Odds: see properties/broken.ts
 */
import { ThreadPool } from '../../src/runtime/pool/thread-pool.ts';

export class UndrainedPool extends ThreadPool {
  override drain(): Promise<void> {
    // FAULT P21: what was let in runs whether it closes or not, but there may be tasks outside.
    return Promise.resolve();
  }
}
