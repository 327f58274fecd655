import { Worker } from 'node:worker_threads';
import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

it('is a positive integer, and the same each time', async () => {
  const { currentThreadId } = await import('./thread.ts');
  expect(Number.isInteger(currentThreadId())).toBe(true);
  expect(currentThreadId()).toBeGreaterThan(0);
  expect(currentThreadId()).toBe(currentThreadId());
});

it('is 1 where there are no worker threads to ask', async () => {
  vi.stubGlobal('process', { getBuiltinModule: () => undefined });
  expect((await import('./thread.ts')).currentThreadId()).toBe(1);
  vi.resetModules();
  vi.stubGlobal('process', {});
  expect((await import('./thread.ts')).currentThreadId()).toBe(1);
  vi.resetModules();
  vi.stubGlobal('process', undefined);
  expect((await import('./thread.ts')).currentThreadId()).toBe(1);
});

it('is worker.threadId + 1 in a worker', async () => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    import('tsx/esm/api').then(({ register }) => (register(), import(workerData))).then(({ currentThreadId }) => parentPort.postMessage(currentThreadId()));`;
  const worker = new Worker(code, { eval: true, workerData: new URL('./thread.ts', import.meta.url).href });
  const expected = worker.threadId + 1;
  const id = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  await worker.terminate();
  expect(id).toBe(expected);
});
