import { codecs, SharedMemory, SharedRegistry } from 'threadproof/runtime';
import { expect, test } from 'vitest';

const rate = codecs.struct<{ price: number; updates: number }>({
  price: codecs.float64,
  updates: codecs.int32,
});
const [EUR, GBP] = [0, 1];

test('a table of rates that all threads read and some write', () => {
  const shape = { keys: 2, writers: 4 };
  const memory = SharedMemory.create({ initialBytes: 65_536 });
  const registry = SharedRegistry.create(memory.int32(0, SharedRegistry.cells(shape, rate)), 0, shape, rate);

  registry.set(EUR, { price: 1.08, updates: 0 });
  registry.update(EUR, (present) => ({ price: 1.09, updates: (present?.updates ?? 0) + 1 }));
  registry.change((draft) => {
    draft.set(GBP, { price: 1.27, updates: 0 }); // both, or nothing
    draft.set(EUR, { price: 1.1, updates: 2 });
  });

  // In another thread: const registry = SharedRegistry.attach(handle, rate);
  expect(registry.get(EUR)).toEqual({ price: 1.1, updates: 2 });
  expect(registry.snapshot().version).toBe(3);
  expect(registry.accesses(EUR)).toBe(1);
});
