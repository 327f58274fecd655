import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { latch } from './latch.ts';

const verdict = (text: string, stuck = false) =>
  checkLinearizable(latch(2), parseHistory(text), { stuck }).verdict;

describe('latch of 2', () => {
  it.each([
    'T0 [0,5] wait(); T1 [1,2] countDown(1) -> 1; T1 [3,4] countDown(1) -> 0',
    'T0 [0,1] tryWait() -> false; T0 [2,3] countDown(2) -> 0; T0 [4,5] tryWait() -> true; T0 [6,7] wait()',
    'T0 [0,2] countDown(1) -> 0; T1 [1,3] countDown(1) -> 1',
    'T0 [0,1] waitFor(5) -> false; T0 [2,3] count() -> 2',
    'T0 [0,1] countDown(3) -> threw(CountUnderflowError); T0 [2,3] countDown(2) -> 0; T0 [4,5] waitFor(0) -> true',
    // It gave up before the latch was open.
    'T0 [0,3] waitFor(5) -> false; T1 [1,2] countDown(2) -> 0',
  ])('accepts %s', (text) => {
    expect(verdict(text)).toBe('linearizable');
  });

  it.each([
    // X1: true at 1 of 2, false at 2 of 2.
    'T0 [0,1] countDown(1) -> 1; T0 [2,3] tryWait() -> true',
    'T0 [0,1] countDown(1) -> 1; T1 [2,3] countDown(1) -> 0; T0 [4,5] tryWait() -> false',
    'T0 [0,3] wait(); T1 [1,2] countDown(1) -> 1',
    'T0 [0,2] countDown(1) -> 1; T1 [1,3] countDown(1) -> 1',
    'T0 [0,1] countDown(2) -> 0; T0 [2,3] waitFor(5) -> false',
    'T0 [0,1] countDown(2) -> threw(CountUnderflowError)',
    'T0 [0,1] countDown(2) -> 0; T0 [2,3] count() -> 2',
  ])('rejects %s', (text) => {
    expect(verdict(text)).toBe('not-linearizable');
  });

  it.each([
    ['T0 [0,) wait(); T1 [1,2] countDown(1) -> 1', 'linearizable'],
    ['T0 [0,) wait(); T1 [1,2] countDown(2) -> 0', 'not-linearizable'],
    ['T0 [0,) waitFor(5)', 'not-linearizable'],
  ])('when stuck, %s is %s', (text, expected) => {
    expect(verdict(text, true)).toBe(expected);
  });

  it('describes its state', () => {
    expect([latch(2).describeState(2), latch(2).describeState(0)]).toEqual(['2 left', 'open']);
  });
});
