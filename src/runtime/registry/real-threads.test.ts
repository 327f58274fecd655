import { afterAll, expect, it } from 'vitest';
import { within } from '../channel/fixtures/start.ts';
import { codecs } from '../codec.ts';
import { Crew } from '../fixtures/crew.ts';
import { SharedRegistry, type SharedRegistryHandle } from './shared-registry.ts';

const crew = new Crew();
afterAll(() => crew[Symbol.asyncDispose]());

/** Runs `body` (JavaScript; sees `registry`, `index`) in so many threads, which begin together; a watchdog outside ends the wait. */
function inThreads(count: number, body: string, handle: SharedRegistryHandle): Promise<unknown[]> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const code = `
    const { handle, gate, count } = data;
    const { struct, int32 } = runtime.codecs;
    const registry = runtime.SharedRegistry.attach(handle, struct({ value: int32, complement: int32 }));
    if (Atomics.add(gate, 0, 1) + 1 === count) Atomics.notify(gate, 0);
    for (let here; (here = Atomics.load(gate, 0)) < count; ) Atomics.wait(gate, 0, here);
    ${body}`;
  return within(20_000, crew.run(count, code, { handle, gate, count }));
}

const codec = codecs.struct<{ value: number; complement: number }>({
  value: codecs.int32,
  complement: codecs.int32,
});

function create(keys: number, writers: number): SharedRegistry<{ value: number; complement: number }> {
  const view = new Int32Array(new SharedArrayBuffer(4 * SharedRegistry.cells({ keys, writers }, codec)));
  return SharedRegistry.create(view, 0, { keys, writers }, codec);
}

it('D-6: 1,000 reads by 4 workers at once: every one right, every one counted', async () => {
  const registry = create(10, 1);
  for (let key = 0; key < 10; key += 1) registry.set(key, { value: 7 * key, complement: ~(7 * key) });
  const right = await inThreads(
    4,
    `let right = 0;
     for (let i = 0; i < 250; i += 1) {
       const key = (i + index) % 10;
       const { value, complement } = registry.get(key);
       if (value === 7 * key && complement === ~value) right += 1;
     }
     return right;`,
    registry.handle,
  );
  expect(right).toEqual([250, 250, 250, 250]);
  expect(Array.from({ length: 10 }, (_, key) => registry.accesses(key))).toEqual(new Array(10).fill(100));
  expect(registry.version()).toBe(10);
});

it('D-7: 450 reads and 50 writes by 5 workers: no committed write lost, every read whole', async () => {
  const registry = create(6, 6);
  registry.change((draft) => {
    for (let key = 0; key < 6; key += 1) draft.set(key, { value: 100, complement: ~100 });
  });
  // Each write takes 1 from key 0 and gives it to the worker's own: the sum of a whole snapshot is always 600.
  const versions = await inThreads(
    5,
    `const versions = [];
     for (let i = 0; i < 100; i += 1) {
       if (i % 10 === 9) {
         registry.change((draft) => {
           const move = (key, by) => {
             const value = draft.get(key).value + by;
             draft.set(key, { value, complement: ~value });
           };
           move(0, -1);
           move(index + 1, 1);
         });
         continue;
       }
       if (i % 2 === 0) {
         const { value, complement } = registry.get(i % 6);
         if (complement !== ~value) throw new Error('torn record');
       } else {
         const { version, records } = registry.snapshot();
         if (records.reduce((sum, { value }) => sum + value, 0) !== 600) throw new Error('torn snapshot');
         if (records[0].value !== 100 - (version - 1)) throw new Error('a snapshot of several versions');
         versions.push(version);
       }
     }
     return versions;`,
    registry.handle,
  );
  for (const seen of versions as number[][]) expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  const { version, records } = registry.snapshot();
  expect(version).toBe(51);
  expect(records.map((record) => record?.value)).toEqual([50, 110, 110, 110, 110, 110]);
  const reads = Array.from({ length: 6 }, (_, key) => registry.accesses(key)).reduce((a, b) => a + b, 0);
  expect(reads).toBe(5 * 50);
});
