import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { sharedMemory } from './shared-memory.ts';

const verdict = (text: string) => checkLinearizable(sharedMemory(8, 24, 8), parseHistory(text)).verdict;

describe('sharedMemory', () => {
  it.each([
    'T0 [0,1] size() -> 8; T0 [2,3] read(8) -> threw(BoundsError); T0 [4,5] grow(9) -> 16; T1 [6,7] read(8) -> 0; T1 [8,9] size() -> 16',
    'T0 [0,1] write(4, 7); T1 [2,3] read(4) -> 7; T0 [4,5] grow(24) -> 24; T1 [6,7] view(4) -> 7; T1 [8,9] grow(1) -> 24',
    'T0 [0,1] grow(25) -> threw(OutOfMemoryError); T0 [2,3] read(5) -> threw(AlignmentError); T0 [4,5] write(-4, 1) -> threw(BoundsError)',
    'T0 [0,1] add(2) -> 0; T1 [2,3] read(0) -> 2',
  ])('accepts %s', (text) => {
    expect(verdict(text)).toBe('linearizable');
  });

  it.each([
    [
      'G1: a write that others do not see',
      'T0 [0,1] grow(16) -> 16; T1 [2,3] write(0, 7); T0 [4,5] read(0) -> 0',
    ],
    ['G1: a size that others do not see', 'T0 [0,1] grow(16) -> 16; T1 [2,3] size() -> 8'],
    ['G2: another cell', 'T0 [0,1] write(4, 7); T0 [2,3] read(5) -> 7'],
    ['G2: no bounds', 'T0 [0,1] write(8, 7)'],
    ['a memory that shrinks', 'T0 [0,1] grow(24) -> 24; T0 [2,3] grow(16) -> 16'],
  ])('rejects %s', (_, text) => {
    expect(verdict(text)).toBe('not-linearizable');
  });
});
