import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { threw } from './history.ts';
import { formatValue } from './value.ts';
import { ValueReader } from './value-reader.ts';

const read = (text: string): unknown => new ValueReader(text).value();

const { value } = fc.letrec<{ value: unknown; leaf: unknown; list: unknown[] }>((tie) => ({
  leaf: fc.oneof(
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(undefined, null, threw('RelockError'), Number.NEGATIVE_INFINITY),
  ),
  list: fc.array(tie('value'), { maxLength: 3 }),
  value: fc.oneof({ maxDepth: 2 }, tie('leaf'), tie('list')),
}));

describe('ValueReader', () => {
  it('reads back every value that the notation has', () => {
    fc.assert(
      fc.property(value, (written) => {
        expect(read(formatValue(written))).toStrictEqual(written);
      }),
    );
  });

  it.each<[string, unknown]>([
    ["'it\\'s \"so\"'", 'it\'s "so"'],
    ['1e3', 1000],
    ['.5', 0.5],
    ['[ 1 ,2]', [1, 2]],
    ['threw( E )', threw('E')],
  ])('reads %s', (text, expected) => {
    expect(read(text)).toStrictEqual(expected);
  });

  it('shows where it failed', () => {
    expect(() => read('[1, oops]')).toThrow(
      'expected a value, not "oops" at column 9 of:\n[1, oops]\n        ^',
    );
    expect(() => read('[1, 2')).toThrow('expected ] at column 6');
    expect(() => read('')).toThrow('expected a value at column 1');
  });
});
