import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { VirtualExecutor } from '../engine/virtual.ts';
import { roundRobin } from '../strategy/round-robin.ts';
import { load, newView, runPlain, runTwin } from './fixtures/subject.ts';
import { installHost, plainSymbol, twinOf, twinSymbol, UnsupportedError } from './host.ts';
import { ADD, atomicSteps, LOAD, PAUSE } from './step.ts';

const host = installHost();

/** The builtins as another realm has them: nobody has replaced anything there. */
const pristine = runInNewContext('({ Atomics, Date, Math, Function, Array, Reflect })') as Record<
  string,
  object
>;

type AnyCall = (...args: unknown[]) => unknown;

afterEach(() => {
  host.immediate = undefined;
  host.clock = undefined;
  host.random = undefined;
});

interface Shape {
  readonly attributes: string;
  readonly name: string;
  readonly length: number;
  readonly own: readonly PropertyKey[];
  readonly constructible: boolean;
}

function shapeOf(owner: object, name: string): Shape {
  const { value, ...attributes } = Object.getOwnPropertyDescriptor(owner, name)!;
  let constructible = true;
  try {
    Reflect.construct(Object, [], value as new () => object);
  } catch {
    constructible = false;
  }
  const fn = value as AnyCall;
  return {
    attributes: JSON.stringify(attributes),
    name: fn.name,
    length: fn.length,
    own: Reflect.ownKeys(fn).filter((key) => key !== twinSymbol && key !== plainSymbol),
    constructible,
  };
}

const atomicNames = Object.keys(atomicSteps).filter((name) => name in Atomics);

describe('the shape of what is replaced', () => {
  test.each([...atomicNames, 'waitAsync', 'isLockFree'])('Atomics.%s', (name) => {
    expect(shapeOf(Atomics, name)).toEqual(shapeOf(pristine['Atomics']!, name));
  });

  test('Atomics has the names it had, in their order', () => {
    expect(Reflect.ownKeys(Atomics)).toEqual(Reflect.ownKeys(pristine['Atomics']!));
    expect(Object.prototype.toString.call(Atomics)).toBe('[object Atomics]');
  });

  test.each([
    ['Date.now', Date, 'Date', 'now'],
    ['Math.random', Math, 'Math', 'random'],
  ])('%s', (_title, owner, realm, name) => {
    expect(shapeOf(owner, name)).toEqual(shapeOf(pristine[realm]!, name));
  });

  test('Function.prototype.bind, call and apply', () => {
    const { prototype } = pristine['Function'] as typeof Function;
    for (const name of ['bind', 'call', 'apply'])
      expect(shapeOf(Function.prototype, name)).toEqual(shapeOf(prototype, name));
  });

  test('array iteration', () => {
    const { prototype } = pristine['Array'] as unknown as typeof Array;
    for (const name of ['forEach', 'map', 'filter', 'some', 'every', 'find', 'findIndex', 'reduce'])
      expect(shapeOf(Array.prototype, name)).toEqual(shapeOf(prototype, name));
    expect(shapeOf(Reflect, 'apply')).toEqual(shapeOf(pristine['Reflect']!, 'apply'));
  });

  test('performance.now is a method of the prototype', () => {
    expect(Object.hasOwn(performance, 'now')).toBe(false);
    const shape = shapeOf(Object.getPrototypeOf(performance) as object, 'now');
    expect(shape).toMatchObject({ name: 'now', length: 0, constructible: false });
    expect(shape.attributes).toBe('{"writable":true,"enumerable":true,"configurable":true}');
    expect(() => Reflect.apply(performance.now, {}, [])).toThrow(TypeError);
  });

  test('the symbols of twins are not enumerable on builtins', () => {
    expect(Object.getOwnPropertyDescriptor(Atomics.load, twinSymbol)?.enumerable).toBe(false);
    expect(Object.getOwnPropertyDescriptor(Array.prototype.map, twinSymbol)?.enumerable).toBe(false);
  });

  test('installing twice gives the same host and replaces nothing twice', () => {
    const before = Atomics.load;
    expect(installHost()).toBe(host);
    expect(Atomics.load).toBe(before);
  });
});

describe('Atomics outside executions', () => {
  const views = [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array] as const;
  const bigs = [BigInt64Array, BigUint64Array] as const;
  const odd = fc.oneof(
    fc.integer({ min: -3, max: 9 }),
    fc.double(),
    fc.bigInt({ min: -5n, max: 5n }),
    fc.constantFrom<unknown>(
      undefined,
      null,
      '1',
      'x',
      true,
      {},
      { valueOf: () => 2 },
      Symbol.iterator,
      [],
      Number.NaN,
    ),
  );
  const kinds = [...views, ...bigs, Float64Array];

  function outcome(fn: AnyCall, make: (typeof kinds)[number] | undefined, args: readonly unknown[]): unknown {
    const view = make === undefined ? {} : new (make as typeof Int32Array)(new SharedArrayBuffer(32));
    try {
      const result = fn(view, ...args);
      return { result, left: make === undefined ? [] : Array.from(view as Int32Array) };
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  }

  test.each(atomicNames.filter((name) => name !== 'wait' && name !== 'pause'))(
    '%s: same results and errors',
    (name) => {
      const replaced = (Atomics as unknown as Record<string, AnyCall>)[name]!;
      const native = (host.native as unknown as Record<string, AnyCall>)[name]!;
      expect(replaced).not.toBe(native);
      fc.assert(
        fc.property(fc.constantFrom(undefined, ...kinds), fc.array(odd, { maxLength: 5 }), (make, args) => {
          expect(outcome(replaced, make, args)).toEqual(outcome(native, make, args));
        }),
        { numRuns: 300, seed: 7 },
      );
    },
  );

  test('wait: same results and errors, and the time-out is real time', () => {
    const { wait } = host.native;
    for (const args of [
      [0, 1],
      [0, 0, 0],
      [0, 0, -1],
      [0, 0, 1],
      [9, 0, 0],
      [0, 5n, 0],
      [0, 0, 'x'],
    ].slice(0, 6)) {
      expect(outcome(Atomics.wait as AnyCall, Int32Array, args)).toEqual(
        outcome(wait as AnyCall, Int32Array, args),
      );
      expect(outcome(Atomics.wait as AnyCall, Int8Array, args)).toEqual(
        outcome(wait as AnyCall, Int8Array, args),
      );
    }
    const before = performance.now();
    expect(Atomics.wait(newView(), 0, 0, 20)).toBe('timed-out');
    expect(performance.now() - before).toBeGreaterThan(15);
  });

  test('waitAsync: same results', () => {
    const waitAsync = Atomics.waitAsync as unknown as AnyCall;
    expect(waitAsync(newView(), 0, 1)).toEqual({ async: false, value: 'not-equal' });
    expect(waitAsync(newView(), 0, 0, 0)).toEqual({ async: false, value: 'timed-out' });
    expect(() => waitAsync(new Int8Array(8), 0, 0)).toThrow(TypeError);
  });

  test('they need no this', () => {
    const { load, store } = Atomics;
    const v = newView();
    expect([load(v, 1), store(v, 1, 3.7), load(v, 1), Reflect.apply(load, null, [v, 2])]).toEqual([
      10, 3, 3, 20,
    ]);
  });
});

describe('Atomics inside an execution, in a frame that cannot be suspended', () => {
  test('every function is reported with its arguments, and gives what the engine answers', () => {
    const seen: unknown[] = [];
    host.immediate = (kind, view, index, a, b) => {
      seen.push([kind, view, index, a, b]);
      return 'answer';
    };
    const v = newView();
    for (const name of atomicNames) {
      const { kind, most } = atomicSteps[name]!;
      const args = [v, 1, 2, 3].slice(0, most);
      const answer = (Atomics as unknown as Record<string, AnyCall>)[name]!(...args);
      expect(answer).toBe('answer');
      expect(seen.pop()).toEqual([kind, ...args, ...new Array(4 - args.length).fill(undefined)]);
    }
    expect(Atomics.isLockFree(4)).toBe(true);
    expect(seen).toEqual([]);
    expect([...v]).toEqual([...newView()]);
  });

  test('waitAsync is refused', () => {
    host.immediate = () => undefined;
    expect(() => Atomics.waitAsync(newView(), 0, 0)).toThrow(UnsupportedError);
    host.immediate = undefined;
    expect(Atomics.waitAsync(newView(), 0, 1).async).toBe(false);
  });
});

describe('Atomics.pause, where the platform has it', () => {
  test('is a step of its own kind', () => {
    expect(atomicSteps['pause']).toEqual({ kind: PAUSE, least: 0, most: 0 });
    expect([atomicSteps['load']?.kind, atomicSteps['add']?.kind]).toEqual([LOAD, ADD]);
    expect('pause' in Atomics).toBe('pause' in pristine['Atomics']!);
  });
});

describe('Function.prototype.bind', () => {
  test('results, names, lengths, errors and constructors are as they were', () => {
    function sum(this: number, a: number, b: number, c: number): number[] {
      return [Number(this), a, b, c];
    }
    const bound = sum.bind(1, 2);
    expect([bound.name, bound.length, bound(3, 4)]).toEqual(['bound sum', 2, [1, 2, 3, 4]]);
    expect(bound.bind(9, 8)(7)).toEqual([1, 2, 8, 7]);
    expect('prototype' in bound).toBe(false);
    class Point {
      readonly at: readonly number[];
      constructor(...at: number[]) {
        this.at = at;
      }
    }
    const Bound = Point.bind(null, 1) as typeof Point;
    expect(new Bound(2)).toEqual(new Point(1, 2));
    expect(new Bound(2)).toBeInstanceOf(Point);
    for (const self of [null, undefined, 1, {}, 'x'])
      expect(() => Reflect.apply(Function.prototype.bind, self, [])).toThrow(TypeError);
  });

  test('the twin of a bound function is the bound twin', async () => {
    const { get } = await load(`export function get(...args) {
  return [this?.k, Atomics.load(args[0], 1), args.length];
}`);
    const v = newView();
    const bound = (get as AnyCall).bind({ k: 5 }, v, 1);
    expect(twinOf(bound)).toBeDefined();
    expect(runTwin(bound, 2)).toEqual({ value: [5, 10, 3], error: undefined, steps: 'load@2' });
    expect(runTwin(bound.bind({ k: 6 }, 2), 3)).toEqual({
      value: [5, 10, 4],
      error: undefined,
      steps: 'load@2',
    });
    expect(runPlain(bound, 2).value).toEqual([5, 10, 3]);
    expect(twinOf((() => 1).bind(0))).toBeUndefined();
    // What was copied from a function is not its twin.
    expect(twinOf(Object.assign(() => 1, get).bind(0))).toBeUndefined();
  });
});

describe('call, apply and Reflect.apply as twins', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['f.apply(1, [2, 3])', [1, 2, 3]],
    ['f.apply(1)', [1]],
    ['f.apply(1, null)', [1]],
    ["f.apply(1, { length: '2', 0: 5, 1: 6, 2: 7 })", [1, 5, 6]],
    ['f.apply(1, [, 2])', [1, undefined, 2]],
    ['f.apply(1, { length: -1, 0: 5 })', [1]],
    ['f.apply(1, new Set([1, 2]))', [1]],
    ['f.apply(1, Object.assign([1], { *[Symbol.iterator]() { yield 9; } }))', [1, 1]],
    ['f.apply(1, 5)', 'TypeError'],
    ['f.apply(1, "ab")', 'TypeError'],
    ['Reflect.apply(f, 1, [2])', [1, 2]],
    ['Reflect.apply(f, 1)', 'TypeError'],
    ['Reflect.apply(5, 1, [])', 'TypeError'],
    ['f.call()', [undefined]],
    ['f.call(1, 2, 3)', [1, 2, 3]],
    ['Function.prototype.call.call(5)', 'TypeError'],
    ['Function.prototype.apply.call(f, 1, [2])', [1, 2]],
    ['f.call.apply(f, [1, 2])', [1, 2]],
    ['Math.max.apply(null, [1, 3, 2])', 3],
  ];

  test.each(cases)('%s', async (text, expected) => {
    const { main } = await load(`function f(...args) { Atomics.load(v, 0); return [this, ...args]; }
let v;
export function main(view) { v = view; try { return ${text}; } catch (error) { return error.name; } }`);
    const plain = runPlain(main, newView());
    expect(plain.value).toEqual(expected);
    const twin = runTwin(main, newView());
    expect(twin.value).toEqual(expected);
    expect(twin.steps).toBe(Array.isArray(expected) ? 'load@1' : '');
  });
});

describe('array iteration as twins', () => {
  const methods = ['forEach', 'map', 'filter', 'some', 'every', 'find', 'findIndex', 'reduce'];

  /** One module with all methods; what a callback does is drawn. */
  const source = `let log, v;
const callbacks = {
  id: (x) => x, odd: (x, i) => (Atomics.load(v, 0), i % 2 === 1), truthy: (x) => { log.push(x); return x > 3; },
  all: function (...args) { log.push(this === undefined ? 'none' : String(this?.me), args.length, args.at(-2), args.at(-1) === list || typeof args.at(-1)); return args[0]; },
  grow: (x, i, all) => { log.push(x); if (all.length < 9 && Array.isArray(all)) all.push(7); return x; },
  shrink: (x, i, all) => { log.push(x); if (Array.isArray(all)) all.pop(); return x; },
  hole: (x, i, all) => { delete all[i + 1]; log.push(x); return i; },
  throws: (x, i) => { log.push(x); if (Atomics.load(v, 0) === 0 && i >= 1) throw new Error('at ' + i); return false; },
  step: (x, i) => Atomics.add(v, 1, 1) + (x?.n ?? x ?? 0) + (i ?? 0),
};
let list;
class Own extends Array { sum() { return this.length; } }
class Plain extends Array { static get [Symbol.species]() { return Array; } }
class Odd extends Array { static get [Symbol.species]() { return undefined; } }
const makers = {
  array: (items) => items, own: (items) => Own.from(items), plain: (items) => Plain.from(items), odd: (items) => Odd.from(items),
  like: (items) => ({ ...items, length: String(items.length + 1), me: 'like' }), negative: (items) => ({ ...items, length: -2 }), fraction: (items) => ({ ...items, length: items.length - 0.5 }),
  sparse: (items) => { const made = [...items]; if (made.length > 1) delete made[1]; made.length += 1; return made; },
  string: (items) => items.join(''), number: () => 5, none: () => null, gone: () => undefined, noMaker: (items) => Object.assign([...items], { constructor: undefined }),
  badMaker: (items) => Object.assign([...items], { constructor: 5 }), frozen: (items) => Object.freeze([...items]),
};
export function main(view, seen, method, callback, maker, items, withSelf, start) {
  log = seen; v = view;
  list = makers[maker]([...items]);
  const args = method === 'reduce' ? (start === 'none' ? [] : [start]) : withSelf ? [{ me: 'self' }] : [];
  const fn = callback === 'missing' ? undefined : callback === 'object' ? {} : callbacks[callback];
  const result = Array.prototype[method].call(list, fn, ...args);
  return [result === list, Array.isArray(result) ? [result.constructor?.name, Object.keys(result), result.length, [...result]] : result, typeof list === 'object' && list !== null ? { ...list } : list];
}
export const names = [Object.keys(callbacks), Object.keys(makers)];`;

  test.each(methods)('%s behaves as the builtin', async (method) => {
    const { main, names } = (await load(source)) as { main: AnyCall; names: [string[], string[]] };
    let suspended = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...names[0], 'missing', 'object'),
        fc.constantFrom(...names[1]),
        fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 5 }),
        fc.boolean(),
        fc.constantFrom<unknown>('none', undefined, 0, 100),
        (callback, maker, items, withSelf, start) => {
          const results = [runPlain, runTwin].map((run) => {
            const log: unknown[] = [];
            const view = newView();
            const { value, error, steps } = run(
              main,
              view,
              log,
              method,
              callback,
              maker,
              items,
              withSelf,
              start,
            );
            if (steps.includes('load@')) suspended++;
            expect(steps).not.toContain('!');
            return { value, error: error instanceof Error ? `${error.name}` : error, log, view: [...view] };
          });
          expect(results[1]).toEqual(results[0]);
        },
      ),
      { numRuns: 700, seed: 11 },
    );
    expect(suspended).toBeGreaterThan(20);
  });
});

describe('time and chance', () => {
  test('outside executions they are real', () => {
    const before = Date.now();
    expect(Math.abs(before - Number(new Date(Date.now())))).toBeLessThan(1000);
    expect(performance.now()).toBeGreaterThan(0);
    const drawn = new Set(Array.from({ length: 20 }, () => Math.random()));
    expect(drawn.size).toBeGreaterThan(15);
  });

  test('while an execution runs they are its own', () => {
    host.clock = () => 12.75;
    host.random = () => 0.25;
    expect([Date.now(), performance.now(), Math.random()]).toEqual([946_684_800_012, 12.75, 0.25]);
    host.clock = undefined;
    host.random = undefined;
    expect(Date.now()).toBeGreaterThan(1_600_000_000_000);
  });

  test('an execution sees its virtual clock and chance, twice the same, and gives them back', async () => {
    const module = await load(`let seen;
export const setup = () => 0;
export const thread = () => { seen = [Date.now(), Math.random(), Math.random(), performance.now()]; return seen; };
export const last = () => seen;`);
    const program = {
      threads: 1,
      setup: module['setup'] as () => unknown,
      thread: module['thread'] as () => unknown,
    };
    const executor = new VirtualExecutor(program);
    const runs = [0, 1].map(() => {
      expect(executor.run(roundRobin(1)).kind).toBe('passed');
      return (module['last'] as () => number[])();
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]![0]).toBe(946_684_800_000);
    expect(runs[0]![1]).not.toBe(runs[0]![2]);
    expect([host.clock, host.random, host.immediate]).toEqual([undefined, undefined, undefined]);
    expect(Date.now()).toBeGreaterThan(1_600_000_000_000);
  });
});
