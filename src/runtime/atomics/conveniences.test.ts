/** AtomicUint32, AtomicFlag, AtomicCounter. */
import { describe, expect, it } from 'vitest';
import { BoundsError, CountOverflowError, CountUnderflowError, NotCreatedError } from '../errors.ts';
import { AtomicCounter } from './atomic-counter.ts';
import { AtomicFlag } from './atomic-flag.ts';
import { AtomicUint32 } from './atomic-uint32.ts';

const cells = () => new Int32Array(new SharedArrayBuffer(16));

describe.each([
  ['an AtomicUint32', AtomicUint32],
  ['an AtomicFlag', AtomicFlag],
  ['an AtomicCounter', AtomicCounter],
] as const)('%s', (name, Atomic) => {
  it('create writes its cell, attach does not', () => {
    const view = cells().fill(9);
    Atomic.attach(view, 1);
    expect([...view]).toEqual([9, 9, 9, 9]);
    Atomic.create(view, 1);
    expect([...view]).toEqual([9, 0, 9, 9]);
  });

  it('refuses cells that are not there', () => {
    for (const make of [Atomic.create, Atomic.attach]) {
      expect(() => make(cells(), 4)).toThrow(
        new BoundsError(
          `${name} takes a cell from index 4, but the view has 4: pass an integer index from 0 to 3`,
        ),
      );
      expect(() => make(new Int32Array(4) as never, 0)).toThrow(TypeError);
    }
  });
});

describe('AtomicUint32', () => {
  it('reads from 0 to 2^32 - 1, and wraps', () => {
    const cell = AtomicUint32.create(cells(), 0, 2 ** 32 - 1);
    expect([cell.load(), cell.add(1), cell.sub(1), cell.and(2 ** 31)]).toEqual([
      2 ** 32 - 1,
      2 ** 32 - 1,
      0,
      2 ** 32 - 1,
    ]);
    expect([cell.or(1), cell.xor(1), cell.exchange(-1)]).toEqual([2 ** 31, 2 ** 31 + 1, 2 ** 31]);
    expect([cell.compareExchange(2 ** 32 - 1, 2 ** 31), cell.load()]).toEqual([2 ** 32 - 1, 2 ** 31]);
    expect([cell.store(2 ** 32 + 5), cell.load(), cell.store(-1)]).toEqual([5, 5, 2 ** 32 - 1]);
  });

  it('waits for what it reads', () => {
    const cell = AtomicUint32.create(cells(), 0, 2 ** 32 - 1);
    expect([cell.wait(2 ** 32 - 1, 1), cell.wait(0), cell.notify(), cell.notify(1)]).toEqual([
      'timed-out',
      'not-equal',
      0,
      0,
    ]);
    expect(() => cell.wait(0, -1)).toThrow(RangeError);
    expect(() => AtomicUint32.create(cells(), 0, 0.5)).toThrow(
      new TypeError('an AtomicUint32 starts from an integer, got 0.5: round it first'),
    );
  });
});

describe('AtomicFlag', () => {
  it('tells who changed it', () => {
    const flag = AtomicFlag.create(cells(), 0);
    expect([flag.isSet(), flag.set(), flag.set(), flag.isSet(), flag.clear(), flag.clear()]).toEqual([
      false,
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  it('waits until it is set', () => {
    const flag = AtomicFlag.create(cells(), 0);
    expect([flag.wait(0), flag.wait(1)]).toEqual([false, false]);
    flag.set();
    expect([flag.wait(), flag.wait(0)]).toEqual([true, true]);
    expect(() => flag.wait(NaN)).toThrow(RangeError);
    expect(() => AtomicFlag.attach(cells().fill(7), 0).wait()).toThrow(
      new NotCreatedError(
        'there is no AtomicFlag at index 0 (found: 7): one thread must call AtomicFlag.create first',
      ),
    );
  });
});

describe('AtomicCounter', () => {
  const most = 2 ** 31 - 1;

  it('returns the new count, and stays in its range', () => {
    const counter = AtomicCounter.create(cells(), 0, 2);
    expect([counter.increment(), counter.increment(3), counter.decrement(), counter.decrement(5)]).toEqual([
      3, 6, 5, 0,
    ]);
    expect(() => counter.decrement()).toThrow(
      new CountUnderflowError('the AtomicCounter at index 0 is at 0: 1 less is below 0'),
    );
    expect(counter.increment(most)).toBe(most);
    expect(() => counter.increment(2)).toThrow(
      new CountOverflowError('the AtomicCounter at index 0 is at 2147483647: 2 more is above 2147483647'),
    );
    expect(counter.value()).toBe(most);
  });

  it.each([[0], [-1], [0.5], [2 ** 31], [NaN]])('does not count by %s', (amount) => {
    const counter = AtomicCounter.create(cells(), 0, 2);
    const error = new RangeError(`an AtomicCounter counts by an integer from 1 to 2147483647, got ${amount}`);
    expect(() => counter.increment(amount)).toThrow(error);
    expect(() => counter.decrement(amount)).toThrow(error);
    if (amount !== 0)
      expect(() => AtomicCounter.create(cells(), 0, amount)).toThrow(
        new RangeError(`an AtomicCounter starts from an integer from 0 to 2147483647, got ${amount}`),
      );
  });
});
