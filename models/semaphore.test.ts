import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { semaphore } from './semaphore.ts';

const verdict = (text: string, stuck = false) =>
  checkLinearizable(semaphore(2, 3), parseHistory(text), { stuck }).verdict;

describe('semaphore of 2 permits, at most 3', () => {
  it.each([
    'T0 [0,1] acquire(2); T1 [2,5] acquire(1); T0 [3,4] release(2)',
    'T0 [0,3] acquire(1); T1 [1,2] acquire(1); T2 [4,5] tryAcquire(1) -> false',
    'T0 [0,1] tryAcquire(3) -> false; T0 [2,3] release(1); T0 [4,5] tryAcquire(3) -> true; T0 [6,7] available() -> 0',
    'T0 [0,1] acquireFor(5, 3) -> false; T0 [2,3] acquireFor(5, 2) -> true',
    'T0 [0,1] release(2) -> threw(CountOverflowError); T0 [2,3] available() -> 2',
    'T0 [0,1] acquire(0) -> threw(RangeError); T0 [2,3] tryAcquire(4) -> threw(RangeError)',
    'T0 [0,1] acquireFor(5, 0) -> threw(RangeError); T0 [2,3] release(4) -> threw(RangeError)',
    // It gave up before the permits came.
    'T0 [0,1] acquire(2); T1 [2,5] acquireFor(5, 1) -> false; T0 [3,4] release(1)',
  ])('accepts %s', (text) => {
    expect(verdict(text)).toBe('linearizable');
  });

  it.each([
    'T0 [0,1] acquire(2); T1 [2,3] acquire(1)',
    'T0 [0,2] acquire(2); T1 [1,3] tryAcquire(1) -> true',
    'T0 [0,1] tryAcquire(2) -> false',
    'T0 [0,1] acquireFor(5, 2) -> false',
    'T0 [0,1] release(1); T0 [2,3] available() -> 2',
    'T0 [0,1] release(2)',
    'T0 [0,1] release(1) -> threw(CountOverflowError)',
    'T0 [0,1] acquire(3) -> threw(RangeError)',
  ])('rejects %s', (text) => {
    expect(verdict(text)).toBe('not-linearizable');
  });

  it.each([
    ['T0 [0,) acquire(3)', 'linearizable'],
    ['T0 [0,) acquire(2)', 'not-linearizable'],
    // Who can go on must, whatever others wait for.
    ['T0 [0,) acquire(3); T1 [1,) acquire(2)', 'not-linearizable'],
    ['T2 [0,1] acquire(2); T0 [2,) acquire(2); T1 [3,) acquire(1); T2 [4,5] release(1)', 'not-linearizable'],
    ['T2 [0,1] acquire(2); T0 [2,) acquire(2); T1 [3,6] acquire(1); T2 [4,5] release(1)', 'linearizable'],
    ['T0 [0,) acquireFor(5, 3)', 'not-linearizable'],
  ])('when stuck, %s is %s', (text, expected) => {
    expect(verdict(text, true)).toBe(expected);
  });

  it('describes its state', () => {
    expect(semaphore(2, 3).describeState(1)).toBe('1 of 3 free');
  });
});
