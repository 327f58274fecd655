import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { threadStorage } from './thread-storage.ts';

const verdict = (text: string) =>
  checkLinearizable(threadStorage({ ids: 2, variables: 2, cells: 8, used: 4 }), parseHistory(text)).verdict;

describe('threadStorage', () => {
  it.each([
    'T0 [0,1] claim() -> 0; T1 [2,3] claim() -> 1; T2 [4,5] claim() -> threw(RoleTakenError)',
    'T0 [0,1] claim() -> 1; T0 [2,3] claim(0) -> threw(RoleTakenError); T1 [4,5] claim(1) -> threw(RoleTakenError)',
    'T0 [0,1] claim() -> 0; T0 [2,3] get(0); T0 [4,5] set(0, 0); T0 [6,7] get(0) -> 0; T0 [8,9] has(0) -> true',
    'T0 [0,1] claim() -> 0; T0 [2,3] set(0, 5); T0 [4,5] release(); T1 [6,7] claim(0) -> 0; T1 [8,9] get(0)',
    'T0 [0,1] claim() -> 0; T0 [2,3] set(0, 5); T0 [4,5] delete(0) -> true; T0 [6,7] delete(0) -> false',
    'T0 [0,1] get(0) -> threw(NotCreatedError); T0 [2,3] release()',
    'T0 [0,1] newKey(3) -> 4; T0 [2,3] newKey(1) -> threw(OutOfMemoryError)',
  ])('accepts %s', (text) => {
    expect(verdict(text)).toBe('linearizable');
  });

  it.each([
    ['one id for two', 'T0 [0,2] claim() -> 0; T1 [1,3] claim() -> 0'],
    ['a refusal with an id free', 'T0 [0,1] claim() -> 0; T1 [2,3] claim() -> threw(RoleTakenError)'],
    [
      'the value of another thread',
      'T0 [0,1] claim() -> 0; T1 [2,3] claim() -> 1; T0 [4,5] set(0, 5); T1 [6,7] get(0) -> 5',
    ],
    [
      'T4: the value of the last thread',
      'T0 [0,1] claim() -> 0; T0 [2,3] set(0, 5); T0 [4,5] release(); T1 [6,7] claim(0) -> 0; T1 [8,9] get(0) -> 5',
    ],
    ['0 for unset', 'T0 [0,1] claim() -> 0; T0 [2,3] get(0) -> 0'],
    ['unset for 0', 'T0 [0,1] claim() -> 0; T0 [2,3] set(0, 0); T0 [4,5] has(0) -> false'],
    ['T1: a key past the end', 'T0 [0,1] newKey(3) -> 4; T0 [2,3] newKey(1) -> 8'],
    ['one key for two', 'T0 [0,2] newKey(1) -> 4; T1 [1,3] newKey(1) -> 4'],
    ['a value without an id', 'T0 [0,1] set(0, 1)'],
  ])('rejects %s', (_, text) => {
    expect(verdict(text)).toBe('not-linearizable');
  });
});
