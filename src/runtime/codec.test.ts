import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Codec, codecs } from './codec.ts';

/** Writes and reads in the middle of other words, which must stay. */
function through<T>(codec: Codec<T>, value: T): T {
  const words = new Int32Array(codec.words + 2).fill(-7);
  codec.write(words, 1, value);
  expect([words[0], words.at(-1)]).toEqual([-7, -7]);
  return codec.read(words, 1);
}

const particle = codecs.struct({
  id: codecs.int32,
  at: codecs.struct({ x: codecs.float64, y: codecs.float64 }),
  mass: codecs.bigInt64,
  alive: codecs.boolean,
});

describe('codecs', () => {
  it('give back what was written', () => {
    const arbitrary = fc.record({
      id: fc.integer(),
      at: fc.record({ x: fc.double(), y: fc.double() }),
      mass: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      alive: fc.boolean(),
    });
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(through(particle, value)).toEqual({ ...value });
      }),
    );
    expect([particle.words, particle.name]).toEqual([8, 'struct { id, at, mass, alive }']);
  });

  it.each([[-(2 ** 31)], [-1], [0], [2 ** 31 - 1]])('int32 %s', (value) => {
    expect(through(codecs.int32, value)).toBe(value);
  });

  it.each([[NaN], [Infinity], [-0], [5e-324], [0.1]])('float64 %s', (value) => {
    expect(through(codecs.float64, value)).toBe(value);
  });

  it('words are copied', () => {
    const record = codecs.words(3);
    const given = Int32Array.of(1, 2, 3);
    const words = new Int32Array(3);
    record.write(words, 0, given);
    given[0] = 9;
    const read = record.read(words, 0);
    words[1] = 9;
    expect([...read]).toEqual([1, 2, 3]);
    expect(record.name).toBe('words(3)');
  });

  it.each([
    [
      codecs.int32,
      2 ** 31,
      new RangeError(
        'int32 holds an integer from -2147483648 to 2147483647, got 2147483648: round it, or use float64',
      ),
    ],
    [
      codecs.int32,
      1.5,
      new RangeError(
        'int32 holds an integer from -2147483648 to 2147483647, got 1.5: round it, or use float64',
      ),
    ],
    [
      codecs.int32,
      '1',
      new TypeError('int32 holds an integer from -2147483648 to 2147483647, got 1: round it, or use float64'),
    ],
    [codecs.float64, 1n, new TypeError('float64 holds a number, got 1: convert it first')],
    [
      codecs.bigInt64,
      2n ** 63n,
      new RangeError(
        'bigInt64 holds a bigint from -2^63 to 2^63 - 1, got 9223372036854775808: wrap it by BigInt.asIntN(64, value)',
      ),
    ],
    [
      codecs.bigInt64,
      1,
      new TypeError(
        'bigInt64 holds a bigint from -2^63 to 2^63 - 1, got 1: wrap it by BigInt.asIntN(64, value)',
      ),
    ],
    [codecs.boolean, 1, new TypeError('boolean holds true or false, got 1: compare it first')],
    [particle, null, new TypeError('a struct with the fields id, at, mass, alive is an object, got null')],
    [
      particle,
      { id: 1 },
      new TypeError('a struct has the fields id, at, mass, alive, but at is missing: set it'),
    ],
    [codecs.words(2), Int32Array.of(1), new TypeError('a record is an Int32Array of 2 words, got 1 words')],
    [codecs.words(2), 5, new TypeError('a record is an Int32Array of 2 words, got 5')],
  ] as unknown as readonly (readonly [Codec<unknown>, unknown, Error])[])(
    '$name refuses %s',
    (codec, value, error) => {
      expect(() => codec.write(new Int32Array(8), 0, value)).toThrow(error);
    },
  );

  it('refuse layouts of nothing', () => {
    expect(() => codecs.struct({})).toThrow(
      new RangeError('a struct has 1 field or more, got none: name them'),
    );
    for (const count of [0, 1.5, 65_537]) {
      expect(() => codecs.words(count)).toThrow(
        new RangeError(`a record has from 1 to 65536 words, got ${count}`),
      );
    }
  });
});
