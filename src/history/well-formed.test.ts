import { describe, expect, it } from 'vitest';
import { parseHistory } from './notation.ts';
import { assertWellFormed } from './well-formed.ts';

describe('assertWellFormed', () => {
  it.each(['', 'T0 [0,3] lock(); T1 [1,2] add(1) -> 0; T1 [4,) lock()', 'T0 [2,3] lock(); T0 [0,1] lock()'])(
    'accepts %j',
    (text) => {
      expect(() => assertWellFormed(parseHistory(text))).not.toThrow();
    },
  );

  it.each([
    ['T0 [1,1] lock()', 'T0 lock() [1, 1) must be called at a finite position and return after it'],
    ['T0 [2,1] lock()', 'T0 lock() [2, 1) must be called at a finite position and return after it'],
    ['T0 [0,1] add(1); T1 [1,2] lock()', 'T0 add(1) [0, 1) and T1 lock() [1, 2) share position 1'],
    ['T0 [0,2] add(1); T0 [1,3] lock()', 'T0 calls T0 lock() [1, 3) before T0 add(1) [0, 2) has returned'],
    [
      'T0 [0,) add(1); T0 [1,3] lock()',
      'T0 calls T0 lock() [1, 3) before T0 add(1) [0, Infinity) has returned',
    ],
  ])('rejects %j', (text, message) => {
    expect(() => assertWellFormed(parseHistory(text))).toThrow(`malformed history: ${message}`);
  });
});
