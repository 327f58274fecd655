import { describe, expect, it } from 'vitest';
import { stateKey } from './state-key.ts';

/** Pairwise different states. */
const states: readonly unknown[] = [
  0,
  -0,
  Number.NaN,
  1,
  1n,
  '1',
  '1n',
  '-0',
  true,
  'true',
  undefined,
  'undefined',
  null,
  [],
  [undefined],
  [null],
  [1],
  [1n],
  ['1'],
  [1, 2],
  ['1,2'],
  [[1], 2],
  [[1, 2]],
  {},
  { a: 1 },
  { a: 1, b: 2 },
  { b: 2, a: 1 },
  { 'a":1,"b': 2 },
  new Map(),
  new Map([['a', 1]]),
  new Set(),
  new Set(['a']),
  Int32Array.of(1),
  Uint32Array.of(1),
  BigInt64Array.of(1n),
];

describe('stateKey', () => {
  it('tells different states apart', () => {
    const keys = new Map(states.map((state) => [stateKey(state), state]));
    expect(keys.size).toBe(states.length);
  });

  it('is the same for a copy', () => {
    for (const state of states) expect(stateKey(structuredClone(state))).toBe(stateKey(state));
  });

  it('refuses what it cannot look into', () => {
    class Box {}
    expect(() => stateKey(new Box())).toThrow(
      'a Box in a state has no default key; give the specification its own',
    );
    expect(() => stateKey([() => 0])).toThrow('a function in a state');
    expect(() => stateKey({ at: new Date() })).toThrow('a Date in a state');
    expect(() => stateKey(Symbol('s'))).toThrow(TypeError);
  });
});
