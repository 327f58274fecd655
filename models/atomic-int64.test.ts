import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { atomicInt64, atomicInt64Cells } from './atomic-int64.ts';

const verdict = (text: string, initial = 0n) =>
  checkLinearizable(atomicInt64(initial), parseHistory(text)).verdict;

describe('atomicInt64', () => {
  it.each([
    'T0 [0,1] load() -> 0n; T0 [2,3] store(7n) -> 7n; T0 [4,5] load() -> 7n',
    'T0 [0,2] add(1n) -> 1n; T1 [1,3] add(1n) -> 0n; T1 [4,5] sub(3n) -> 2n; T1 [6,7] load() -> -1n',
    'T0 [0,1] exchange(12n) -> 0n; T0 [2,3] and(10n) -> 12n; T0 [4,5] or(1n) -> 8n; T0 [6,7] xor(3n) -> 9n',
    'T0 [0,1] compareExchange(0n, 6n) -> 0n; T1 [2,3] compareExchange(5n, 7n) -> 6n; T1 [4,5] load() -> 6n',
    'T0 [0,1] add(9223372036854775807n) -> 0n; T0 [2,3] add(1n) -> 9223372036854775807n; T0 [4,5] load() -> -9223372036854775808n',
    'T0 [0,1] store(18446744073709551617n) -> 1n; T0 [2,3] load() -> 1n',
  ])('accepts %s', (text) => {
    expect(verdict(text)).toBe('linearizable');
  });

  it.each([
    'T0 [0,2] add(1n) -> 0n; T1 [1,3] add(1n) -> 0n',
    'T0 [0,1] load() -> 0',
    // A torn store: the low half of one, the high half of the other.
    'T0 [0,2] store(4294967297n) -> 4294967297n; T1 [1,3] store(8589934594n) -> 8589934594n; T2 [4,5] load() -> 4294967298n',
    'T0 [0,1] sub(1n) -> 0n; T0 [2,3] load() -> 18446744073709551615n',
  ])('rejects %s', (text) => {
    expect(verdict(text)).toBe('not-linearizable');
  });

  it('starts from the value given', () => {
    expect(verdict('T0 [0,1] load() -> 9n', 9n)).toBe('linearizable');
  });
});

describe('atomicInt64Cells', () => {
  it.each([
    ['T0 [0,1] add(0, 1n) -> 0n; T1 [2,3] add(1, 1n) -> 5n; T0 [4,5] load(0) -> 1n', 'linearizable'],
    ['T0 [0,1] store(0, 1n) -> 1n; T1 [2,3] load(1) -> 1n', 'not-linearizable'],
  ])('%s is %s', (text, expected) => {
    expect(checkLinearizable(atomicInt64Cells([0n, 5n]), parseHistory(text)).verdict).toBe(expected);
  });
});
