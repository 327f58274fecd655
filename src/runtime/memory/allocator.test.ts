import { describe, expect, it } from 'vitest';
import {
  AlignmentError,
  BoundsError,
  DoubleFreeError,
  ForeignPointerError,
  NotCreatedError,
  OutOfMemoryError,
  PoisonedError,
} from '../errors.ts';
import { Mutex } from '../sync/mutex.ts';
import { Allocator } from './allocator.ts';

/** 4 KiB: a header line, a map line, 62 data lines from offset 128 on. */
const small = () => Allocator.create(new SharedArrayBuffer(4096));

describe('W-2 Allocator', () => {
  it('starts empty', () => {
    expect(small().stats()).toEqual({
      capacityBytes: 62 * 64,
      usedBytes: 0,
      freeBytes: 62 * 64,
      largestFreeBytes: 62 * 64,
      blocks: 0,
    });
  });

  it('K1: gives each block lines of its own', () => {
    const allocator = small();
    expect([allocator.allocate(1), allocator.allocate(65), allocator.allocate(64)]).toEqual([128, 192, 320]);
    expect(allocator.allocate(1, { alignment: 1 })).toBe(384);
    expect(allocator.stats()).toMatchObject({ usedBytes: 5 * 64, freeBytes: 57 * 64, blocks: 4 });
  });

  it('gives out every line, then says exactly what is left, and takes them back', () => {
    const allocator = small();
    const offsets = Array.from({ length: 62 }, () => allocator.allocate(64));
    expect(new Set(offsets).size).toBe(62);
    expect(Math.max(...offsets)).toBe(4096 - 64);
    expect(() => allocator.allocate(1)).toThrow(
      new OutOfMemoryError(
        'cannot allocate 1 bytes aligned to 64: 0 bytes are free, 0 of them in one piece; ' +
          'free some, or create the allocator in a larger region',
        1,
        0,
        0,
      ),
    );
    allocator.free(offsets[3]!);
    allocator.free(offsets[61]!);
    expect(() => allocator.allocate(65)).toThrow('128 bytes are free, 64 of them in one piece');
    expect(allocator.allocate(64)).toBe(offsets[3]);
    expect(allocator.allocate(64)).toBe(offsets[61]);
    for (const offset of offsets) allocator.free(offset);
    expect(allocator.allocate(62 * 64)).toBe(128);
  });

  it('joins free neighbours, whatever the order', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [0, 2, 1],
    ]) {
      const allocator = small();
      const offsets = [10, 12, 40].map((lines) => allocator.allocate(lines * 64));
      for (const index of order) allocator.free(offsets[index]!);
      expect(allocator.allocate(62 * 64)).toBe(128);
    }
  });

  it('finds the lowest run that fits, past smaller ones', () => {
    const allocator = small();
    const [first, , third] = [1, 1, 3, 1].map((lines) => allocator.allocate(lines * 64));
    allocator.free(first!);
    allocator.free(third!);
    expect(allocator.allocate(128)).toBe(third);
    expect(allocator.allocate(128)).toBe(128 + 6 * 64);
    expect(allocator.allocate(64)).toBe(first);
    expect(allocator.allocate(64)).toBe(third! + 128);
  });

  it.each([[1], [2], [64], [128], [256], [512], [1024]])('aligns to %s', (alignment) => {
    const allocator = small();
    for (let i = 0; i < 2; i += 1) {
      const offset = allocator.allocate(100, { alignment });
      expect(offset % alignment).toBe(0);
    }
  });

  it('aligns in the buffer, not in the region; what cannot be aligned is out of memory', () => {
    const allocator = Allocator.create(new SharedArrayBuffer(8192), { offset: 192, byteLength: 3904 });
    expect(allocator.allocate(8, { alignment: 1024 })).toBe(1024);
    expect(allocator.allocate(8)).toBe(192 + 128);
    expect(() => allocator.allocate(8, { alignment: 8192 })).toThrow(
      'cannot allocate 8 bytes aligned to 8192: 3648 bytes are free, 3008 of them in one piece',
    );
  });

  it('keeps to its region', () => {
    const buffer = new SharedArrayBuffer(1024);
    const bytes = new Uint8Array(buffer).fill(7);
    const allocator = Allocator.create(buffer, { offset: 128, byteLength: 256 });
    expect([allocator.allocate(1), allocator.allocate(1)]).toEqual([256, 320]);
    expect(() => allocator.allocate(1)).toThrow(OutOfMemoryError);
    allocator.free(256);
    expect(bytes.subarray(0, 128).every((byte) => byte === 7)).toBe(true);
    expect(bytes.subarray(256).every((byte) => byte === 7)).toBe(true);
  });

  it('agrees with a plain model over many random steps, on regions of several map lines', () => {
    const size = 64 * 700;
    const allocator = Allocator.create(new SharedArrayBuffer(size));
    const lines = new Array<boolean>(700 - 1 - 3).fill(false);
    const base = size - lines.length * 64;
    const live: { offset: number; count: number }[] = [];
    let state = 12_345;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    for (let step = 0; step < 5_000; step += 1) {
      if (random(100) < 55) {
        const count = 1 + random(random(10) === 0 ? 90 : 6);
        const alignment = 64 << random(4);
        let expected = -1;
        for (let line = 0; line + count <= lines.length && expected < 0; line += 1) {
          const free = !lines.slice(line, line + count).includes(true);
          if (free && (base + line * 64) % alignment === 0) expected = base + line * 64;
        }
        if (expected < 0) {
          expect(() => allocator.allocate(count * 64, { alignment })).toThrow(OutOfMemoryError);
        } else {
          expect(allocator.allocate(count * 64 - random(64), { alignment })).toBe(expected);
          lines.fill(true, (expected - base) / 64, (expected - base) / 64 + count);
          live.push({ offset: expected, count });
        }
      } else if (live.length > 0) {
        const [block] = live.splice(random(live.length), 1);
        allocator.free(block!.offset);
        lines.fill(false, (block!.offset - base) / 64, (block!.offset - base) / 64 + block!.count);
      }
    }
    const free = lines.filter((used) => !used).length;
    expect(allocator.stats()).toMatchObject({ freeBytes: free * 64, blocks: live.length });
    for (const { offset } of live) allocator.free(offset);
    expect(allocator.stats()).toMatchObject({ usedBytes: 0, blocks: 0, largestFreeBytes: 696 * 64 });
  });

  it('W-17: attach shares the state and changes nothing', () => {
    const allocator = small();
    const first = allocator.allocate(64);
    const attached = Allocator.attach(structuredClone(allocator.handle), 2);
    expect(attached.stats().blocks).toBe(1);
    expect(attached.allocate(64)).not.toBe(first);
    attached.free(first);
    expect(allocator.stats().blocks).toBe(1);
  });

  it('W-17: says so when nobody created it, or with another size', () => {
    const buffer = new SharedArrayBuffer(4096);
    const attached = Allocator.attach({ buffer, offset: 0, byteLength: 4096 });
    expect(() => attached.allocate(1)).toThrow(
      new NotCreatedError(
        'there is no Allocator of 62 lines at offset 0 (found: 0): ' +
          'one thread must call Allocator.create first, and the others attach by its handle',
      ),
    );
    Allocator.create(buffer, { byteLength: 2048 });
    expect(() => attached.free(128)).toThrow('(found: 30)');
    expect(attached.mutex.holder()).toBe(0);
  });

  it('create empties a region that was used', () => {
    const buffer = new SharedArrayBuffer(4096);
    Allocator.create(buffer).allocate(1000);
    new Uint8Array(buffer).fill(255);
    expect(Allocator.create(buffer).stats()).toMatchObject({ usedBytes: 0, blocks: 0 });
  });
});

describe('free', () => {
  it('refuses a second time', () => {
    const allocator = small();
    const offset = allocator.allocate(128);
    allocator.free(offset);
    const message = `nothing is allocated at offset ${offset}: it was freed already, or never allocated; free each block once`;
    expect(() => allocator.free(offset)).toThrow(new DoubleFreeError(message));
    expect(allocator.mutex.holder()).toBe(0);
  });

  it('refuses the inside of a block', () => {
    const allocator = small();
    const offset = allocator.allocate(128);
    expect(() => allocator.free(offset + 64)).toThrow(
      new ForeignPointerError('offset 192 lies inside a block: free takes the offset that allocate returned'),
    );
    expect(allocator.stats().blocks).toBe(1);
  });

  it.each([[0], [64], [129], [4096], [-64], [1e12], [NaN]])('refuses the foreign offset %s', (offset) => {
    const allocator = small();
    allocator.allocate(4096 - 128);
    expect(() => allocator.free(offset)).toThrow(
      new ForeignPointerError(
        `offset ${offset} is none that this allocator returns: those are multiples of 64 from 128 to 4032; ` +
          'free it where it was allocated',
      ),
    );
  });
});

describe('arguments', () => {
  it.each([[0], [-1], [1.5], [NaN], [Infinity]])('size %s', (bytes) => {
    expect(() => small().allocate(bytes)).toThrow(
      new RangeError(`an allocation has a size in bytes, got ${bytes}: pass an integer of at least 1`),
    );
  });

  it.each([[0], [-64], [3], [96], [1.5], [NaN], [2 ** 31], [2 ** 32]])('L3: alignment %s', (alignment) => {
    expect(() => small().allocate(1, { alignment })).toThrow(
      new AlignmentError(
        `an alignment is a power of two from 1 to 2^30, got ${alignment}: pass 64 for a cache line, or nothing`,
      ),
    );
  });

  it('regions', () => {
    const buffer = new SharedArrayBuffer(4096);
    expect(() => Allocator.create(buffer, { offset: 32 })).toThrow(
      new AlignmentError('the region of an Allocator begins on a multiple of 64 bytes, got 32'),
    );
    expect(() => Allocator.create(buffer, { byteLength: 191 })).toThrow(
      new BoundsError(
        'the region of an Allocator has 191 bytes: give it 192 or more (header, map, one line)',
      ),
    );
    expect(() => Allocator.create(buffer, { offset: 64, byteLength: 4096 })).toThrow(
      new BoundsError(
        'the region of an Allocator ends at 4160, but the buffer has 4096 bytes: stay inside it, or grow it first',
      ),
    );
    for (const offset of [-64, 0.5, NaN]) {
      expect(() => Allocator.create(buffer, { offset, byteLength: 1024 })).toThrow(
        new BoundsError(
          `the region of an Allocator has an offset and a size in bytes, got ${offset} and 1024: pass integers of 0 or more`,
        ),
      );
    }
    expect(() => Allocator.create(new ArrayBuffer(4096) as unknown as SharedArrayBuffer)).toThrow(
      'an Allocator lives in a SharedArrayBuffer, got [object ArrayBuffer]: pass the buffer of a SharedMemory',
    );
    expect(Allocator.create(buffer, { byteLength: 192 }).allocate(64)).toBe(128);
  });
});

it('R5: a thread that dies inside poisons the allocator for the others', () => {
  const allocator = small();
  const view = new Int32Array(allocator.handle.buffer);
  Mutex.attach(view, 0, 99).lock();
  expect(allocator.mutex.poison(99)).toBe(true);
  expect(() => allocator.allocate(1)).toThrow(PoisonedError);
  expect(() => allocator.stats()).toThrow(PoisonedError);
  allocator.mutex.clearPoison();
  expect(allocator.allocate(1)).toBe(128);
});
