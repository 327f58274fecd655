import { describe, expect, it } from 'vitest';
import { BoundsError } from '../errors.ts';
import { AtomicInt32 } from './atomic-int32.ts';

const MAXIMUM = 2 ** 31 - 1;
const MINIMUM = -(2 ** 31);
const cells = () => new Int32Array(new SharedArrayBuffer(16));

describe('W-3 AtomicInt32', () => {
  it('each operation returns the old value and leaves the new one', () => {
    const cell = AtomicInt32.create(cells(), 1, 0b1100);
    expect([cell.add(3), cell.load()]).toEqual([12, 15]);
    expect([cell.sub(5), cell.load()]).toEqual([15, 10]);
    expect([cell.and(0b0110), cell.load()]).toEqual([10, 2]);
    expect([cell.or(0b1001), cell.load()]).toEqual([2, 11]);
    expect([cell.xor(0b1111), cell.load()]).toEqual([11, 4]);
    expect([cell.exchange(9), cell.load()]).toEqual([4, 9]);
    expect([cell.compareExchange(8, 1), cell.load()]).toEqual([9, 9]);
    expect([cell.compareExchange(9, 1), cell.load()]).toEqual([9, 1]);
  });

  it('wraps as two’s complement; store returns what the cell holds', () => {
    const cell = AtomicInt32.create(cells(), 0, MAXIMUM);
    expect([cell.add(1), cell.load()]).toEqual([MAXIMUM, MINIMUM]);
    expect([cell.sub(1), cell.load()]).toEqual([MINIMUM, MAXIMUM]);
    expect([cell.store(2 ** 31), cell.load()]).toEqual([MINIMUM, MINIMUM]);
    expect([cell.store(2 ** 33 + 7.9), cell.load()]).toEqual([7, 7]);
    expect(cell.compareExchange(2 ** 32 + 7, 1)).toBe(7);
    expect(cell.load()).toBe(1);
    expect(AtomicInt32.create(cells(), 0, 2 ** 32 - 1).load()).toBe(-1);
  });

  it('W-17: create writes, attach does not; neighbours stay', () => {
    const view = cells().fill(5);
    const attached = AtomicInt32.attach(view, 2);
    expect(attached.load()).toBe(5);
    const created = AtomicInt32.create(view, 2);
    expect(attached.load()).toBe(0);
    created.store(8);
    expect(attached.load()).toBe(8);
    expect([...view]).toEqual([5, 5, 8, 5]);
  });

  it('wait: not-equal at once, timed-out after the limit', () => {
    const cell = AtomicInt32.create(cells(), 0, 3);
    expect(cell.wait(4)).toBe('not-equal');
    expect(cell.wait(3, 1)).toBe('timed-out');
    expect(cell.wait(3, 0)).toBe('timed-out');
    expect(() => cell.wait(3, -1)).toThrow('got -1: pass Infinity');
  });

  it('waitAsync and notify: first in, first out', async () => {
    const cell = AtomicInt32.create(cells(), 0, 3);
    expect(await cell.waitAsync(4)).toBe('not-equal');
    expect(await cell.waitAsync(3, 0)).toBe('timed-out');
    const order: string[] = [];
    const first = cell.waitAsync(3).then((result) => order.push(`first ${result}`));
    const second = cell.waitAsync(3, 10_000).then((result) => order.push(`second ${result}`));
    expect(cell.notify(0)).toBe(0);
    expect(cell.notify(1)).toBe(1);
    await first;
    expect(order).toEqual(['first ok']);
    expect(cell.notify()).toBe(1);
    await second;
    expect(order).toEqual(['first ok', 'second ok']);
    await expect(cell.waitAsync(3, NaN)).rejects.toThrow('got NaN: pass Infinity');
  });

  it('refuses wrong arguments', () => {
    expect(() => AtomicInt32.create(cells(), 4)).toThrow(
      new BoundsError(
        'an AtomicInt32 takes a cell from index 4, but the view has 4: pass an integer index from 0 to 3',
      ),
    );
    expect(() => AtomicInt32.attach(cells(), 0.5)).toThrow('from index 0.5');
    expect(() => AtomicInt32.create(cells(), 0, 0.5)).toThrow(
      new TypeError('an AtomicInt32 starts from an integer, got 0.5: round it first'),
    );
    const plain = new Int32Array(1) as unknown as Int32Array<SharedArrayBuffer>;
    expect(() => AtomicInt32.attach(plain, 0)).toThrow('an AtomicInt32 needs memory that threads share');
    for (const count of [-1, NaN]) {
      expect(() => AtomicInt32.create(cells(), 0).notify(count)).toThrow(
        new RangeError(`the number of threads to wake is 0 or more, got ${count}: pass nothing to wake all`),
      );
    }
  });
});
