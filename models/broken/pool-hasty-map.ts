/**
 * A pool whose map has its results as they come.
 *
 * Fault P23: a task that takes longer changes places with the next.
 *
 * Odds: see properties/broken.ts
 */
import type { PoolTask, RunOptions } from '../../src/runtime/pool/pool-types.ts';
import { ThreadPool } from '../../src/runtime/pool/thread-pool.ts';

export class HastyMapPool extends ThreadPool {
  override async map<Item, Result = unknown>(
    items: Iterable<Item> | AsyncIterable<Item>,
    task: PoolTask,
    options: RunOptions = {},
  ): Promise<Result[]> {
    const results: Result[] = [];
    const going: Promise<unknown>[] = [];
    for await (const item of items) {
      // FAULT P23: each result has its place.
      going.push(this.run<Result>(task, [item], options).then((result) => results.push(result)));
    }
    await Promise.all(going);
    return results;
  }
}
