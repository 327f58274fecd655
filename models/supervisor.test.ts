import { expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkSupervision } from './supervisor.ts';

it.each([
  ['T0 [0,1] start("a") -> "served"; T0 [2,3] stop("a")'],
  ['T0 [0,3] start("a") -> threw(ClosedError); T1 [1,2] stop("a")'],
  ['T0 [0,) start("a")'],
])('C-8: the model accepts %s', (history) => {
  expect(checkSupervision(parseHistory(history))).toBeUndefined();
});

it.each([
  ['T0 [0,1] start("a") -> "another"'],
  ['T0 [0,1] start("a") -> threw(EvalError)'],
  ['T0 [0,1] stop("a"); T0 [2,3] start("a") -> threw(ClosedError)'],
  ['T0 [0,3] start("a") -> threw(ClosedError); T1 [1,2] stop("b")'],
  ['T0 [0,1] stop("a") -> threw(Error)'],
])('C-8: the model rejects %s', (history) => {
  expect(checkSupervision(parseHistory(history))).toBeDefined();
});
