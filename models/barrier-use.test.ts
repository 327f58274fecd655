import { expect, test } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkBarrierUse } from './barrier-use.ts';

const check = (text: string, parties = 2, stuck = false) =>
  checkBarrierUse(parseHistory(text), parties, { stuck });

test.each([
  ['a generation', 'T0 [0,3] wait() -> "leader"; T1 [1,2] wait() -> "follower"'],
  ['one more, which waits', 'T0 [0,3] wait() -> "leader"; T1 [1,2] wait() -> "follower"; T2 [4,) wait()'],
  [
    'one too many',
    'T0 [0,5] wait() -> "leader"; T1 [1,4] wait() -> "follower"; T2 [2,3] wait() -> threw(TooManyPartiesError)',
  ],
  ['a limit', 'T0 [0,1] wait(5) -> threw(TimeoutError); T1 [2,3] wait() -> threw(BrokenBarrierError)'],
  [
    'both ran out of time',
    'T0 [0,2] wait(5) -> threw(TimeoutError); T1 [1,3] wait(5) -> threw(BrokenBarrierError)',
  ],
  ['an abort', 'T0 [0,3] wait() -> threw(BrokenBarrierError); T1 [1,2] abort()'],
  [
    'an abort after all had passed',
    'T0 [0,3] wait() -> "leader"; T1 [1,4] wait() -> "follower"; T2 [2,5] abort()',
  ],
  ['a limit that makes no sense', 'T0 [0,1] wait(-1) -> threw(RangeError)'],
  [
    'parties that make no sense',
    'T0 [0,1] create(0) -> threw(RangeError); T0 [2,3] create(1.5) -> threw(RangeError); T0 [4,5] create(3)',
  ],
])('accepts %s', (_, text) => {
  expect(check(text)).toBeUndefined();
});

test.each([
  [
    'B3: a third that passes with the two',
    'T0 [0,5] wait() -> "leader"; T1 [1,4] wait() -> "follower"; T2 [2,3] wait() -> "follower"',
    'when only 1 of 2 parties had arrived',
  ],
  ['B4: a barrier of nobody', 'T0 [0,1] create(0)', 'T0 created a barrier of 0 parties, and was not refused'],
  [
    'a barrier of two that is refused',
    'T0 [0,1] create(2) -> threw(RangeError)',
    'T0 created a barrier of 2 parties, and was refused',
  ],
  [
    'B6: a partner that passes alone, beside one who was refused',
    'T0 [0,1] wait(-1) -> threw(RangeError); T1 [2,3] wait() -> "leader"',
    'when only 1 of 2 parties had arrived',
  ],
  [
    'a negative limit',
    'T0 [0,) wait(); T1 [1,2] wait(-1) -> "leader"',
    'T1 gave a limit of -1 ms, and was not refused',
  ],
  [
    'a limit that is refused',
    'T0 [0,1] wait(5) -> threw(RangeError)',
    'T0 gave a limit of 5 ms, and was refused',
  ],
  [
    'a barrier that is broken without a cause',
    'T0 [0,1] wait() -> threw(BrokenBarrierError)',
    'without a cause',
  ],
  [
    'a cause that came later',
    'T0 [0,1] wait() -> threw(BrokenBarrierError); T1 [2,3] abort()',
    'without a cause',
  ],
  [
    'a barrier that is no longer broken',
    'T0 [0,1] abort(); T0 [2,5] wait() -> "leader"; T1 [3,4] wait() -> "follower"',
    'T0 did not find the barrier broken',
  ],
  [
    'half a generation',
    'T0 [0,3] wait() -> "leader"; T1 [1,4] wait() -> threw(BrokenBarrierError); T2 [2,5] abort()',
    'when only 1 of 2 parties had arrived',
  ],
  [
    'a limit that nobody gave',
    'T0 [0,1] wait() -> threw(TimeoutError)',
    'T0 ran out of time without a limit',
  ],
  [
    'two that break it',
    'T0 [0,2] wait(5) -> threw(TimeoutError); T1 [1,3] wait(5) -> threw(TimeoutError)',
    'T0 and T1 both broke the barrier',
  ],
  [
    'one too many among too few',
    'T0 [0,1] wait() -> threw(TooManyPartiesError)',
    'T0 was one too many for 2 parties beside 0 others',
  ],
])('rejects %s', (_, text, reason) => {
  expect(check(text)).toContain(reason);
});

test('who sleeps for ever may do so at a barrier that is whole, and not all parties', () => {
  expect(check('T0 [0,) wait()', 2, true)).toBeUndefined();
  expect(check('T0 [0,) wait(); T1 [1,) wait()', 2, true)).toContain('they wait for ever');
  expect(check('T0 [0,) wait(); T1 [1,2] abort()', 2, true)).toBe('T0 sleeps at a broken barrier');
  expect(check('T0 [0,) wait(); T1 [1,2] wait(5) -> threw(TimeoutError)', 2, true)).toBe(
    'T0 sleeps at a broken barrier',
  );
});
