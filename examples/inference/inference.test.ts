import type { ManagedWorker } from 'threadproof/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorker } from '../start.ts';
import { Provider } from './provider.ts';

const file = new URL('./worker.ts', import.meta.url);
const timeoutMs = 20_000;
let provider: Provider;
let worker: ManagedWorker;

beforeAll(async () => {
  provider = await Provider.start();
  worker = await startWorker(file, { host: provider.host });
});
afterAll(async () => {
  await worker.shutdown();
  await provider.stop();
});

test('C-6: completes, word by word', async () => {
  const said: unknown[] = [];
  const onPart = (text: unknown): void => void said.push(text);
  expect(await worker.request('complete', 'hello', { timeoutMs, onPart })).toBe('echo of hello');
  expect(said.slice(0, 3)).toEqual(['echo', 'echo of', 'echo of hello']);
});

test('C-6: one request at a time, each with its own answer', async () => {
  const prompts = Array.from({ length: 10 }, (_, i) => `prompt ${i}`);
  const answers = await Promise.all(
    prompts.map((prompt) => worker.request('complete', prompt, { timeoutMs })),
  );
  expect(answers).toEqual(prompts.map((prompt) => `echo of ${prompt}`));
  expect(provider.most).toBe(1);
});

test('C-6: a provider that is slow costs its request alone', async () => {
  const slow = worker.request('complete', 'slow: now', { timeoutMs: 100 });
  const next = worker.request('complete', 'next', { timeoutMs });
  await expect(slow).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(await next).toBe('echo of next');
});

test('C-6: a provider that answers nonsense, or refuses, is an error with a code', async () => {
  await expect(worker.request('complete', 'malformed: x', { timeoutMs })).rejects.toMatchObject({
    name: 'ProviderError',
    code: 'MALFORMED',
  });
  await expect(worker.request('complete', 'refused: x', { timeoutMs })).rejects.toMatchObject({
    code: 'REFUSED',
    message: expect.stringContaining('model not found'),
  });
  expect(await worker.request('complete', 'after', { timeoutMs })).toBe('echo of after');
});

test('C-6: a provider that is down is an error with a code; its worker lives on', async () => {
  const gone = await Provider.start();
  const { host } = gone;
  const orphan = await startWorker(file, { host });
  await gone.stop();
  await expect(orphan.request('complete', 'anybody?', { timeoutMs })).rejects.toMatchObject({
    name: 'ProviderError',
    code: 'DOWN',
    message: `no provider at ${host}: start it, or give another host`,
  });
  expect(await orphan.ping(timeoutMs)).toBeGreaterThan(0);
  await orphan.shutdown();
});
