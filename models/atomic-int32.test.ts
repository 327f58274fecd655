import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { effectsOf } from '../src/linearize/specification.ts';
import { atomicInt32, atomicInt32Cells } from './atomic-int32.ts';

const verdict = (text: string, initial = 0) =>
  checkLinearizable(atomicInt32(initial), parseHistory(text)).verdict;

describe('atomicInt32', () => {
  it.each([
    'T0 [0,1] load() -> 0; T0 [2,3] store(7) -> 7; T0 [4,5] load() -> 7',
    'T0 [0,2] add(1) -> 1; T1 [1,3] add(1) -> 0; T1 [4,5] sub(3) -> 2; T1 [6,7] load() -> -1',
    'T0 [0,1] store(12) -> 12; T0 [2,3] and(10) -> 12; T0 [4,5] or(1) -> 8; T0 [6,7] xor(3) -> 9; T0 [8,9] load() -> 10',
    'T0 [0,1] exchange(5) -> 0; T1 [2,3] compareExchange(5, 6) -> 5; T1 [4,5] compareExchange(5, 7) -> 6; T1 [6,7] load() -> 6',
    'T0 [0,1] store(2147483647) -> 2147483647; T0 [2,3] add(1) -> 2147483647; T0 [4,5] load() -> -2147483648',
    'T0 [0,1] store(4294967297.5) -> 1; T0 [2,3] compareExchange(4294967297, -1) -> 1; T0 [4,5] sub(2147483648) -> -1',
    'T0 [0,) add(1); T1 [1,2] load() -> 1',
  ])('accepts %s', (text) => {
    expect(verdict(text)).toBe('linearizable');
  });

  it.each([
    'T0 [0,2] add(1) -> 0; T1 [1,3] add(1) -> 0',
    'T0 [0,1] add(1) -> 1',
    'T0 [0,2] compareExchange(0, 1) -> 0; T1 [1,3] compareExchange(0, 2) -> 0',
    'T0 [0,1] store(1) -> 1; T1 [2,3] load() -> 0',
    'T0 [0,1] store(4294967296) -> 4294967296',
    'T0 [0,1] add(2147483647) -> 0; T0 [2,3] add(1) -> 2147483647; T0 [4,5] load() -> 2147483648',
    'T0 [0,1] xor(1) -> 0; T0 [2,3] xor(1) -> 1; T0 [4,5] load() -> 1',
  ])('rejects %s', (text) => {
    expect(verdict(text)).toBe('not-linearizable');
  });

  it('starts from the value given', () => {
    expect(verdict('T0 [0,1] load() -> 9', 9)).toBe('linearizable');
  });

  it('does what Atomics does, but for the result of a store', () => {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const model = atomicInt32();
    const operand = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.constantFrom(2 ** 31, 2 ** 32 + 1, -(2 ** 31) - 1),
    );
    const names = fc.constantFrom(
      'load',
      'store',
      'add',
      'sub',
      'and',
      'or',
      'xor',
      'exchange',
      'compareExchange',
    );
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.tuple(names, operand, operand)), (initial, calls) => {
        cell[0] = initial;
        let state = initial;
        for (const [name, first, second] of calls) {
          const args = name === 'load' ? [] : name === 'compareExchange' ? [first, second] : [first];
          const apply = Atomics[name] as (cell: Int32Array, index: number, ...args: number[]) => number;
          const result = apply(cell, 0, ...args);
          const effect = effectsOf(model.step(state, { thread: 0, name, args }))[0]!; // it never blocks
          expect(effect).toEqual({ state: cell[0], result: name === 'store' ? cell[0] : result });
          state = effect.state;
        }
      }),
    );
  });
});

describe('atomicInt32Cells', () => {
  const model = atomicInt32Cells([0, 5]);

  it.each([
    [
      'T0 [0,1] add(0, 1) -> 0; T1 [2,3] add(1, 1) -> 5; T0 [4,5] load(0) -> 1; T0 [6,7] load(1) -> 6',
      'linearizable',
    ],
    ['T0 [0,1] store(0, 1) -> 1; T1 [2,3] load(1) -> 1', 'not-linearizable'],
    // Not sequentially consistent: each cell alone fits, in orders that real time forbids.
    ['T0 [0,3] store(0, 1) -> 1; T1 [1,2] load(0) -> 1; T1 [4,5] load(0) -> 0', 'not-linearizable'],
  ])('%s is %s', (text, expected) => {
    expect(checkLinearizable(model, parseHistory(text)).verdict).toBe(expected);
  });

  it('is the same with and without its parts', () => {
    const { partition: _partition, ...whole } = model;
    const history = parseHistory(
      'T0 [0,3] add(0, 1) -> 0; T1 [1,2] load(0) -> 1; T1 [4,5] exchange(1, 2) -> 5',
    );
    expect(checkLinearizable(whole, history).verdict).toBe('linearizable');
    expect(checkLinearizable(model, history).verdict).toBe('linearizable');
  });

  it('does not know other cells', () => {
    expect(() => checkLinearizable(model, parseHistory('T0 [0,1] load(2) -> 0'))).toThrow(
      'atomic int32 cells has cells 0 to 1, not 2',
    );
  });
});
