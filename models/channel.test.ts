import { expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkCalls } from './channel.ts';

const check = (history: string, crashed = false): string | undefined =>
  checkCalls(parseHistory(history), crashed);

it.each([
  ['T0 [0,3] echo(5) -> 5; T1 [1,2] ping() -> "pong"', false],
  ['T0 [0,1] slow(5) -> threw(TimeoutError); T0 [2,3] slow(6) -> 6', false],
  [
    'T0 [0,1] fail(5) -> threw(RangeError); T0 [2,3] line(1) -> threw(DroppedError); T0 [4,5] aborted(2) -> threw(EvalError)',
    false,
  ],
  ['T0 [0,3] patient(5) -> threw(ClosedError); T1 [1,2] shutdown()', false],
  ['T0 [0,1] patient(5) -> threw(WorkerDiedError); T1 [2,3] crash()', true],
])('C-2: the model accepts %s', (history, crashed) => {
  expect(check(history, crashed)).toBeUndefined();
});

it.each([
  ['the answer of another', 'T0 [0,1] echo(5) -> 6', false],
  ['an answer where there is none', 'T0 [0,1] fail(5) -> 5', false],
  ['a limit that was not given', 'T0 [0,1] patient(5) -> threw(TimeoutError)', false],
  ['a death that was not', 'T0 [0,1] ping() -> threw(WorkerDiedError)', false],
  ['an end that nobody asked for', 'T0 [0,1] ping() -> threw(ClosedError)', true],
])('C-2: the model rejects %s', (_, history, crashed) => {
  expect(check(history, crashed)).toBeDefined();
});
