import { ThreadPool } from 'threadproof/runtime';
import { afterAll, expect, test } from 'vitest';
import { within } from '../../src/runtime/channel/fixtures/start.ts';
import { inTurns, onPool, optimise, tasks } from './swarm.ts';

const pool = new ThreadPool({ module: tasks, minThreads: 4 });
afterAll(() => pool.terminate());

const swarm = { particles: 10, iterations: 5, dimensions: 4, seed: 7 };

test('D-4: 10 particles of 5 iterations on 4 workers find what one thread finds, to the last bit', async () => {
  const alone = await optimise(swarm, inTurns);
  expect(await within(30_000, optimise(swarm, onPool(pool)))).toEqual(alone);
  expect(pool.metrics()).toMatchObject({ submitted: 50, completed: 50, failed: 0, pending: 0, threads: 4 });
  expect(pool.workers().reduce((sum, { tasks }) => sum + tasks, 0)).toBe(50);
});

test('D-4: another seed finds another place, and more iterations a better one', async () => {
  const alone = await optimise(swarm, inTurns);
  expect((await optimise({ ...swarm, seed: 8 }, inTurns)).best).not.toEqual(alone.best);
  const longer = await optimise({ ...swarm, iterations: 500 }, inTurns);
  expect(longer.bestValue).toBeLessThan(alone.bestValue / 100);
});
