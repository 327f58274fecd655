import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { type Arithmetic, atomicCell, atomicCells } from './atomic-cell.ts';

/** Integers of two bits: -2 to 1. */
const int2: Arithmetic<number> = {
  wrap: (value) => (value << 30) >> 30,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

describe('atomicCell', () => {
  it.each([
    ['T0 [0,1] load() -> -1; T0 [2,3] add(2) -> -1; T0 [4,5] load() -> 1', 'linearizable'],
    [
      'T0 [0,1] store(2) -> -2; T0 [2,3] compareExchange(6, 5) -> -2; T0 [4,5] exchange(3) -> 1',
      'linearizable',
    ],
    ['T0 [0,1] store(2) -> 2', 'not-linearizable'],
  ])('wraps operands, results and the initial value: %s is %s', (text, expected) => {
    expect(checkLinearizable(atomicCell('int2', int2, 3), parseHistory(text)).verdict).toBe(expected);
  });
});

describe('atomicCells', () => {
  it('finds the cell that is wrong', () => {
    const history = parseHistory('T0 [0,1] add(0, 1) -> 0; T1 [2,3] add(1, 1) -> 1; T1 [4,5] load(1) -> 1');
    const { explanation } = checkLinearizable(atomicCells('int2 cells', int2, [0, 1]), history);
    expect(explanation).toMatchObject({ partition: 1, operations: [1, 2] });
  });
});
