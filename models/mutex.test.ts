import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { mutex } from './mutex.ts';

const verdict = (text: string, stuck = false) =>
  checkLinearizable(mutex(), parseHistory(text), { stuck }).verdict;

describe('mutex', () => {
  it.each([
    `T0 |--- lock() ---|    |--- unlock() ---|
     T1      |--- lock() -----------|`,
    'T0 [0,1] lock(); T0 [2,3] lock() -> threw(RelockError); T0 [4,5] unlock()',
    'T0 [0,1] unlock() -> threw(NotOwnerError)',
    'T0 [0,1] lock(); T1 [2,3] unlock() -> threw(NotOwnerError); T1 [4,) lock()',
    'T0 [0,1] tryLock() -> true; T0 [2,3] tryLock() -> threw(RelockError); T1 [4,5] tryLock() -> false',
    'T0 [0,2] tryLock() -> false; T1 [1,3] tryLock() -> true',
    'T0 [0,1] lockFor(5) -> true; T1 [2,3] lockFor(5) -> false; T0 [4,5] lockFor(5) -> threw(RelockError)',
    'T0 [0,1] lock(); T1 [2,5] lockFor(5) -> true; T0 [3,4] unlock()',
    'T0 [0,1] lock(); T1 [2,5] lockFor(5) -> false; T0 [3,4] unlock()',
    // The pending unlock took effect.
    'T0 [0,1] lock(); T0 [2,) unlock(); T1 [3,4] lock()',
  ])('accepts %s', (text) => {
    expect(verdict(text)).toBe('linearizable');
  });

  it.each([
    'T0 [0,1] lock(); T1 [2,3] lock()',
    'T0 [0,2] tryLock() -> true; T1 [1,3] tryLock() -> true',
    'T0 [0,1] tryLock() -> false',
    'T0 [0,2] tryLock() -> false; T1 [1,3] tryLock() -> false',
    'T0 [0,1] lockFor(5) -> false',
    'T0 [0,1] lock(); T0 [2,3] lock()',
    'T0 [0,1] lock(); T1 [2,3] unlock()',
    'T0 [0,1] lock(); T0 [2,3] unlock() -> threw(NotOwnerError)',
    'T0 [0,1] lock(); T0 [2,3] unlock(); T0 [4,5] unlock()',
    'T0 [0,1] lock(); T1 [2,3] lock() -> threw(RelockError)',
    // Free from 3 on, so the timeout of a lockFor that came later is wrong.
    'T0 [0,1] lock(); T0 [2,3] unlock(); T1 [4,5] lockFor(5) -> false',
  ])('rejects %s', (text) => {
    expect(verdict(text)).toBe('not-linearizable');
  });

  it.each([
    ['T0 [0,1] lock(); T1 [2,) lock()', 'linearizable'],
    ['T0 [0,1] lock(); T1 [2,) lock(); T0 [3,4] unlock()', 'not-linearizable'],
    ['T0 [0,1] lock(); T0 [2,) lock()', 'not-linearizable'],
    ['T0 [0,1] lock(); T1 [2,) lockFor(5)', 'not-linearizable'],
    ['T0 [0,1] lock(); T1 [2,) lock(); T2 [3,) lock(); T0 [4,5] unlock()', 'not-linearizable'],
    ['T0 [0,1] lock(); T1 [2,) lock(); T2 [3,6] lock(); T0 [4,5] unlock()', 'linearizable'],
  ])('when stuck, %s is %s', (text, expected) => {
    expect(verdict(text, true)).toBe(expected);
  });

  it('describes its state', () => {
    expect([mutex().describeState(undefined), mutex().describeState(3)]).toEqual(['free', 'held by T3']);
  });
});
