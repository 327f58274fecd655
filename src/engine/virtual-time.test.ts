import { expect, test } from 'vitest';
import { VirtualTime } from './virtual-time.ts';

test('a look takes a microsecond of the thread that looks, and check is later than all', () => {
  const time = new VirtualTime(2);
  expect([time.now(0), time.now(0), time.now(1)]).toEqual([0.001, 0.002, 0.001]);
  time.clock = 5;
  expect(time.now(1)).toBe(5.002);
  expect(time.now(0)).toBe(5.003);
  time.settle();
  expect(time.now(2)).toBe(5.004);
  time.reset();
  expect(time.now(0)).toBe(0.001);
});

test('an execution that looked or drew leaves nothing to the next, and one that did not ends at the beginning of time', () => {
  const time = new VirtualTime(1);
  time.settle();
  expect(time.now(1)).toBe(0.001);
  time.reset();
  const drawn = [time.draw(0), time.draw(0)];
  time.reset();
  expect([time.draw(0), time.draw(0)]).toEqual(drawn);
  expect(time.now(0)).toBe(0.001);
});

test('what a thread draws does not depend on what others draw, and comes again', () => {
  const drawn = (order: readonly number[]): number[][] => {
    const time = new VirtualTime(2);
    time.draw(0);
    time.reset();
    const streams: number[][] = [[], []];
    for (const thread of order) streams[thread]!.push(time.draw(thread));
    return streams;
  };
  expect(drawn([0, 0, 1, 1])).toEqual(drawn([1, 0, 1, 0]));
  const [first, second] = drawn([0, 0, 1, 1]);
  expect(new Set([...first!, ...second!]).size).toBe(4);
  expect([...first!, ...second!].every((x) => x >= 0 && x < 1)).toBe(true);
});
