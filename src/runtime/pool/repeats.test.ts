/** Tasks that run again when their worker dies in them, on real workers. The protocol is proven by pool-accounting. */
import { setEnvironmentData } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { checkCounts } from '../../../models/pool.ts';
import { endPoolsAfterEach, errorOf, poolOf, within } from './fixtures/pools.ts';

endPoolsAfterEach();

it('W-14: a repeatable task runs again when its worker dies in it, as often as may be; its parts are told once', async () => {
  const lives = new Int32Array(new SharedArrayBuffer(4));
  setEnvironmentData('lives', lives);
  const pool = poolOf({ mostRepeats: 2 });
  const parts: unknown[] = [];
  const options = { repeatable: true, onPart: (part: unknown) => parts.push(part) };
  // Arguments in shared memory, which a run may overwrite, and by message.
  lives[0] = 2;
  expect(await within(pool.run('exitsWhileAlive', [7, 'x'], options))).toEqual([7, 'x']);
  expect(parts).toEqual(['early', 'late']);
  lives[0] = 1;
  expect(await within(pool.run('exitsWhileAlive', [{ n: 7 }], { repeatable: true }))).toEqual([{ n: 7 }]);
  expect(pool.metrics()).toMatchObject({ completed: 2, failed: 0, crashed: 0, repeated: 3, deaths: 3 });
  lives[0] = 100;
  expect(await errorOf(pool.run('exitsWhileAlive', [], { repeatable: true }))).toMatchObject({
    name: 'WorkerDiedError',
    exitCode: 3,
    message: expect.stringContaining('after 2 others had died in it'),
  });
  // What does not say so runs once.
  const death = (await errorOf(pool.run('exitsWhileAlive'))) as Error;
  expect(death.message).not.toContain('others');
  const metrics = pool.metrics();
  expect(metrics).toMatchObject({
    submitted: 4,
    completed: 2,
    failed: 2,
    crashed: 2,
    repeated: 5,
    deaths: 7,
  });
  expect(checkCounts(metrics)).toBeUndefined();
  expect(
    await errorOf(pool.run('length', [new ArrayBuffer(1)], { repeatable: true, transfer: [] })),
  ).toMatchObject({
    name: 'TypeError',
    message: expect.stringContaining('cannot move its arguments'),
  });
});
