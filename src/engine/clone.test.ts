import { inspect, isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloneForThread } from './clone.ts';

const leaf = fc.oneof(
  fc.anything({ maxDepth: 0, withBigInt: true, withDate: true, withBoxedValues: true }),
  fc.constantFrom(-0, Number.NaN, undefined, null, 2n ** 70n, /a+/giu),
  fc.uint8Array({ maxLength: 4 }),
  fc.float64Array({ maxLength: 3 }),
  fc.bigInt64Array({ maxLength: 3 }),
  fc.uint8Array({ maxLength: 4 }).map((a) => new DataView(a.buffer)),
  fc.uint8Array({ maxLength: 4 }).map((a) => a.buffer),
  fc.string().map((s) => Buffer.from(s)),
  fc.string().map((message) => new RangeError(message)),
  fc.string().map((text) => new String(text)),
);

class Point {
  x: unknown;
  constructor(x: unknown) {
    this.x = x;
  }
  get twice(): unknown {
    return [this.x, this.x];
  }
}

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.sparseArray(tie('value'), { maxNumElements: 3 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('value'), { maxKeys: 4 }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 3 }).map((list) => new Set(list)),
    tie('value').map((x) => new Point(x)),
    tie('value').map((x) =>
      Object.assign(Object.create({ inherited: 1 }), { [Symbol.toStringTag]: 'Mine', x }),
    ),
    tie('value').map((x) => Object.assign([x], { more: x })),
    // The same object twice, and a cycle.
    tie('value').map((x) => {
      const inner = { x };
      const outer: Record<string, unknown> = { first: inner, second: inner };
      outer['self'] = outer;
      return outer;
    }),
  ),
}));

describe('the clone of a thread', () => {
  test('is what structuredClone makes', () => {
    fc.assert(
      fc.property(value, (v) => {
        const expected = structuredClone(v);
        const got = cloneForThread(v);
        if (!isDeepStrictEqual(got, expected))
          throw new Error(`${inspect(got, { depth: 9 })} is not ${inspect(expected, { depth: 9 })}`);
      }),
      { numRuns: 1000 },
    );
  });

  test('keeps what is one and the same, and cycles', () => {
    const bytes = new Uint8Array(8);
    const list: unknown[] = [bytes, new Uint16Array(bytes.buffer, 2, 2), bytes.buffer];
    list.push(list, new Map<unknown, unknown>([[list, bytes]]), new Set([bytes]));
    const [a, b, buffer, self, map, set] = cloneForThread(list) as [
      Uint8Array,
      Uint16Array,
      ArrayBuffer,
      unknown[],
      Map<unknown, unknown>,
      Set<unknown>,
    ];
    expect(a).not.toBe(bytes);
    expect(a.buffer).toBe(buffer);
    expect(b.buffer).toBe(buffer);
    expect([b.byteOffset, b.length]).toEqual([2, 2]);
    expect(self[0]).toBe(a);
    expect(map.get(self)).toBe(a);
    expect(set.has(a)).toBe(true);
  });

  test('shares memory: the very buffer, wherever it stands', () => {
    const buffer = new SharedArrayBuffer(16);
    class Tagged {
      inside = { buffer };
      get [Symbol.toStringTag](): string {
        return 'Tagged';
      }
    }
    expect(cloneForThread(buffer)).toBe(buffer);
    const view = new Int32Array(buffer, 4, 2);
    const copy = cloneForThread(view) as Int32Array;
    expect(copy).not.toBe(view);
    expect([copy.buffer, copy.byteOffset, copy.length]).toEqual([buffer, 4, 2]);
    const deep = cloneForThread({
      a: [buffer],
      m: new Map([['k', new DataView(buffer, 8, 4)]]),
      t: new Tagged(),
    }) as { a: unknown[]; m: Map<string, DataView>; t: Tagged };
    expect(deep.a[0]).toBe(buffer);
    expect(deep.m.get('k')!.buffer).toBe(buffer);
    expect([deep.m.get('k')!.byteOffset, deep.m.get('k')!.byteLength]).toEqual([8, 4]);
    expect(deep.t.inside.buffer).toBe(buffer);
    expect(Object.getPrototypeOf(deep.t)).toBe(Object.prototype);
  });

  test('makes the platform’s own views of subclasses', () => {
    class Cells extends Int32Array {
      extra = 1;
    }
    for (const buffer of [new SharedArrayBuffer(8), new ArrayBuffer(8)])
      for (const v of [
        new Cells(buffer as ArrayBuffer),
        { view: new Cells(buffer as ArrayBuffer) },
        Buffer.from(buffer as ArrayBuffer),
      ]) {
        const copy = cloneForThread(v) as Record<string, unknown>;
        const one = (copy['view'] ?? copy) as object;
        expect(Object.getPrototypeOf(one)).toBe(
          v instanceof Uint8Array ? Uint8Array.prototype : Int32Array.prototype,
        );
      }
  });

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a function inside', { a: [() => 1] }],
    ['a symbol inside', [Symbol('s')]],
    ['a function in a map', new Map([[1, () => 1]])],
    ['a promise', Promise.resolve(1)],
    ['a weak map', new WeakMap()],
    ['a weak reference', new WeakRef({})],
    [
      'a generator',
      (function* () {
        yield 1;
      })(),
    ],
    ['a promise inside', { p: Promise.resolve(1) }],
  ])('refuses %s, as structuredClone does', (_name, v) => {
    expect(() => structuredClone(v)).toThrow(DOMException);
    expect(() => cloneForThread(v)).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
  });

  test('names the shared buffers in the order of the value, each once', () => {
    const [a, b, c] = [8, 8, 8].map((n) => new SharedArrayBuffer(n)) as [
      SharedArrayBuffer,
      SharedArrayBuffer,
      SharedArrayBuffer,
    ];
    const found: ArrayBufferLike[] = [];
    cloneForThread(
      [b, { x: new Int32Array(a), y: new Int8Array(b), p: new Int8Array(2) }, new Map([[1, c]])],
      found,
    );
    expect(found).toEqual([b, a, c]);
    cloneForThread(new Int32Array(c), found);
    expect(found).toHaveLength(3);
  });
});
