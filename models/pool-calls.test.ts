import { expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkPoolCalls } from './pool-calls.ts';

const none = {
  submitted: 0,
  completed: 0,
  failed: 0,
  crashed: 0,
  cancelled: 0,
  rejected: 0,
  pending: 0,
  waiting: 0,
  repeated: 0,
};
const check = (history: string, counts: object): string | undefined =>
  checkPoolCalls(parseHistory(history), { ...none, ...counts });

it.each([
  [
    'T0 [0,3] same(5) -> 5; T1 [1,2] fails(6) -> threw(RangeError)',
    { submitted: 2, completed: 1, failed: 1 },
  ],
  [
    'T0 [0,1] aborted(5) -> threw(EvalError); T0 [2,3] timed(6) -> threw(TimeoutError)',
    { submitted: 1, cancelled: 1 },
  ],
  ['T0 [0,1] dies(5) -> threw(WorkerDiedError)', { submitted: 1, failed: 1, crashed: 1 }],
  ['T0 [0,3] slow(5) -> threw(WorkerDiedError); T1 [1,2] kill(0)', { submitted: 1, failed: 1, crashed: 1 }],
  ['T1 [0,3] close(); T0 [1,2] slow(5) -> threw(ClosedError)', {}],
  ['T0 [0,3] slow(5) -> threw(ClosedError); T1 [1,2] terminate()', { submitted: 1, cancelled: 1 }],
  ['T0 [0,1] map(5) -> [5, 6, 7]; T0 [2,3] left(9) -> [-9]', { submitted: 4, completed: 3, cancelled: 1 }],
])('W-14: the model accepts %s', (history, counts) => {
  expect(check(history, counts)).toBeUndefined();
});

it.each([
  ['the result of another', 'T0 [0,1] same(5) -> 6', { submitted: 1, completed: 1 }],
  ['results that changed places', 'T0 [0,1] map(5) -> [6, 5, 7]', { submitted: 3, completed: 3 }],
  ['a part that is missing', 'T0 [0,1] stream(5) -> [-5, 5]', { submitted: 1, completed: 1 }],
  ['a death that was not', 'T0 [0,1] same(5) -> threw(WorkerDiedError)', { submitted: 1, failed: 1 }],
  ['a task refused that came before close', 'T0 [0,3] slow(5) -> threw(ClosedError); T1 [1,2] close()', {}],
  ['an abort that nobody asked for', 'T0 [0,1] slow(5) -> threw(EvalError)', { submitted: 1, cancelled: 1 }],
  ['a task that ran on', 'T0 [0,1] aborted(5) -> threw(EvalError)', { submitted: 1, completed: 1 }],
  ['a task that is pending for ever', 'T0 [0,1] same(5) -> 5', { submitted: 2, completed: 1, pending: 1 }],
  ['counts that contradict each other', '', { submitted: 1 }],
])('W-14: the model rejects %s', (_, history, counts) => {
  expect(check(history, counts)).toBeDefined();
});
