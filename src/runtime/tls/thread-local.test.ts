import { describe, expect, it } from 'vitest';
import { codecs } from '../codec.ts';
import { AlignmentError, BoundsError, NotCreatedError, OutOfMemoryError, RoleTakenError } from '../errors.ts';
import { ThreadLocal } from './thread-local.ts';
import { ThreadStorage } from './thread-storage.ts';

const cells = (count = 8192) => new Int32Array(new SharedArrayBuffer(count * 4));

/** A storage, and a handle on it for each of two threads that have claimed an id. */
function two(options: { threads?: number; bytesPerThread?: number } = {}) {
  const storage = ThreadStorage.create(cells(), 0, options);
  const [first, second] = [
    ThreadStorage.attach(storage.handle),
    ThreadStorage.attach(structuredClone(storage.handle)),
  ];
  first.claim();
  // A clone shares the buffer.
  second.claim();
  return { storage, first, second };
}

describe('W-12 ThreadStorage', () => {
  it('has 16 threads of 1 KiB by default, each on lines of its own', () => {
    const view = cells().fill(-7);
    const storage = ThreadStorage.create(view, 16);
    expect(storage.handle).toEqual({ view, index: 16, threads: 16, bytesPerThread: 1024 });
    const size = ThreadStorage.cells();
    expect(size).toBe(16 + 16 + 16 * 256);
    expect(view.subarray(0, 16).every((cell) => cell === -7)).toBe(true);
    expect(view.subarray(16 + size).every((cell) => cell === -7)).toBe(true);
    const rows = Array.from({ length: 16 }, () => {
      const thread = ThreadStorage.attach(storage.handle);
      thread.claim();
      return thread.row();
    });
    expect(rows).toEqual(rows.map((_, thread) => 48 + 256 * thread));
    expect(ThreadStorage.cells({ threads: 17, bytesPerThread: 65 })).toBe(16 + 32 + 17 * 32);
  });

  it('gives each id to one thread at a time', () => {
    const { storage, first, second } = two({ threads: 2 });
    expect([storage.thread, first.thread, second.thread]).toEqual([-1, 0, 1]);
    expect(() => storage.claim()).toThrow(
      new RoleTakenError('all 2 thread ids are in use: release one, or create the storage for more threads'),
    );
    expect(() => storage.claim(1)).toThrow(
      new RoleTakenError(
        'thread id 1 is in use: its thread must release it, or somebody forget it after its death',
      ),
    );
    expect(() => first.claim()).toThrow(
      new RoleTakenError('this handle has thread id 0 already: release it before another is claimed'),
    );
    first.release();
    first.release();
    expect([first.thread, storage.claim(0), storage.thread]).toEqual([-1, 0, 0]);
    expect([storage.forget(1), storage.forget(1)]).toEqual([true, false]);
    expect(first.claim()).toBe(1);
  });

  it('an id that was claimed for another thread is that one’s until it is forgotten', () => {
    const { storage, first } = two({ threads: 3 });
    const lender = ThreadStorage.attach(storage.handle);
    expect([lender.tryClaim(), ThreadStorage.attach(storage.handle).tryClaim()]).toEqual([2, -1]);
    const local = ThreadLocal.create(storage, codecs.int32);
    const borrower = ThreadStorage.attach(storage.handle);
    expect(borrower.adopt(2)).toBe(2);
    ThreadLocal.attach(borrower, local.key, codecs.int32).set(5);
    borrower.release();
    borrower.release();
    expect(storage.tryClaim()).toBe(-1);
    expect(borrower.adopt(2)).toBe(2);
    expect(ThreadLocal.attach(borrower, local.key, codecs.int32).get()).toBeUndefined();
    expect(lender.forget(2)).toBe(true);
    first.release();
    expect(first.claim(0)).toBe(0);
    expect(() => first.tryClaim()).toThrow('has thread id 0 already');
  });

  it('looks again when an id came back while it looked', () => {
    const { storage, first, second } = two({ threads: 2 });
    const { compareExchange } = Atomics;
    let tries = 0;
    Atomics.compareExchange = ((...parameters: Parameters<typeof compareExchange>) => {
      tries += 1;
      // After id 0 was seen in use, and before id 1 is looked at.
      if (tries === 2) first.release();
      return compareExchange(...parameters);
    }) as typeof compareExchange;
    try {
      expect(storage.claim()).toBe(0);
    } finally {
      Atomics.compareExchange = compareExchange;
    }
    expect([tries, second.thread]).toEqual([3, 1]);
  });

  it.each([[-1], [2], [0.5], [NaN]])('checks thread id %s', (thread) => {
    const storage = ThreadStorage.create(cells(), 0, { threads: 2 });
    const error = new BoundsError(`thread id ${thread} is not in this ThreadStorage: its ids are 0 to 1`);
    expect(() => storage.claim(thread)).toThrow(error);
    expect(() => storage.forget(thread)).toThrow(error);
  });

  it('W-17: attach touches no cell, and what nobody created cannot be used', () => {
    const view = cells();
    const storage = ThreadStorage.attach({ view, index: 0, threads: 2, bytesPerThread: 64 });
    const error = new NotCreatedError(
      'there is no ThreadStorage of 2 threads at index 0 (found: 0): one thread must call ThreadStorage.create first, ' +
        'and the others attach by its handle',
    );
    expect(() => storage.claim()).toThrow(error);
    expect(() => storage.forget(0)).toThrow(error);
    expect(() => storage.allocateKey(1)).toThrow(error);
    expect(view.every((cell) => cell === 0)).toBe(true);
  });

  it('refuses shapes that make no sense, and cells that are not there', () => {
    for (const threads of [0, 1.5, 65_537]) {
      expect(() => ThreadStorage.create(cells(), 0, { threads })).toThrow(
        new RangeError(`threads of a ThreadStorage is an integer from 1 to 65536, got ${threads}`),
      );
    }
    expect(() => ThreadStorage.create(cells(), 0, { bytesPerThread: 0 })).toThrow(
      new RangeError('bytesPerThread of a ThreadStorage is an integer from 1 to 16777216, got 0'),
    );
    expect(() => ThreadStorage.create(cells(), 1)).toThrow(AlignmentError);
    expect(() => ThreadStorage.create(cells(1024), 0)).toThrow(BoundsError);
  });
});

describe('W-12 ThreadLocal', () => {
  it('has a value for each thread, and 0 is one', () => {
    const { first, second } = two();
    const mine = ThreadLocal.create(first, codecs.int32);
    const theirs = ThreadLocal.attach(second, structuredClone(mine.key), codecs.int32);
    expect([mine.get(), mine.has()]).toEqual([undefined, false]);
    mine.set(0);
    expect([mine.get(), mine.has(), theirs.get(), theirs.has()]).toEqual([0, true, undefined, false]);
    theirs.set(5);
    expect([mine.get(), theirs.get()]).toEqual([0, 5]);
    expect([mine.delete(), mine.delete(), mine.get(), theirs.get()]).toEqual([true, false, undefined, 5]);
  });

  it('holds integers, floats, bigints, booleans and structs, side by side', () => {
    const { first } = two();
    const point = codecs.struct({ x: codecs.float64, on: codecs.boolean });
    const variables = [
      [ThreadLocal.create(first, codecs.int32), -1],
      [ThreadLocal.create(first, codecs.float64), 0.1],
      [ThreadLocal.create(first, codecs.bigInt64), -(2n ** 63n)],
      [ThreadLocal.create(first, codecs.boolean), false],
      [ThreadLocal.create(first, point), { x: 1.5, on: true }],
    ] as unknown as readonly (readonly [ThreadLocal<unknown>, unknown])[];
    for (const [variable, value] of variables) variable.set(value);
    expect(variables.map(([variable]) => variable.get())).toEqual(variables.map(([, value]) => value));
    expect(variables.map(([{ key }]) => key.offset)).toEqual([0, 2, 5, 8, 10]);
  });

  it.each([['release'], ['forget']] as const)('T4: is unset when an id is claimed again after %s', (end) => {
    const { storage, first, second } = two();
    const mine = ThreadLocal.create(first, codecs.int32);
    const theirs = ThreadLocal.attach(second, mine.key, codecs.int32);
    mine.set(1);
    theirs.set(2);
    if (end === 'release') first.release();
    else storage.forget(0);
    const next = ThreadStorage.attach(storage.handle);
    expect(next.claim()).toBe(0);
    expect([ThreadLocal.attach(next, mine.key, codecs.int32).get(), theirs.get()]).toEqual([undefined, 2]);
  });

  it('T1: 128 variables of one word fit, and no more', () => {
    const { first, second } = two();
    const variables = Array.from({ length: 128 }, () => ThreadLocal.create(first, codecs.int32));
    variables.forEach((variable, number) => {
      variable.set(number);
    });
    expect(variables.map((variable) => variable.get())).toEqual(variables.map((_, number) => number));
    expect(variables.some(({ key }) => ThreadLocal.attach(second, key, codecs.int32).has())).toBe(false);
    expect(() => ThreadLocal.create(first, codecs.int32)).toThrow(
      new OutOfMemoryError(
        'a thread-local variable takes 8 bytes of each thread, but 0 of 1024 are left: create the storage with more bytesPerThread',
        8,
        0,
        0,
      ),
    );
  });

  it.each([
    [255, 1],
    [-1, 1],
    [0.5, 1],
    [0, 0],
  ])('T1: refuses a key at offset %s of %s words', (offset, words) => {
    const { first } = two();
    expect(() => ThreadLocal.attach(first, { offset, words }, codecs.int32)).toThrow(
      new BoundsError(
        `a key of ${words} words at offset ${offset} is not in the 256 cells of a thread: pass the key of a ThreadLocal, as it was sent`,
      ),
    );
  });

  it('refuses keys that nobody allocated, other codecs, threads without an id', () => {
    const { storage, first } = two();
    const variable = ThreadLocal.create(storage, codecs.int32);
    const unallocated = ThreadLocal.attach(first, { offset: 2, words: 1 }, codecs.int32);
    expect(() => unallocated.get()).toThrow(
      new NotCreatedError(
        'nobody allocated a key at offset 2 (keys end at 2): one thread must call ThreadLocal.create first',
      ),
    );
    expect(() => ThreadLocal.attach(first, variable.key, codecs.float64 as never)).toThrow(
      new TypeError(
        'the key at offset 0 is for values of 1 words, but float64 has 2: attach with the codec that it was created with',
      ),
    );
    const noId = new NotCreatedError('this handle has no thread id, so it has no slots: call claim() first');
    expect(() => variable.get()).toThrow(noId);
    expect(() => variable.set(1)).toThrow(noId);
    expect(() => variable.has()).toThrow(noId);
    expect(() => variable.delete()).toThrow(noId);
  });

  it('a value that the codec refuses leaves the old one', () => {
    const { first } = two();
    const variable = ThreadLocal.create(first, codecs.struct({ x: codecs.int32, y: codecs.int32 }));
    variable.set({ x: 1, y: 2 });
    expect(() => variable.set({ x: 3, y: 0.5 })).toThrow(RangeError);
    expect(variable.get()).toEqual({ x: 1, y: 2 });
  });
});
