import { ThreadPool } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('four numbers are squared on two threads', async () => {
  const pool = new ThreadPool({ module: new URL('./tasks/square.mjs', import.meta.url), minThreads: 2 });

  expect(await pool.map([1, 2, 3, 4], 'square')).toEqual([1, 4, 9, 16]);
  await expect(pool.run('square', ['x'])).rejects.toMatchObject({ name: 'RangeError', code: 'E_NUMBER' });

  const { submitted, completed, failed, pending } = pool.metrics();
  expect({ submitted, completed, failed, pending }).toEqual({
    submitted: 5,
    completed: 4,
    failed: 1,
    pending: 0,
  });
  await pool.close();
});

test('a quick answer first, and better ones', async () => {
  await using pool = new ThreadPool({
    module: new URL('./tasks/estimate.mjs', import.meta.url),
    minThreads: 1,
    worker: { execArgv: ['--conditions=threadproof-source'] }, // in this repository: no build is needed
  });
  const estimates: unknown[] = [];
  // In the module: currentTask().part(value), and the last one is returned.
  for await (const estimate of pool.stream('pi', [100_000])) estimates.push(Number(estimate).toFixed(3));
  expect(estimates).toEqual(['3.042', '3.141', '3.142']);
});
