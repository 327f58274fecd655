import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { checkNotifications, monitor } from './condition.ts';

const verdict = (text: string, stuck = false) =>
  checkLinearizable(monitor(2), parseHistory(text), { stuck }).verdict;

describe('monitor', () => {
  it.each([
    'T0 [0,3] take() -> 7; T1 [1,2] put(7)',
    'T0 [0,1] put(1); T0 [2,3] put(2); T1 [4,5] take() -> 1; T1 [6,7] take() -> 2',
    'T0 [0,1] put(1); T0 [2,3] put(2); T0 [4,7] put(3); T1 [5,6] take() -> 1',
    'T0 [0,1] put(1); T0 [2,3] put(2); T0 [4,5] putFor(3) -> false; T1 [6,7] take() -> 1',
    'T0 [0,1] takeFor() -> "timed-out"; T0 [2,3] putFor(1) -> true; T0 [4,5] takeFor() -> 1',
    // It gave up before the item came.
    'T0 [0,3] takeFor() -> "timed-out"; T1 [1,2] put(1)',
    'T0 [0,3] pass(); T1 [1,2] open()',
    'T0 [0,1] open(); T1 [2,3] pass(); T0 [4,5] close(); T1 [6,7] passFor() -> false; T1 [8,) pass()',
    'T0 [0,1] listen() -> "timed-out"; T1 [2,3] ring(); T0 [4,5] listen() -> "notified"; T1 [6,7] ringAll()',
    // The parts do not touch each other.
    'T0 [0,1] open(); T1 [2,3] takeFor() -> "timed-out"; T1 [4,5] pass()',
  ])('accepts %s', (text) => {
    expect(verdict(text)).toBe('linearizable');
  });

  it.each([
    'T0 [0,1] take() -> 7',
    'T0 [0,1] put(1); T0 [2,3] put(2); T0 [4,5] put(3)',
    'T0 [0,1] put(1); T0 [2,3] put(2); T1 [4,5] take() -> 2',
    'T0 [0,1] put(1); T1 [2,3] takeFor() -> "timed-out"',
    'T0 [0,1] put(1); T1 [2,3] putFor(2) -> false',
    'T0 [0,1] put(1); T1 [2,5] take() -> 1; T2 [3,4] take() -> 1',
    'T0 [0,1] pass()',
    'T0 [0,1] open(); T1 [2,3] passFor() -> false',
    'T0 [0,1] listen() -> undefined',
  ])('rejects %s', (text) => {
    expect(verdict(text)).toBe('not-linearizable');
  });

  it.each([
    ['T0 [0,) take()', 'linearizable'],
    ['T0 [0,) take(); T1 [1,2] put(1)', 'not-linearizable'],
    ['T0 [0,) take(); T2 [1,4] take() -> 1; T1 [2,3] put(1)', 'linearizable'],
    ['T0 [0,) takeFor()', 'not-linearizable'],
    ['T0 [0,1] put(1); T0 [2,3] put(2); T0 [4,) put(3)', 'linearizable'],
    ['T0 [0,1] put(1); T0 [2,3] put(2); T0 [4,) put(3); T1 [5,6] take() -> 1', 'not-linearizable'],
    ['T0 [0,) pass(); T1 [1,2] open()', 'not-linearizable'],
    ['T0 [0,) pass(); T1 [1,2] open(); T1 [3,4] close()', 'linearizable'],
    ['T0 [0,) listen()', 'not-linearizable'],
  ])('when stuck, %s is %s', (text, expected) => {
    expect(verdict(text, true)).toBe(expected);
  });

  it('describes its state', () => {
    expect(monitor(2).describeState({ items: [4, 5], open: true })).toBe('buffer [4, 5], gate open');
    expect(monitor(2).describeState(monitor(2).initial())).toBe('buffer [], gate closed');
  });
});

describe('checkNotifications', () => {
  it.each([
    'T0 [0,3] listen() -> "notified"; T1 [1,2] ring()',
    'T0 [0,2] listen() -> "notified"; T1 [1,3] ringAll()',
    'T0 [0,2] listen() -> "notified"; T1 [1,) ring()',
    'T0 [0,1] listen() -> "timed-out"; T1 [2,3] ring()',
    'T0 [0,3] listen() -> "timed-out"; T1 [1,2] ring()',
    'T0 [0,) listen()',
    'T0 [0,1] pass()',
  ])('accepts %s', (text) => {
    expect(checkNotifications(parseHistory(text))).toEqual({ ok: true });
  });

  it.each([
    'T1 [0,1] open(); T0 [2,3] listen() -> "notified"',
    'T1 [0,1] ring(); T0 [2,3] listen() -> "notified"',
    'T1 [4,5] ringAll(); T0 [2,3] listen() -> "notified"',
  ])('rejects %s', (text) => {
    expect(checkNotifications(parseHistory(text))).toEqual({
      ok: false,
      reason: 'T0 was notified, but nobody notified while it waited',
      operations: [1],
    });
  });
});
