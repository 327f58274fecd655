import { describe, expect, it } from 'vitest';
import { AlignmentError, BoundsError, OutOfMemoryError } from '../errors.ts';
import { Allocator } from '../memory/allocator.ts';
import { PaddedAtomicInt32, PaddedAtomicInt64 } from './padded-atomic.ts';

const allocator = (bytes = 4096) => Allocator.create(new SharedArrayBuffer(bytes));

describe('W-4 padded atomics', () => {
  it.each([[64], [128]] as const)('K1: with %s bytes, no two share a line', (paddingBytes) => {
    const lines = allocator();
    const atomics = Array.from({ length: 10 }, (_, i) =>
      i % 2 === 0
        ? PaddedAtomicInt32.create(lines, i, { paddingBytes })
        : PaddedAtomicInt64.create(lines, BigInt(i), { paddingBytes }),
    );
    const offsets = atomics.map(({ handle }) => handle.offset);
    expect(offsets.every((offset) => offset % paddingBytes === 0)).toBe(true);
    expect(new Set(offsets.map((offset) => Math.floor(offset / paddingBytes))).size).toBe(10);
    expect(atomics.map((atomic) => Number(atomic.load()))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const atomic of atomics) atomic.free(lines);
    expect(lines.stats().usedBytes).toBe(0);
  });

  it('is one integer for all handles, and takes a whole line by default', () => {
    const lines = allocator();
    const narrow = PaddedAtomicInt32.create(lines);
    const wide = PaddedAtomicInt64.create(lines);
    expect(PaddedAtomicInt32.attach(structuredClone(narrow.handle)).load()).toBe(0);
    expect(PaddedAtomicInt32.attach(narrow.handle).add(3)).toBe(0);
    expect(PaddedAtomicInt64.attach(wide.handle).exchange(7n)).toBe(0n);
    expect([narrow.compareExchange(3, 4), narrow.load(), wide.load()]).toEqual([3, 4, 7n]);
    expect([narrow.notify(), wide.notify(), narrow.wait(0), wide.wait(7n, 1)]).toEqual([
      0,
      0,
      'not-equal',
      'timed-out',
    ]);
    expect(lines.stats().usedBytes).toBe(128);
  });

  it('refuses what makes no sense, and reserves nothing then', () => {
    const lines = allocator();
    expect(() => PaddedAtomicInt32.create(lines, 0.5)).toThrow(
      new TypeError('a PaddedAtomicInt32 starts from an integer, got 0.5: round it first'),
    );
    expect(() => PaddedAtomicInt64.create(lines, 1 as never)).toThrow(
      new TypeError('a PaddedAtomicInt64 starts from a bigint, got 1: write 0n for 0'),
    );
    expect(() => PaddedAtomicInt32.create(lines, 0, { paddingBytes: 32 as never })).toThrow(
      new RangeError('a padding is 64 or 128 bytes, got 32'),
    );
    expect(lines.stats().usedBytes).toBe(0);
    expect(() => PaddedAtomicInt32.create(allocator(192), 0, { paddingBytes: 128 })).toThrow(
      OutOfMemoryError,
    );
  });

  it('refuses handles of nothing', () => {
    const buffer = new SharedArrayBuffer(128);
    expect(() => PaddedAtomicInt32.attach({ buffer, offset: 2 })).toThrow(AlignmentError);
    expect(() => PaddedAtomicInt64.attach({ buffer, offset: 4 })).toThrow(AlignmentError);
    expect(() => PaddedAtomicInt32.attach({ buffer, offset: 128 })).toThrow(BoundsError);
    expect(() => PaddedAtomicInt64.attach({ buffer: new ArrayBuffer(8) as never, offset: 0 })).toThrow(
      TypeError,
    );
  });
});
