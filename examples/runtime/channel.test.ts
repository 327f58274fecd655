import { ManagedWorker } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('a worker answers, quickly first, and ends', async () => {
  const worker = await ManagedWorker.start({
    module: new URL('../worker.mjs', import.meta.url), // in production: the built module itself
    worker: {
      workerData: { load: new URL('./channel-worker.ts', import.meta.url).href },
      execArgv: ['--conditions=threadproof-source'],
    },
    startLimitMs: 20_000,
  });
  expect(await worker.ping(10_000)).toBeGreaterThan(0); // milliseconds
  expect(await worker.request('square', 12, { timeoutMs: 10_000 })).toBe(144);

  const estimates: unknown[] = [];
  for await (const estimate of worker.stream('estimate', 50_000)) estimates.push(estimate);
  expect(estimates).toHaveLength(2);
  expect(estimates[1]).toBeCloseTo(Math.PI, 1);

  expect(await worker.shutdown()).toEqual({ reason: 'shut down', exitCode: 0 });
  expect(worker.stats()).toMatchObject({ opened: 3, answered: 3, late: 0, duplicate: 0, unknown: 0 });
});
