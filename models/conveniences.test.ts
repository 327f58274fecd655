import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { atomicCounter, atomicFlag } from './conveniences.ts';

const flag = (text: string, stuck = false) =>
  checkLinearizable(atomicFlag(), parseHistory(text), { stuck }).verdict;
const counter = (text: string) => checkLinearizable(atomicCounter(1, 3), parseHistory(text)).verdict;

describe('atomicFlag', () => {
  it('accepts one who sets it', () => {
    expect(
      flag(
        'T0 [0,2] set() -> true; T1 [1,3] set() -> false; T0 [4,5] clear() -> true; T0 [6,7] clear() -> false',
      ),
    ).toBe('linearizable');
    expect(flag('T0 [0,3] wait() -> true; T1 [1,2] set() -> true; T1 [4,5] isSet() -> true')).toBe(
      'linearizable',
    );
    expect(flag('T0 [0,1] waitFor(5) -> false')).toBe('linearizable');
  });

  it.each([
    'T0 [0,2] set() -> true; T1 [1,3] set() -> true',
    'T0 [0,1] wait() -> true',
    'T0 [0,1] set() -> true; T1 [2,3] waitFor(5) -> false',
    'T0 [0,1] set() -> true; T1 [2,3] isSet() -> false',
  ])('rejects %s', (text) => {
    expect(flag(text)).toBe('not-linearizable');
  });

  it('when stuck, a wait is for a flag that is clear', () => {
    expect(flag('T0 [0,) wait(); T1 [1,2] set() -> true; T1 [3,4] clear() -> true', true)).toBe(
      'linearizable',
    );
    expect(flag('T0 [0,) wait(); T1 [1,2] set() -> true', true)).toBe('not-linearizable');
  });
});

describe('atomicCounter', () => {
  it.each([
    'T0 [0,1] increment(2) -> 3; T0 [2,3] increment(1) -> threw(CountOverflowError); T0 [4,5] value() -> 3',
    'T0 [0,2] decrement(1) -> 0; T1 [1,3] decrement(1) -> threw(CountUnderflowError)',
  ])('accepts %s', (text) => {
    expect(counter(text)).toBe('linearizable');
  });

  it.each([
    'T0 [0,2] decrement(1) -> 0; T1 [1,3] decrement(1) -> 0',
    'T0 [0,1] decrement(2) -> -1',
    'T0 [0,1] increment(3) -> 4',
    'T0 [0,1] increment(1) -> 1',
  ])('rejects %s', (text) => {
    expect(counter(text)).toBe('not-linearizable');
  });
});
