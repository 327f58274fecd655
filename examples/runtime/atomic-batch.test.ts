import { AtomicBatch, Mutex, SharedMemory } from 'threadproof/runtime';
import { expect, test } from 'vitest';

const cells = () => SharedMemory.create({ initialBytes: 65_536 }).int32(0, 16);

test('many operations in one call', () => {
  const batch = AtomicBatch.create(cells());
  const before = batch.add(0, 5);
  const swapped = batch.compareExchange(0, 5, 7);
  batch.execute();
  expect([batch.result(before), batch.result(swapped)]).toEqual([0, 5]);
});

test('a batch is not atomic as a whole: a lock makes it so', () => {
  const view = cells();
  const mutex = Mutex.create(view, 2);
  const batch = AtomicBatch.create(view);
  batch.sub(0, 10);
  batch.add(1, 10);
  using _held = mutex.guard();
  batch.execute();
  expect([view[0], view[1]]).toEqual([-10, 10]);
});

declare const WebAssembly: {
  readonly Memory: new (shape: {
    initial: number;
    maximum: number;
    shared: true;
  }) => {
    readonly buffer: SharedArrayBuffer;
  };
};

test('in WebAssembly, where the cells are in its memory', () => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  const view = new Int32Array(memory.buffer, 0, 16);
  const records = 65_536; // 16 bytes an operation, used by this batch alone
  const batch = AtomicBatch.create(view, { capacity: 100, kernel: { memory, offset: records } });
  for (let i = 0; i < 100; i += 1) batch.add(i % 16, 1);
  expect([batch.execute(), batch.result(99), view[0]]).toEqual([100, 6, 7]);
});
