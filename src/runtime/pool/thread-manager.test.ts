/** Spawned threads, on real ones: W-15. */
import { afterEach, expect, it } from 'vitest';
import { ThreadManager } from './thread-manager.ts';

const module = new URL('./fixtures/tasks.mjs', import.meta.url);
const manager = new ThreadManager({ maxThreads: 3 });

afterEach(() => manager.terminate());

it('W-15: spawn, join, joinAll: results and errors by id, at most so many, ids used again', async () => {
  const [first, second, third] = [
    manager.spawn(module, 'add', [1, 2]),
    manager.spawn(module, 'fails'),
    manager.spawn(module, 'exits', [5]),
  ];
  expect([first, second, third]).toEqual([1, 2, 3]);
  expect(() => manager.spawn(module, 'add')).toThrow('has 3 threads (maxThreads)');
  expect(await manager.join(first)).toBe(3);
  expect(manager.spawn(module, 'same', ['again'])).toBe(1);
  await expect(manager.join(second)).rejects.toMatchObject({ name: 'RangeError', code: 'E_FAILED' });
  const outcomes = await manager.joinAll();
  expect(outcomes.get(1)).toMatchObject({ status: 'fulfilled', value: 'again' });
  expect(outcomes.get(3)).toMatchObject({ reason: { name: 'WorkerDiedError', exitCode: 5 } });
  expect(manager.size).toBe(0);
});

it('W-15: what cannot be started leaves nothing behind; a thread is joined once', async () => {
  expect(() => manager.spawn(module, 'same', [() => 1])).toThrow('could not be cloned');
  expect(manager.size).toBe(0);
  await expect(manager.join(9)).rejects.toThrow('thread 9 cannot be joined: there is none');
  const id = manager.spawn(module, 'missing');
  const joined = manager.join(id);
  await expect(manager.join(id)).rejects.toThrow('joined or detached already');
  await expect(joined).rejects.toThrow('exports no function "missing"');
  expect(() => new ThreadManager({ maxThreads: 0 })).toThrow('from 1 to 1024, got 0');
});

it('W-15: a detached thread gives its id back by itself; terminate ends what runs', async () => {
  const id = manager.spawn(module, 'sleeps', [1]);
  manager.detach(id);
  await expect(manager.join(id)).rejects.toThrow('joined or detached already');
  const end = Date.now() + 10_000;
  while (manager.size > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(manager.size).toBe(0);
  const spinning = manager.join(manager.spawn(module, 'spins')).catch((error: unknown) => error);
  await manager.terminate();
  expect(await spinning).toMatchObject({ name: 'WorkerDiedError' });
});
