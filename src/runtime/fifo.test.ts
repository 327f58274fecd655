import { expect, it } from 'vitest';
import { Fifo } from './fifo.ts';

it('gives back in order what went in, and knows how many are left', () => {
  const fifo = new Fifo<number>();
  let next = 0;
  let last = 0;
  expect([fifo.first, fifo.shift(), fifo.length]).toEqual([undefined, undefined, 0]);
  // Sizes that grow and shrink past where it moves its items.
  for (const [pushes, shifts] of [
    [10, 10],
    [5000, 3000],
    [100, 2100],
    [3000, 2500],
  ] as const) {
    for (let i = 0; i < pushes; i += 1) fifo.push(next++);
    for (let i = 0; i < shifts; i += 1) {
      expect(fifo.first).toBe(last);
      expect(fifo.shift()).toBe(last++);
    }
    expect(fifo.length).toBe(next - last);
  }
  expect(fifo.clear()).toEqual(Array.from({ length: 500 }, (_, i) => last + i));
  expect([fifo.first, fifo.length]).toEqual([undefined, 0]);
});
