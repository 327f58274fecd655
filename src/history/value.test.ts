import { describe, expect, it } from 'vitest';
import { threw } from './history.ts';
import { formatValue, sameValue } from './value.ts';

class Box {
  readonly #hidden: number;
  constructor(hidden: number) {
    this.#hidden = hidden;
  }
  get(): number {
    return this.#hidden;
  }
}
const box = new Box(1);

describe('sameValue', () => {
  it.each<[unknown, unknown]>([
    [Number.NaN, Number.NaN],
    [3n, 3n],
    [undefined, undefined],
    [
      [1, [2n, 'a']],
      [1, [2n, 'a']],
    ],
    [
      { a: 1, b: [2] },
      { b: [2], a: 1 },
    ],
    [threw('E', 'one'), threw('E', 'another')],
    [threw('E'), structuredClone(threw('E'))],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])],
    [new Set([1, 2]), new Set([2, 1])],
    [Int32Array.of(1, 2), Int32Array.of(1, 2)],
    [box, box],
  ])('%o is %o', (a, b) => {
    expect(sameValue(a, b)).toBe(true);
    expect(sameValue(b, a)).toBe(true);
  });

  it.each<[unknown, unknown]>([
    [0, -0],
    [3, 3n],
    [1, '1'],
    [null, undefined],
    [null, {}],
    [[1], [1, 2]],
    [[1], [2]],
    [[], {}],
    [{ a: undefined }, {}],
    [{ a: undefined }, { b: undefined }],
    [threw('E'), threw('F')],
    [threw('E'), { other: 'E' }],
    [new Map([[1, 1]]), new Map([[1, 2]])],
    [new Set([1]), new Set([2])],
    [Int32Array.of(1), Uint32Array.of(1)],
    [new Box(1), new Box(1)],
    [new Error('a'), new Error('a')],
  ])('%o is not %o', (a, b) => {
    expect(sameValue(a, b)).toBe(false);
    expect(sameValue(b, a)).toBe(false);
  });
});

describe('formatValue', () => {
  it.each<[unknown, string]>([
    [-0, '-0'],
    [1.5, '1.5'],
    [3n, '3n'],
    ['a "b"\n', '"a \\"b\\"\\n"'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('s'), 'Symbol(s)'],
    [[1, 'a', [2n]], '[1, "a", [2n]]'],
    [{}, '{}'],
    [{ a: 1, b: '2' }, '{ a: 1, b: "2" }'],
    [Object.assign(Object.create(null), { a: 1 }), '{ a: 1 }'],
    [threw('E', 'message'), 'threw(E)'],
    [new TypeError('no'), 'TypeError("no")'],
    [new Map([['a', 1]]), 'Map[["a", 1]]'],
    [new Set([1]), 'Set[1]'],
    [Int32Array.of(1, 2), 'Int32Array[1, 2]'],
    [box, 'Box {}'],
    [formatValue, 'function formatValue'],
  ])('%o', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});
