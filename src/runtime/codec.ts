/**
 * How values are laid out in Int32 words, for containers in shared memory: queues, thread-local storage.
 * A value takes the same number of words each time, so a container can reserve its place once and needs no allocation.
 */

/** The layout of a `T`. Stateless; every thread makes its own from code, so it need not be sent. */
export interface Codec<T> {
  /** For messages. */
  readonly name: string;
  /** Int32 words that a value takes, 1 or more. */
  readonly words: number;
  /** Writes a value from `index` on. Throws TypeError or RangeError, and names the value, when it is no `T`. */
  write(words: Int32Array, index: number, value: T): void;
  /** The value that was written at `index`. */
  read(words: Int32Array, index: number): T;
}

/** A float64 or a bigint and its two words, in the byte order of the machine. Filled and read without a step between. */
const float64Scratch = new Float64Array(1);
const bigInt64Scratch = new BigInt64Array(float64Scratch.buffer);
const wordScratch = new Int32Array(float64Scratch.buffer);

const int32: Codec<number> = {
  name: 'int32',
  words: 1,
  write(words, index, value): void {
    if ((value | 0) !== value) {
      throw wrong(
        value,
        'number',
        'int32 holds an integer from -2147483648 to 2147483647',
        'round it, or use float64',
      );
    }
    words[index] = value;
  },
  read(words, index): number {
    return words[index]!; // containers reserve `words` words for each value, here and below
  },
};

const float64: Codec<number> = {
  name: 'float64',
  words: 2,
  write(words, index, value): void {
    if (typeof value !== 'number') throw wrong(value, 'number', 'float64 holds a number', 'convert it first');
    float64Scratch[0] = value;
    words[index] = wordScratch[0]!; // of length 2, here and below
    words[index + 1] = wordScratch[1]!;
  },
  read(words, index): number {
    wordScratch[0] = words[index]!;
    wordScratch[1] = words[index + 1]!;
    return float64Scratch[0]!; // of length 1
  },
};

const bigInt64: Codec<bigint> = {
  name: 'bigInt64',
  words: 2,
  write(words, index, value): void {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) {
      throw wrong(
        value,
        'bigint',
        'bigInt64 holds a bigint from -2^63 to 2^63 - 1',
        'wrap it by BigInt.asIntN(64, value)',
      );
    }
    bigInt64Scratch[0] = value;
    words[index] = wordScratch[0]!;
    words[index + 1] = wordScratch[1]!;
  },
  read(words, index): bigint {
    wordScratch[0] = words[index]!;
    wordScratch[1] = words[index + 1]!;
    return bigInt64Scratch[0]!; // of length 1
  },
};

const boolean: Codec<boolean> = {
  name: 'boolean',
  words: 1,
  write(words, index, value): void {
    if (typeof value !== 'boolean')
      throw wrong(value, 'boolean', 'boolean holds true or false', 'compare it first');
    words[index] = value ? 1 : 0;
  },
  read(words, index): boolean {
    return words[index] !== 0;
  },
};

/** The fields of a struct: a codec for each. */
export type Fields<T> = { readonly [Name in keyof T]: Codec<T[Name]> };

/**
 * A plain object with these fields, one after the other. Fields may be structs. Other properties are not kept; `read`
 * makes a new object each time.
 *
 * @throws RangeError when there are no fields
 */
function struct<T extends object>(fields: Fields<T>): Codec<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  if (names.length === 0) throw new RangeError('a struct has 1 field or more, got none: name them');
  const layout: { name: keyof T & string; codec: Codec<unknown>; at: number }[] = [];
  let size = 0;
  for (const name of names) {
    const codec = fields[name] as Codec<unknown>;
    layout.push({ name, codec, at: size });
    size += codec.words;
  }
  return {
    name: `struct { ${names.join(', ')} }`,
    words: size,
    write(words, index, value): void {
      if (typeof value !== 'object' || value === null) {
        throw new TypeError(
          `a struct with the fields ${names.join(', ')} is an object, got ${String(value)}`,
        );
      }
      for (const { name, codec, at } of layout) {
        if (!(name in value)) {
          throw new TypeError(`a struct has the fields ${names.join(', ')}, but ${name} is missing: set it`);
        }
        codec.write(words, index + at, value[name]);
      }
    },
    read(words, index): T {
      const value: Record<string, unknown> = {};
      for (const { name, codec, at } of layout) value[name] = codec.read(words, index + at);
      return value as T;
    },
  };
}

/**
 * A record of `count` words, as Int32Array: for layouts of one's own. `read` makes a copy.
 *
 * @throws RangeError when the count is no integer from 1 to 65,536
 */
function words(count: number): Codec<Int32Array> {
  if (!Number.isInteger(count) || count < 1 || count > 65_536) {
    throw new RangeError(`a record has from 1 to 65536 words, got ${count}`);
  }
  return {
    name: `words(${count})`,
    words: count,
    write(target, index, value): void {
      if (!(value instanceof Int32Array) || value.length !== count) {
        const got = value instanceof Int32Array ? `${value.length} words` : String(value);
        throw new TypeError(`a record is an Int32Array of ${count} words, got ${got}`);
      }
      target.set(value, index);
    },
    read(source, index): Int32Array {
      return Int32Array.from(source.subarray(index, index + count));
    },
  };
}

function wrong(value: unknown, type: string, rule: string, advice: string): Error {
  const Wrong = typeof value === type ? RangeError : TypeError;
  return new Wrong(`${rule}, got ${String(value)}: ${advice}`);
}

/** The layouts that come with the runtime. */
export const codecs: {
  /** Integers of 32 bits; 1 word. */
  readonly int32: Codec<number>;
  /** Any number; 2 words. */
  readonly float64: Codec<number>;
  /** Bigints of 64 bits; 2 words. */
  readonly bigInt64: Codec<bigint>;
  /** 1 word. */
  readonly boolean: Codec<boolean>;
  readonly struct: <T extends object>(fields: Fields<T>) => Codec<T>;
  readonly words: (count: number) => Codec<Int32Array>;
} = { int32, float64, bigInt64, boolean, struct, words };
