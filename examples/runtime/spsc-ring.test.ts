import { codecs, SharedMemory, SpscRing } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('readings go from a sensor thread to a display thread', () => {
  const memory = SharedMemory.create({ initialBytes: 65_536 });
  const cells = SpscRing.cells(256, codecs.float64);
  const sensor = SpscRing.create(memory.int32(0, cells), 0, 256, codecs.float64);
  const display = SpscRing.attach(sensor.handle, codecs.float64); // in the other thread

  sensor.put(20.5);
  sensor.put(21);
  expect([display.take(), display.take(), display.tryTake()]).toEqual([20.5, 21, undefined]);
});
