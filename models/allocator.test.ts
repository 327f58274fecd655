import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkAllocations } from './allocator.ts';

const region = { start: 64, end: 256 };

describe('checkAllocations', () => {
  it.each([
    ['', 0],
    ['T0 [0,1] allocate(64, 64) -> 64; T1 [2,3] allocate(128, 64) -> 128', 2],
    ['T0 [0,1] allocate(64, 64) -> 64; T0 [2,3] free(64); T1 [4,5] allocate(32, 8) -> 72', 2],
    // The block may be given anew while free() has not returned yet, but not before it was called.
    ['T0 [0,1] allocate(64, 8) -> 64; T0 [2,5] free(64); T1 [3,4] allocate(64, 8) -> 64', 2],
    ['T0 [0,1] allocate(64, 8) -> 64; T0 [2,) free(64); T1 [3,4] allocate(64, 8) -> 64', 2],
    // T1's call came before the free, its return after.
    ['T0 [0,1] allocate(64, 8) -> 64; T1 [2,5] allocate(64, 8) -> 64; T0 [3,4] free(64)', 2],
    ['T0 [0,1] allocate(500, 8) -> threw(OutOfMemoryError); T1 [2,) allocate(8, 8)', 0],
    ['T0 [0,1] allocate(8, 8) -> 64; T0 [2,3] free(72) -> threw(RangeError)', 1],
    ['T0 [0,1] allocate(8, 0) -> threw(AlignmentError); T0 [2,3] allocate(0, 8) -> threw(RangeError)', 0],
  ])('accepts %s', (text, allocations) => {
    expect(checkAllocations(parseHistory(text), region)).toEqual({ ok: true, allocations });
  });

  it.each([
    [
      'T0 [0,1] allocate(64, 8) -> 64; T1 [2,3] allocate(8, 8) -> 120',
      [0, 1],
      'block 64 to 128 and block 120 to 128 overlap',
    ],
    [
      'T0 [0,3] allocate(8, 8) -> 64; T1 [1,2] allocate(8, 8) -> 64',
      [0, 1],
      'block 64 to 72 and block 64 to 72 overlap',
    ],
    ['T0 [0,1] allocate(8, 8) -> 64; T1 [2,3] allocate(8, 8) -> 64; T0 [4,5] free(64)', [0, 1], 'overlap'],
    ['T0 [0,1] allocate(8, 16) -> 72', [0], 'block 72 to 80 is not aligned to 16'],
    ['T0 [0,1] allocate(8, 8) -> 56', [0], 'block 56 to 64 is not inside 64 to 256'],
    ['T0 [0,1] allocate(16, 8) -> 248', [0], 'block 248 to 264 is not inside 64 to 256'],
    ['T0 [0,1] allocate(8, 8) -> threw(RangeError)', [0], 'T0 got threw(RangeError), which is no offset'],
    ['T0 [0,1] allocate(8, 8)', [0], 'T0 got undefined, which is no offset'],
    ['T0 [0,1] allocate(8, 0) -> 64', [0], 'T0 asked for 8 bytes aligned to 0 and got 64'],
    ['T0 [0,1] allocate(8, 3) -> 66', [0], 'T0 asked for 8 bytes aligned to 3 and got 66'],
    [
      'T0 [0,1] allocate(8, 8) -> 64; T0 [2,3] free(64); T1 [4,5] free(64)',
      [2],
      'T1 freed 64, where no block is',
    ],
  ])('rejects %s', (text, operations, reason) => {
    const verdict = checkAllocations(parseHistory(text), region);
    expect(verdict).toEqual({ ok: false, operations, reason: expect.stringContaining(reason) });
  });

  it('refuses what is no history of an allocator', () => {
    expect(() => checkAllocations(parseHistory('T0 [0,1] malloc(1)'), region)).toThrow(
      'an allocator has no operation "malloc"',
    );
  });
});
