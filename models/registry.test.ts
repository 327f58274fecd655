import { expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { registry } from './registry.ts';

const verdict = (history: string): string => checkLinearizable(registry(2), parseHistory(history)).verdict;

it.each([
  ['T0 [0,1] get(0)'],
  ['T0 [0,1] set(0, 5) -> 1; T1 [2,3] get(0) -> 5; T1 [4,5] snapshot() -> "1: 5, -"'],
  ['T0 [0,3] set(0, 5) -> 2; T1 [1,2] set(1, 6) -> 1; T1 [4,5] snapshot() -> "2: 5, 6"'],
  ['T0 [0,1] delete(0) -> false; T0 [2,3] version() -> 1'],
  ['T0 [0,3] add(0, 2) -> 3; T1 [1,2] add(0, 1) -> 1; T0 [4,5] delete(0) -> true'],
  ['T0 [0,1] move(0, 1, 4); T1 [2,3] snapshot() -> "1: -4, 4"'],
  ['T0 [0,1] move(1, 1, 4); T1 [2,3] get(1) -> 0'],
])('D-7: the model accepts %s', (history) => {
  expect(verdict(history)).toBe('linearizable');
});

it.each([
  ['a lost write', 'T0 [0,3] set(0, 5) -> 1; T1 [1,2] set(1, 6) -> 2; T1 [4,5] get(0)'],
  ['one version twice', 'T0 [0,1] set(0, 5) -> 1; T1 [2,3] set(1, 6) -> 1'],
  ['half a move', 'T0 [0,9] move(0, 1, 4); T1 [2,3] snapshot() -> "1: -4, -"'],
  ['an old record', 'T0 [0,1] set(0, 5) -> 1; T1 [2,3] get(0)'],
  ['a lost addition', 'T0 [0,3] add(0, 1) -> 1; T1 [1,2] add(0, 1) -> 1'],
])('D-7: the model rejects %s', (_, history) => {
  expect(verdict(history)).toBe('not-linearizable');
});
