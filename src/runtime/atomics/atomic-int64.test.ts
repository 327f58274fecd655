import { describe, expect, it } from 'vitest';
import { BoundsError } from '../errors.ts';
import { AtomicInt64 } from './atomic-int64.ts';

const MAXIMUM = 2n ** 63n - 1n;
const MINIMUM = -(2n ** 63n);
const cells = () => new BigInt64Array(new SharedArrayBuffer(32));

describe('W-3 AtomicInt64', () => {
  it('each operation returns the old value and leaves the new one', () => {
    const cell = AtomicInt64.create(cells(), 1, 0b1100n);
    expect([cell.add(3n), cell.load()]).toEqual([12n, 15n]);
    expect([cell.sub(5n), cell.load()]).toEqual([15n, 10n]);
    expect([cell.and(0b0110n), cell.load()]).toEqual([10n, 2n]);
    expect([cell.or(0b1001n), cell.load()]).toEqual([2n, 11n]);
    expect([cell.xor(0b1111n), cell.load()]).toEqual([11n, 4n]);
    expect([cell.exchange(9n), cell.load()]).toEqual([4n, 9n]);
    expect([cell.compareExchange(8n, 1n), cell.load()]).toEqual([9n, 9n]);
    expect([cell.compareExchange(9n, 1n), cell.load()]).toEqual([9n, 1n]);
  });

  it('wraps as two’s complement; store returns what the cell holds', () => {
    const cell = AtomicInt64.create(cells(), 0, MAXIMUM);
    expect([cell.add(1n), cell.load()]).toEqual([MAXIMUM, MINIMUM]);
    expect([cell.sub(1n), cell.load()]).toEqual([MINIMUM, MAXIMUM]);
    expect([cell.store(2n ** 63n), cell.load()]).toEqual([MINIMUM, MINIMUM]);
    expect([cell.store(2n ** 65n + 7n), cell.load()]).toEqual([7n, 7n]);
    expect(cell.compareExchange(2n ** 64n + 7n, 1n)).toBe(7n);
    expect(cell.load()).toBe(1n);
    expect(AtomicInt64.create(cells(), 0, 2n ** 64n - 1n).load()).toBe(-1n);
  });

  it('W-17: create writes, attach does not; neighbours stay', () => {
    const view = cells().fill(5n);
    const attached = AtomicInt64.attach(view, 2);
    expect(attached.load()).toBe(5n);
    const created = AtomicInt64.create(view, 2);
    expect(attached.load()).toBe(0n);
    created.store(8n);
    expect(attached.load()).toBe(8n);
    expect([...view]).toEqual([5n, 5n, 8n, 5n]);
  });

  it('wait: not-equal at once, timed-out after the limit', () => {
    const cell = AtomicInt64.create(cells(), 0, 3n);
    expect(cell.wait(4n)).toBe('not-equal');
    expect(cell.wait(3n, 1)).toBe('timed-out');
    expect(cell.wait(3n, 0)).toBe('timed-out');
    expect(() => cell.wait(3n, -1)).toThrow('got -1: pass Infinity');
  });

  it('waitAsync and notify: first in, first out', async () => {
    const cell = AtomicInt64.create(cells(), 0, 3n);
    expect(await cell.waitAsync(4n)).toBe('not-equal');
    expect(await cell.waitAsync(3n, 0)).toBe('timed-out');
    const order: string[] = [];
    const first = cell.waitAsync(3n).then((result) => order.push(`first ${result}`));
    const second = cell.waitAsync(3n, 10_000).then((result) => order.push(`second ${result}`));
    expect(cell.notify(0)).toBe(0);
    expect(cell.notify(1)).toBe(1);
    await first;
    expect(order).toEqual(['first ok']);
    expect(cell.notify()).toBe(1);
    await second;
    expect(order).toEqual(['first ok', 'second ok']);
    await expect(cell.waitAsync(3n, NaN)).rejects.toThrow('got NaN: pass Infinity');
  });

  it('refuses wrong arguments', () => {
    expect(() => AtomicInt64.create(cells(), 4)).toThrow(
      new BoundsError(
        'an AtomicInt64 takes a cell from index 4, but the view has 4: pass an integer index from 0 to 3',
      ),
    );
    expect(() => AtomicInt64.attach(cells(), 0.5)).toThrow('from index 0.5');
    expect(() => AtomicInt64.create(cells(), 0, 1 as unknown as bigint)).toThrow(
      new TypeError('an AtomicInt64 starts from a bigint, got 1: write 0n for 0'),
    );
    const plain = new BigInt64Array(1) as unknown as BigInt64Array<SharedArrayBuffer>;
    expect(() => AtomicInt64.attach(plain, 0)).toThrow('an AtomicInt64 needs memory that threads share');
    for (const count of [-1, NaN]) {
      expect(() => AtomicInt64.create(cells(), 0).notify(count)).toThrow(
        new RangeError(`the number of threads to wake is 0 or more, got ${count}: pass nothing to wake all`),
      );
    }
  });
});
