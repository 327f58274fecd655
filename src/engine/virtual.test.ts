import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UnsupportedError } from '../instrument/host.ts';
import { segments } from '../schedule/segments.ts';
import { pct } from '../strategy/pct.ts';
import { random } from '../strategy/random.ts';
import { roundRobin } from '../strategy/round-robin.ts';
import { followSegments } from '../strategy/segments.ts';
import type { Strategy } from '../strategy/strategy.ts';
import { type Cells, cells, everySchedule, executorOf, run, runAll, script } from './fixtures/schedules.ts';
import { subject } from './fixtures/subject.ts';
import type { Outcome } from './outcome.ts';
import type { Program } from './program.ts';

/** Steps as `T0 load 0 -> 5`: thread, kind, byte offset, result. */
function steps(executor: { readonly trace: ReturnType<typeof executorOf>['trace'] }): string[] {
  return (executor.trace ?? []).map(
    ({ thread, kind, byteOffset, result }) =>
      `T${thread} ${kind}${byteOffset === undefined ? '' : ` ${byteOffset}`}${result === undefined ? '' : ` -> ${String(result)}`}`,
  );
}

describe('wait and notify', () => {
  test('sleepers of a cell wake first-in first-out, whatever view they used', () => {
    const log: string[] = [];
    const program = subject(
      ({ log }) => ({
        threads: 4,
        setup: () => new SharedArrayBuffer(32),
        thread(id: number, buffer: SharedArrayBuffer): void {
          // One cell at byte 16, by three kinds of view.
          if (id === 0) log.push(`T0 ${Atomics.wait(new Int32Array(buffer), 4, 0)}`);
          if (id === 1) log.push(`T1 ${Atomics.wait(new Int32Array(buffer, 8), 2, 0)}`);
          if (id === 2) log.push(`T2 ${Atomics.wait(new BigInt64Array(buffer, 16), 0, 0n)}`);
          if (id === 3) {
            log.push(`woke ${Atomics.notify(new Int32Array(buffer, 16, 1), 0, 2)}`);
            log.push(`woke ${Atomics.notify(new Int32Array(buffer), 4)}`);
          }
        },
      }),
      { log },
    );
    // All start; T2, T0, T1 go to sleep in this order; T3 notifies two, then the rest.
    const { outcome, executor } = run(program, [0, 1, 2, 3, 2, 0, 1, 3, 2, 0, 3, 1]);
    expect(outcome.kind).toBe('passed');
    expect(log).toEqual(['woke 2', 'T2 ok', 'T0 ok', 'woke 1', 'T1 ok']);
    expect(executor.trace!.filter(({ woke }) => woke !== undefined).map(({ woke }) => woke)).toEqual([
      [2, 0],
      [1],
    ]);
  });

  test('cells of another offset or another buffer do not wake', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => [cells(2), cells(2)] as const,
      thread(id: number, [a, b]: readonly [Cells, Cells]): unknown {
        if (id === 0) return Atomics.wait(a, 0, 0);
        return [Atomics.notify(a, 1), Atomics.notify(b, 0), Atomics.notify(a, 0)];
      },
      check(_shared: unknown, results: readonly unknown[]): void {
        if (JSON.stringify(results) !== '["ok",[0,0,1]]') throw new Error(JSON.stringify(results));
      },
    }));
    expect(run(program, [0, 0]).outcome).toMatchObject({ kind: 'passed', message: '' });
  });

  test('not-equal at once; ok when notified; timed-out when the schedule says so', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(id: number, view: Cells): unknown {
        if (id === 0) return [Atomics.wait(view, 0, 7), Atomics.wait(view, 0, 0, 10)];
        return Atomics.notify(view, 0);
      },
    }));
    const results: unknown[] = [];
    const seen = { ...program, check: (_: unknown, r: readonly unknown[]) => void results.push(r) };
    run(seen, [0, 0, 0, 1, 1, 0]);
    run(seen, [0, 0, 0, 0, 1, 1]);
    run(seen, [1, 1, 0, 0, 0]);
    expect(results).toEqual([
      [['not-equal', 'ok'], 1],
      [['not-equal', 'timed-out'], 0],
      [['not-equal', 'timed-out'], 0],
    ]);
  });

  test.each([
    ['negative', -1, 'timed-out'],
    ['minus infinity', Number.NEGATIVE_INFINITY, 'timed-out'],
    ['zero', 0, 'timed-out'],
    ['a fraction', 0.5, 'sleeps until then'],
    ['a string', '5', 'sleeps until then'],
    ['NaN', Number.NaN, 'sleeps'],
    ['undefined', undefined, 'sleeps'],
    ['Infinity', Number.POSITIVE_INFINITY, 'sleeps'],
  ])('a time-out that is %s', (_name, timeout, expected) => {
    const program = subject(
      ({ cells, timeout }) => ({
        threads: 1,
        setup: () => cells(1),
        thread: (_id: number, view: Cells) => Atomics.wait(view, 0, 0, timeout as number),
      }),
      { timeout },
    );
    const { outcome, executor } = run(program);
    if (expected === 'sleeps') expect(outcome.kind).toBe('deadlocked');
    else {
      expect(outcome.kind).toBe('passed');
      const kinds = executor.trace!.map(({ kind }) => kind);
      expect(kinds).toEqual(expected === 'timed-out' ? ['start', 'wait'] : ['start', 'wait', 'timeout']);
      expect(executor.trace!.at(-1)!.result).toBe('timed-out');
    }
  });

  test('a time-out that is no number throws in the thread, whatever the cell holds', () => {
    const program = subject(({ cells }) => ({
      threads: 1,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        const caught: string[] = [];
        for (const timeout of [1n, Symbol('t'), Object.create(null)]) {
          try {
            Atomics.wait(view, 0, 5, timeout as never);
          } catch (error) {
            caught.push((error as Error).name);
          }
        }
        if (caught.join() !== 'TypeError,TypeError,TypeError') throw new Error(caught.join());
      },
    }));
    expect(run(program).outcome).toMatchObject({ kind: 'passed', message: '' });
  });

  test.each([
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 3],
    [99, 3],
    [Number.POSITIVE_INFINITY, 3],
    [undefined, 3],
    [-1, 0],
    [1.9, 1],
    [Number.NaN, 0],
    ['2', 2],
  ])('notify(%s) of three sleepers wakes %s', (count, woken) => {
    const program = subject(
      ({ cells, count }) => ({
        threads: 4,
        setup: () => cells(1),
        thread(id: number, view: Cells): unknown {
          return id < 3 ? Atomics.wait(view, 0, 0) : Atomics.notify(view, 0, count as number | undefined);
        },
        check(_view: Cells, results: readonly unknown[]): void {
          throw new Error(`${results[3]} ${results.filter((r) => r === 'ok').length}`);
        },
        mayBlock: [0, 1, 2],
      }),
      { count },
    );
    const { outcome } = run(program, [0, 0, 1, 1, 2, 2, 3, 3]);
    expect(outcome.message).toBe(`Error: ${woken} ${woken}`);
  });

  test('a notify races with a time-out: one of the two, never both', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(id: number, view: Cells): unknown {
        if (id === 0) return Atomics.wait(view, 0, 0, 10);
        Atomics.store(view, 0, 1);
        return Atomics.notify(view, 0);
      },
    }));
    const seen = new Set<string>();
    const executor = executorOf({
      ...program,
      check: (_: unknown, r: readonly unknown[]) => void seen.add(r.join()),
    });
    runAll(executor, everySchedule(), (outcome) => expect(outcome.kind).toBe('passed'));
    expect([...seen].sort()).toEqual(['not-equal,0', 'ok,1', 'timed-out,0']);
  });

  test('the base order wakes the earliest of the time-outs that are left', () => {
    const order: number[] = [];
    const program = subject(
      ({ cells, order }) => ({
        threads: 3,
        setup: () => cells(3),
        thread(id: number, view: Cells): void {
          Atomics.wait(view, id, 0, [30, 10, 20][id]!);
          order.push(id);
        },
      }),
      { order },
    );
    expect(run(program).outcome.kind).toBe('passed');
    expect(order).toEqual([1, 2, 0]);
  });
});

describe('time and chance', () => {
  const program = subject(({ cells }) => ({
    threads: 1,
    setup: () => cells(1),
    thread(_id: number, view: Cells): unknown {
      const before = performance.now();
      const date = Date.now();
      Atomics.wait(view, 0, 0, 250);
      const moved = performance.now() - before;
      return [Math.round(moved), Date.now() - date, before, date, Math.random(), Math.random()];
    },
  }));

  test('the clocks move with time-outs and repeat, and so does Math.random', () => {
    const results: unknown[] = [];
    const executor = executorOf({
      ...program,
      check: (_: unknown, r: readonly unknown[]) => void results.push(r[0]),
    });
    for (let i = 0; i < 3; i++) executor.run(script([]));
    const [first, second, third] = results as number[][];
    expect(first!.slice(0, 2)).toEqual([250, 250]);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(first![4]).not.toBe(first![5]);
  });

  test('outside an execution they are real again', () => {
    const before = Date.now();
    run(program);
    expect(Date.now() - before).toBeLessThan(10_000);
    expect(Date.now()).toBeGreaterThan(Date.UTC(2020, 0));
    expect(new Set(Array.from({ length: 5 }, () => Math.random())).size).toBe(5);
  });

  test('time passes for a thread that spins until a deadline', () => {
    const spinner = subject(({ cells }) => ({
      threads: 1,
      setup: () => cells(1),
      thread(_id: number, view: Cells): number {
        const end = performance.now() + 1000;
        let spins = 0;
        while (Atomics.load(view, 0) === 0 && performance.now() < end) spins++;
        return spins;
      },
    }));
    expect(run(spinner).outcome).toMatchObject({ kind: 'passed', message: '' });
  });
});

describe('step results equal those of the platform', () => {
  const constructors = [
    Int8Array,
    Uint8Array,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
  ] as const;
  type Call = readonly [name: string, index: unknown, a?: unknown, b?: unknown];
  const interpreter = subject(() => ({
    make: (create: () => unknown, calls: readonly Call[], log: unknown[]) => ({
      threads: 1,
      setup: create,
      thread(_id: number, view: unknown): void {
        for (const [name, index, a, b] of calls) {
          try {
            const fn = (Atomics as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!;
            log.push(
              name === 'load'
                ? fn(view, index)
                : name === 'compareExchange'
                  ? fn(view, index, a, b)
                  : fn(view, index, a),
            );
          } catch (error) {
            log.push(`${(error as Error).name}: ${(error as Error).message}`);
          }
        }
      },
    }),
  }));
  const nameArbitrary = fc.constantFrom(
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
  const index = fc.oneof(
    { weight: 9, arbitrary: fc.nat(3) },
    fc.constantFrom<unknown>(
      1.5,
      '2',
      -0,
      -0.5,
      undefined,
      null,
      Number.NaN,
      4,
      -1,
      1e12,
      1n,
      [1],
      Number.POSITIVE_INFINITY,
    ),
  );
  const narrow = fc.oneof(
    fc.integer(),
    fc.integer({ min: -2, max: 2 }),
    fc.constantFrom<unknown>(
      -0,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 40,
      '7',
      undefined,
      null,
      1n,
    ),
  );
  const wide = fc.oneof(
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
    fc.constantFrom<unknown>(0n, -1n, 1, '7', undefined),
  );

  test.each(constructors.map((c) => [c.name, c] as const))('%s', (_name, Constructor) => {
    const value = Constructor.name.startsWith('Big') ? wide : narrow;
    const calls = fc.array(fc.tuple(nameArbitrary, index, value, value), { maxLength: 12 });
    const memory = (): ArrayBuffer => new SharedArrayBuffer(32) as unknown as ArrayBuffer;
    const create = (): unknown => new Constructor(memory(), 8, 3);
    fc.assert(
      fc.property(calls, (list) => {
        const got: unknown[] = [];
        const expected: unknown[] = [];
        const virtual = interpreter.make(create, list as readonly Call[], got);
        // Outside an execution the plain function runs.
        interpreter.make(create, list as readonly Call[], expected).thread(0, create());
        const behaviours = run(virtual, [], { behaviours: true });
        expect(behaviours.outcome).toMatchObject({ kind: 'passed' });
        expect(got).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  test('an argument that is an object is coerced once', () => {
    const coerced: string[] = [];
    const program = subject(
      ({ cells, coerced }) => ({
        threads: 1,
        setup: () => cells(2),
        thread(_id: number, view: Cells): unknown {
          const noisy = (name: string, value: number) => ({
            valueOf() {
              coerced.push(name);
              return value;
            },
          });
          Atomics.store(view, noisy('index', 1) as never, noisy('value', 3) as never);
          return Atomics.load(view, 1);
        },
      }),
      { coerced },
    );
    run(program, [], { behaviours: true });
    expect(coerced).toEqual(['index', 'value']);
  });

  test('arguments are coerced in the order of the platform, and views that it refuses are refused before', () => {
    const seen: Record<string, unknown[]> = { scheduled: [], inside: [], plain: [] };
    const program = subject(
      ({ cells, seen }) => {
        type Noisy = (name: string, value: unknown) => never;
        const calls: ((v: Cells, o: Noisy) => unknown)[] = [
          (v, o) => Atomics.wait(v, o('index', 1), o('value', 0), o('time-out', 0)),
          (v, o) => Atomics.wait(v, o('index', 1), o('value', 7), o('time-out', 5)),
          (v, o) => Atomics.wait(v, 0, o('value', 7), o('time-out', 0n)),
          (v, o) => Atomics.wait(v, 0, 7, o('time-out', 0n)),
          (v, o) => Atomics.wait(v, o('index', 9), o('value', 0), o('time-out', 0)),
          (_, o) => Atomics.wait(new Int32Array(4), o('index', 0), o('value', 0), o('time-out', 0)),
          (v, o) => Atomics.wait(new Int8Array(v.buffer) as never, o('index', 0), o('value', 0)),
          (v, o) => Atomics.notify(v, o('index', 1), o('count', 1)),
          (_, o) => Atomics.notify(new Int32Array(4), o('index', 0), o('count', 1)),
          (v, o) => Atomics.notify(new Int8Array(v.buffer) as never, o('index', 0), o('count', 1)),
          (_, o) => Atomics.add({} as never, o('index', 1), o('value', 5)),
          (_, o) => Atomics.load(null as never, o('index', 1)),
          (v, o) => Atomics.store(new Float32Array(v.buffer) as never, o('index', 1), o('value', 5)),
          (v, o) => Atomics.sub(new Uint8ClampedArray(v.buffer) as never, o('index', 1), o('value', 5)),
          (v, o) => Atomics.or(new DataView(v.buffer) as never, o('index', 1), o('value', 5)),
          (v, o) => Atomics.compareExchange(v, o('index', 1), o('expected', 0), o('value', 0)),
          (v, o) => Atomics.add(v, o('index', 9), o('value', 5)),
        ];
        const one = (v: Cells, call: (typeof calls)[number], into: string): void => {
          const log: unknown[] = [];
          const noisy: Noisy = (name, value) =>
            ({
              valueOf() {
                log.push(name);
                return value;
              },
            }) as never;
          try {
            log.unshift(call(v, noisy));
          } catch (error) {
            log.unshift((error as Error).message);
          }
          seen[into]!.push(log.join()); // one of the three
        };
        return {
          threads: 1,
          setup: () => cells(2),
          thread(id: number, v: Cells): void {
            for (const call of calls) one(v, call, id === 0 ? 'scheduled' : 'plain');
            // What sort calls cannot be suspended.
            if (id === 0)
              for (const call of calls) {
                let done = false;
                [2, 1].sort(() => {
                  if (!done) one(v, call, 'inside');
                  done = true;
                  return 0;
                });
              }
          },
        };
      },
      { seen },
    );
    program.thread(1, cells(2)); // no execution: it runs plainly
    expect(run(program, [], {}).outcome).toMatchObject({ kind: 'passed' });
    expect(seen['plain']![0]).toBe('timed-out,index,value,time-out');
    expect(seen['plain']).toHaveLength(17);
    expect(seen['scheduled']).toEqual(seen['plain']);
    expect(seen['inside']).toEqual(seen['plain']);
  });

  test('a fraction as index names the same cell for wait, notify and the trace', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(2),
      thread: (id: number, view: Cells) =>
        id === 0 ? Atomics.wait(view, 1.5, 0) : Atomics.notify(view, '1' as never),
    }));
    const { outcome, executor } = run(program, [0, 0, 1, 1]);
    expect(outcome.kind).toBe('passed');
    expect(
      executor.trace!.filter(({ kind }) => kind === 'wait' || kind === 'notify').map((s) => s.byteOffset),
    ).toEqual([4, 4]);
  });
});

describe('errors of Atomics are thrown into the thread', () => {
  test.each([
    ['an index out of range', 'load', () => new Int32Array(new SharedArrayBuffer(8)), 2, 'RangeError'],
    ['a negative index', 'load', () => new Int32Array(new SharedArrayBuffer(8)), -1, 'RangeError'],
    ['a bigint as index', 'load', () => new Int32Array(new SharedArrayBuffer(8)), 1n, 'TypeError'],
    ['a symbol as index', 'load', () => new Int32Array(new SharedArrayBuffer(8)), Symbol('i'), 'TypeError'],
    [
      'an object without a number as index',
      'load',
      () => new Int32Array(new SharedArrayBuffer(8)),
      Object.create(null),
      'TypeError',
    ],
    ['no typed array', 'load', () => ({}), 0, 'TypeError'],
    ['nothing', 'load', () => undefined, 0, 'TypeError'],
    ['a Float64Array', 'load', () => new Float64Array(1), 0, 'TypeError'],
    ['a wait on bytes', 'wait', () => new Uint8Array(new SharedArrayBuffer(8)), 0, 'TypeError'],
    ['a wait on private memory', 'wait', () => new Int32Array(2), 0, 'TypeError'],
    [
      'a notify on an unsigned view',
      'notify',
      () => new Uint32Array(new SharedArrayBuffer(8)),
      0,
      'TypeError',
    ],
  ])('%s', (_name, fn, view, index, error) => {
    const make = subject(
      ({ fn, view, index }) => ({
        caught: {
          threads: 1,
          setup: () => undefined,
          thread(): string {
            try {
              (Atomics as unknown as Record<string, (...args: unknown[]) => unknown>)[fn]!(view(), index, 0);
            } catch (e) {
              return (e as Error).name;
            }
            return 'nothing';
          },
          check(_: unknown, results: readonly unknown[]): void {
            throw new Error(`caught ${results.join()}`);
          },
        },
        uncaught: {
          threads: 1,
          setup: () => undefined,
          thread(): void {
            (Atomics as unknown as Record<string, (...args: unknown[]) => unknown>)[fn]!(view(), index, 0);
          },
        },
      }),
      { fn, view: view as () => unknown, index: index as unknown },
    );
    for (const behaviours of [false, true]) {
      expect(run(make.caught, [], { behaviours }).outcome.message).toBe(`Error: caught ${error}`);
      const { outcome, executor } = run(make.uncaught, [], { behaviours });
      expect(outcome).toMatchObject({ kind: 'violated', thread: 0 });
      expect(outcome.message).toContain(`thread 0 threw ${error}`);
      expect(executor.trace!.at(-1)!.result).toBe(`threw ${error}`);
    }
  });

  test('finally and catch blocks of the thread go on under the schedule', () => {
    const program = subject(({ cells }) => ({
      threads: 1,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        try {
          Atomics.load(view, 9);
        } catch {
          Atomics.add(view, 0, 1);
        } finally {
          Atomics.add(view, 0, 10);
        }
      },
      check(view: Cells): void {
        if (view[0] !== 11) throw new Error(`${view[0]}`);
      },
    }));
    const { outcome, executor } = run(program);
    expect(outcome.kind).toBe('passed');
    expect(steps(executor)).toEqual([
      'T0 start',
      'T0 load 36 -> threw RangeError',
      'T0 add 0 -> 0',
      'T0 add 0 -> 1',
    ]);
  });
});

describe('how an execution ends', () => {
  const ab = subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(2),
    thread(id: number, view: Cells): void {
      const lock = (i: number) => {
        while (Atomics.compareExchange(view, i, 0, 1) !== 0) Atomics.wait(view, i, 1);
      };
      const unlock = (i: number) => {
        Atomics.store(view, i, 0);
        Atomics.notify(view, i, 1);
      };
      lock(id);
      lock(1 - id);
      unlock(1 - id);
      unlock(id);
    },
  }));

  test('deadlocked: who waits where, and what for', () => {
    const { outcome } = run(ab, [0, 0, 1, 1, 0, 0, 1, 1]);
    expect(outcome.kind).toBe('deadlocked');
    expect(outcome.blocked).toMatchObject([
      { thread: 0, buffer: 0, byteOffset: 4, value: 1 },
      { thread: 1, buffer: 0, byteOffset: 0, value: 1 },
    ]);
    expect(outcome.blocked![0]!.site).toMatchObject({ file: '/author/subject.js' });
    expect(outcome.message).toMatch(
      /^deadlock: nobody can go on: T0 waits at \/author\/subject\.js:\d+ for the word at byte 4 \(it slept on 1\); T1 waits/,
    );
  });

  test('mayBlock: only the threads it names', () => {
    const make = (mayBlock: number[]) =>
      subject(
        ({ cells, mayBlock }) => ({
          threads: 3,
          setup: () => cells(1),
          thread: (id: number, view: Cells) => (id === 2 ? 'done' : Atomics.wait(view, 0, 0)),
          check(_view: Cells, results: readonly unknown[]): void {
            if (results.length !== 3 || results[0] !== undefined || results[2] !== 'done')
              throw new Error('results');
          },
          mayBlock,
        }),
        { mayBlock },
      );
    expect(run(make([0, 1])).outcome).toMatchObject({ kind: 'passed', message: '' });
    expect(run(make([0])).outcome.kind).toBe('deadlocked');
    expect(run(make([])).outcome.kind).toBe('deadlocked');
  });

  test('violated: a thread throws, with its number; a value that is no error too', () => {
    const program = subject(({ cells }) => ({
      threads: 3,
      setup: () => cells(1),
      thread(id: number, view: Cells): void {
        Atomics.add(view, 0, 1);
        if (id === 1) throw new RangeError('too far');
        if (id === 2) throw 'a string';
      },
    }));
    expect(run(program, [0, 1, 1]).outcome).toMatchObject({
      kind: 'violated',
      thread: 1,
      message: 'thread 1 threw RangeError: too far',
    });
    expect(run(program, [2, 2]).outcome).toMatchObject({
      kind: 'violated',
      thread: 2,
      message: 'thread 2 threw a value that is not an error: a string',
    });
  });

  test.each([
    ['nothing', () => undefined, 'undefined'],
    ['an object without a prototype', () => Object.create(null), '[object Object]'],
    [
      'an error without a message',
      () => Object.assign(new Error('x'), { message: undefined }),
      'Error: undefined',
    ],
  ])('violated: a thread throws %s', (_name, make, shown) => {
    const program = subject(
      ({ make }) => ({
        threads: 1,
        setup: () => undefined,
        thread(): void {
          throw make();
        },
      }),
      { make: make as () => unknown },
    );
    const { outcome } = run(program);
    expect(outcome.kind).toBe('violated');
    expect(outcome.message).toContain(shown);
  });

  test('violated: check throws; it is given the state and each result', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread: (id: number, view: Cells) => Atomics.add(view, 0, 1) + id * 10,
      check(view: Cells, results: readonly number[]): void {
        throw new Error(`${view[0]} ${results.join()}`);
      },
    }));
    expect(run(program).outcome).toMatchObject({ kind: 'violated', message: 'Error: 2 0,11' });
    expect(run(program).outcome.thread).toBeUndefined();
  });

  test('check may change its results without harm to the next execution', () => {
    const lengths: number[] = [];
    const kept: (readonly unknown[])[] = [];
    const program = subject(
      ({ cells, lengths, kept }) => ({
        threads: 2,
        setup: () => cells(1),
        thread: (id: number) => id,
        check(_view: Cells, results: readonly unknown[]): void {
          lengths.push(results.length);
          kept.push(results);
          (results as unknown[]).push('more');
        },
      }),
      { lengths, kept },
    );
    const executor = executorOf(program);
    for (let i = 0; i < 3; i++) expect(executor.run(script([])).kind).toBe('passed');
    expect(lengths).toEqual([2, 2, 2]);
    expect(kept[0]).toEqual([0, 1, 'more']);
  });

  test.each([
    [
      'setup throws',
      {
        setup: (): never => {
          throw new Error('no');
        },
      },
      'setup threw Error: no',
    ],
    [
      'attach throws',
      {
        attach: (): never => {
          throw new Error('no');
        },
      },
      'attach of thread 0 threw Error: no',
    ],
    [
      'setup makes what cannot be cloned',
      { setup: () => () => 1 },
      'setup made what a thread cannot be given',
    ],
    ['check is asynchronous', { check: async () => {} }, 'check returned a promise'],
  ] as const)('crashed: %s', (_name, fields, message) => {
    const base = subject(({ cells }) => ({ threads: 1, setup: (): unknown => cells(1), thread: () => 0 }));
    for (const part of [fields, subject(({ fields }) => ({ ...fields }), { fields })]) {
      const { outcome } = run({ ...base, ...part } as Program);
      expect(outcome.kind).toBe('crashed');
      expect(outcome.message).toContain(message);
    }
  });

  test('crashed: attach throws in its twin, before and after a step', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      attach(view: Cells, id: number): Cells {
        if (id === 1) Atomics.load(view, 0);
        throw new Error('no');
      },
      thread: () => 0,
    }));
    expect(run(program, [0]).outcome).toMatchObject({
      kind: 'crashed',
      thread: 0,
      message: 'attach of thread 0 threw Error: no',
    });
    expect(run(program, [1, 1]).outcome).toMatchObject({
      kind: 'crashed',
      thread: 1,
      message: 'attach of thread 1 threw Error: no',
    });
  });

  test('attach makes the local of its thread, and may take steps', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      attach: (view: Cells, id: number) => ({ view, ticket: Atomics.add(view, 0, 1), id }),
      thread: (id: number, local: { view: Cells; ticket: number; id: number }) =>
        local.id === id && local.ticket,
      check(_view: Cells, results: readonly unknown[]): void {
        if ([...results].sort().join() !== '0,1') throw new Error(results.join());
      },
    }));
    expect(run(program, [1, 0, 0, 1]).outcome).toMatchObject({ kind: 'passed', message: '' });
  });

  test('exhausted: the step budget', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        for (;;) Atomics.add(view, 0, 1);
      },
    }));
    const { outcome, executor } = run(program, [], { maxSteps: 100 });
    expect(outcome).toMatchObject({ kind: 'exhausted' });
    expect(outcome.message).toContain('100 steps');
    expect(executor.steps).toBe(100);
  });

  test('a program that ends with its last step of the budget passes', () => {
    const program = subject(({ cells }) => ({
      threads: 1,
      setup: () => cells(1),
      thread: (_id: number, view: Cells) => Atomics.add(view, 0, 1),
    }));
    expect(run(program, [], { maxSteps: 2 }).outcome.kind).toBe('passed');
    expect(run(program, [], { maxSteps: 1 }).outcome.kind).toBe('exhausted');
  });

  test('exhausted: the time budget, in the middle of an execution', () => {
    const program = subject(({ cells }) => ({
      threads: 1,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        for (;;) Atomics.add(view, 0, 1);
      },
    }));
    const start = performance.now();
    const { outcome } = run(program, script([]), { maxSteps: 1_000_000_000, deadline: start + 30 });
    expect(outcome).toMatchObject({ kind: 'exhausted', message: 'the time budget ran out' });
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  test('the judge has the last word, but for exhausted and crashed', () => {
    const program = subject(({ cells }) => ({
      threads: 1,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        Atomics.add(view, 0, 1);
        Atomics.add(view, 0, 1);
      },
    }));
    const judge = (): Outcome => ({ kind: 'violated', message: 'judged' });
    expect(run(program, [], { judge }).outcome.message).toBe('judged');
    expect(run(program, [], { judge, maxSteps: 1 }).outcome.kind).toBe('exhausted');
    const crashing = {
      ...program,
      setup: (): never => {
        throw new Error('no');
      },
    };
    expect(run(crashing, [], { judge }).outcome.kind).toBe('crashed');
  });
});

describe('what cannot run as a thread', () => {
  test('a thread function without a twin', () => {
    const view = cells(1);
    const program: Program = {
      threads: 1,
      setup: () => view,
      thread: () => Reflect.apply(Atomics.add as (...args: unknown[]) => unknown, Atomics, [view, 0, 1]),
    };
    const { outcome } = run(program);
    expect(outcome.kind).toBe('crashed');
    expect(outcome.message).toContain('has no scheduling point: that module was not instrumented');
    expect(outcome.error).toBeInstanceOf(UnsupportedError);
  });

  test.each([
    [
      'a generator',
      subject(
        () =>
          function* (_id: number, view: Cells) {
            Atomics.add(view, 0, 1);
            yield 1;
          },
      ),
    ],
    [
      'an async function',
      subject(() => async (_id: number, view: Cells) => {
        Atomics.add(view, 0, 1);
      }),
    ],
    ['a plain function that answers a promise', (): unknown => Promise.resolve(1)],
  ])('%s as thread is refused, not run without its steps', (_name, thread) => {
    const { outcome } = run({
      threads: 1,
      setup: () => cells(1),
      thread: thread as Program['thread'],
    } as Program);
    expect(outcome.kind).toBe('crashed');
    expect(outcome.message).toMatch(/plain synchronous/);
  });

  test('steps of a constructor, a getter and a callback of a builtin run at once and are counted', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        class Box {
          readonly old: number;
          constructor() {
            this.old = Atomics.add(view, 0, 1);
          }
          get now(): number {
            return Atomics.load(view, 0);
          }
        }
        if (new Box().now < 1) throw new Error('now');
        [3, 1, 2].sort((a, b) => Atomics.add(view, 0, 0) * 0 + a - b);
        Atomics.notify(view, 0);
      },
    }));
    const { outcome, executor } = run(program, [0, 1, 0, 1]);
    expect(outcome.kind).toBe('passed');
    // start and notify are steps; the rest is not.
    expect(executor.steps).toBe(4);
    expect(executor.unscheduled).toBeGreaterThanOrEqual(8);
    const row = executor.trace!.find(({ unscheduled }) => unscheduled === true)!;
    expect(row).toMatchObject({ thread: 0, kind: 'add', buffer: 0, byteOffset: 0, args: [1], result: 0 });
  });

  test('unscheduled steps are part of the behaviour', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(id: number, view: Cells): number {
        class Box {
          readonly old: number = Atomics.add(view, 0, id + 1);
        }
        return new Box().old;
      },
    }));
    const seen = new Set<number>();
    const executor = executorOf(program, { behaviours: true });
    runAll(executor, everySchedule(), () => seen.add(executor.behaviour()));
    expect(seen.size).toBe(2);
  });

  test('a wait in a constructor that would block: crashed, and the frame is named', () => {
    const program = subject(({ cells }) => ({
      threads: 1,
      setup: () => cells(1),
      thread(_id: number, view: Cells): unknown {
        class Gate {
          constructor() {
            Atomics.wait(view, 0, 0);
          }
        }
        try {
          return new Gate();
        } catch {
          return 'swallowed';
        }
      },
    }));
    const { outcome } = run(program);
    expect(outcome.kind).toBe('crashed');
    expect(outcome.message).toContain('Atomics.wait would block in a frame that cannot be suspended');
    expect(outcome.message).toContain('Gate');
  });

  test('a wait in setup and in check: crashed', () => {
    const base = subject(({ cells }) => ({ threads: 1, setup: () => cells(1), thread: () => 0 }));
    const wait = (view: Cells) => Atomics.wait(view, 0, 0);
    expect(run({ ...base, setup: () => void wait(cells(1)) }).outcome).toMatchObject({
      kind: 'crashed',
      message: expect.stringContaining('would block in setup'),
    });
    expect(run({ ...base, check: (view: Cells) => void wait(view) }).outcome).toMatchObject({
      kind: 'crashed',
      message: expect.stringContaining('would block in check'),
    });
  });

  test('an execution inside an execution is refused, and the outer one is none the worse', () => {
    const inner = executorOf(
      subject(({ cells }) => ({ threads: 1, setup: () => cells(1), thread: () => 0 })),
    );
    const program = subject(
      ({ cells, nest }) => ({
        threads: 1,
        setup: () => cells(1),
        thread(_id: number, view: Cells): void {
          nest();
          Atomics.load(view, 0);
        },
      }),
      { nest: () => inner.run(script([])) },
    );
    const { outcome } = run(program);
    expect(outcome.kind).toBe('crashed');
    expect(outcome.message).toContain('an execution cannot start inside another execution');
    expect(inner.run(script([])).kind).toBe('passed');
  });

  test('a strategy that chooses a thread that cannot go on is a mistake of ours: it throws', () => {
    const program = subject(({ cells }) => ({ threads: 2, setup: () => cells(1), thread: () => 0 }));
    const bad: Strategy = { name: 'bad', begin: () => true, choose: () => 7, draw: () => 0 };
    expect(() => run(program, bad)).toThrow('strategy bad chose thread 7, which is not enabled');
    expect(run(program).outcome.kind).toBe('passed');
  });
});

describe('spinning', () => {
  const spinLock = subject(({ cells }) => ({
    threads: 3,
    setup: () => cells(2),
    thread(_id: number, view: Cells): void {
      for (let i = 0; i < 2; i++) {
        while (Atomics.compareExchange(view, 0, 0, 1) !== 0);
        Atomics.store(view, 1, Atomics.load(view, 1) + 1);
        Atomics.store(view, 0, 0);
      }
    },
    check(view: Cells): void {
      if (view[1] !== 6) throw new Error(`${view[1]}`);
    },
  }));

  test.each([
    ['random', (seed: number) => random(seed)],
    ['pct(1)', (seed: number) => pct(seed, 1)],
    ['pct(5)', (seed: number) => pct(seed, 5)],
    ['round robin', (seed: number) => roundRobin(seed)],
  ])('a spin lock ends under %s', (_name, make) => {
    for (let seed = 0; seed < 20; seed++) {
      const strategy = make(seed);
      runAll(
        executorOf(spinLock),
        { ...strategy, begin: (e, n) => e < 10 && strategy.begin(e, n) },
        (outcome) => expect(outcome).toMatchObject({ kind: 'passed', message: '' }),
      );
    }
  });

  test('a spin lock ends under any list of segments', () => {
    const executor = executorOf(spinLock);
    fc.assert(
      fc.property(segments({ threads: 3 }), (list) => {
        const strategy = followSegments(list);
        strategy.begin(0, 3);
        expect(executor.run(strategy)).toMatchObject({ kind: 'passed', message: '' });
      }),
      { numRuns: 300 },
    );
  });

  test('a ticket lock and a flag handed round and round end, too', () => {
    const program = subject(({ cells }) => ({
      threads: 4,
      setup: () => cells(1),
      thread(id: number, view: Cells): void {
        for (let round = 0; round < 3; round++) {
          while (Atomics.load(view, 0) % 4 !== id);
          Atomics.add(view, 0, 1);
        }
      },
      check(view: Cells): void {
        if (view[0] !== 12) throw new Error(`${view[0]}`);
      },
    }));
    for (const strategy of [
      pct(1, 3),
      random(2),
      roundRobin(0),
      followSegments([]),
      followSegments([[3, 9]]),
    ])
      expect(run(program, strategy).outcome).toMatchObject({ kind: 'passed', message: '' });
  });

  test('the last of the spinners may find the door open while others are asleep', () => {
    const program = subject(({ cells }) => ({
      threads: 3,
      setup: () => cells(2),
      thread(id: number, view: Cells): void {
        if (id === 0) Atomics.wait(view, 1, 0);
        if (id === 1) while (Atomics.load(view, 0) === 0);
        if (id === 2) {
          while (Atomics.notify(view, 1) === 0);
          Atomics.store(view, 0, 1);
        }
      },
    }));
    for (let seed = 0; seed < 50; seed++) {
      expect(run(program, pct(seed, 1)).outcome.kind).toBe('passed');
      expect(run(program, random(seed)).outcome.kind).toBe('passed');
    }
  });

  test('livelocked: everybody who is left waits in a loop for a write that nobody will make', () => {
    const program = subject(({ cells }) => ({
      threads: 3,
      setup: () => cells(2),
      thread(id: number, view: Cells): void {
        if (id < 2) while (Atomics.load(view, id) === 0);
      },
    }));
    for (const strategy of [pct(1, 3), random(2), roundRobin(0), followSegments([])]) {
      const { outcome, executor } = run(program, strategy);
      expect(outcome.kind).toBe('livelocked');
      expect(outcome.message).toMatch(/T0 spins at .*subject\.js:\d+, T1 spins at/);
      expect(executor.spins).toBeGreaterThan(0);
    }
  });

  test('livelocked: one spins, the other sleeps for ever', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(id: number, view: Cells): void {
        if (id === 0) Atomics.wait(view, 0, 0);
        else while (Atomics.exchange(view, 0, 0) === 0);
      },
    }));
    expect(run(program).outcome.kind).toBe('livelocked');
    expect(run(program, [1, 1, 1, 0, 0]).outcome.kind).toBe('livelocked');
  });

  test.each([
    ['4,000 distinct cells', 4_000, (_view: Cells, i: number) => i],
    ['1,000 loads of one cell', 1_000, () => 0],
    ['1,000 loads of 20 cells', 1_000, (_view: Cells, i: number) => i % 20],
  ])('a long scan is not a livelock: %s', (_name, length, index) => {
    const program = subject(
      ({ cells, length, index }) => ({
        threads: 2,
        setup: () => cells(4_000),
        thread(_id: number, view: Cells): void {
          for (let i = 0; i < length; i++) Atomics.load(view, index(view, i));
        },
      }),
      { length, index: index as (view: Cells, i: number) => number },
    );
    for (const strategy of [random(1), pct(1, 3), followSegments([]), roundRobin(1)])
      expect(run(program, strategy).outcome).toMatchObject({ kind: 'passed', message: '' });
  });

  test('a long scan through a new view for each cell is not a livelock', () => {
    const program = subject(() => ({
      threads: 1,
      setup: () => new SharedArrayBuffer(4 * 8_000),
      thread(_id: number, buffer: SharedArrayBuffer): void {
        for (let i = 0; i < 8_000; i++) Atomics.load(new Int32Array(buffer, 4 * i, 1), 0);
      },
    }));
    expect(run(program).outcome).toMatchObject({ kind: 'passed', message: '' });
  });

  test('a thread that was set aside with its last read ends; no livelock is made of that', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(2),
      thread(id: number, view: Cells): void {
        if (id === 0) {
          Atomics.wait(view, 1, 0);
          return;
        }
        for (let i = 0; i < 5_200; i++) Atomics.load(view, 0);
      },
      mayBlock: [0],
    }));
    // Whatever the length, the end of the loop is not a livelock.
    for (const length of [16, 80, 81, 96, 97, 98])
      expect(
        run(
          subject(
            ({ cells, length }) => ({
              threads: 1,
              setup: () => cells(1),
              thread(_id: number, view: Cells): void {
                for (let i = 0; i < length; i++) Atomics.load(view, 0);
              },
            }),
            { length },
          ),
        ).outcome.kind,
      ).toBe('passed');
    expect(['passed', 'livelocked']).toContain(run(program).outcome.kind);
  });

  test('a compareExchange that wraps its expected value is seen as the write that it is', () => {
    const program = subject(() => ({
      threads: 2,
      setup: () => new SharedArrayBuffer(8),
      thread(id: number, buffer: SharedArrayBuffer): void {
        const view = new Uint32Array(buffer);
        if (id === 0) {
          Atomics.store(view, 0, -1);
          for (let i = 0; i < 40; i++)
            Atomics.compareExchange(view, 0, -1, 0xffff_fffe) &&
              Atomics.compareExchange(view, 0, -2, 0xffff_ffff);
        } else for (let i = 0; i < 3; i++) Atomics.load(view, 0);
      },
    }));
    const seen = new Set<string>();
    const executor = executorOf(program, { behaviours: true });
    const strategy = random(1);
    const byResults = new Map<number, Set<string>>();
    for (let e = 0; e < 500; e++) {
      strategy.begin(e, 2);
      executor.run(strategy, true);
      const loads = executor
        .trace!.filter(({ thread, kind }) => thread === 1 && kind === 'load')
        .map(({ result }) => String(result));
      seen.add(loads.join());
      const set = byResults.get(executor.behaviour()) ?? new Set();
      byResults.set(executor.behaviour(), set.add(loads.join()));
    }
    expect(seen.size).toBeGreaterThan(3);
    for (const results of byResults.values()) expect(results.size).toBe(1);
  });
});

describe('each execution begins afresh', () => {
  /** A program that ends in every way there is, as the schedule has it. */
  const mixed = subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(id: number, view: Cells): void {
      if (id === 0) {
        const seen = Atomics.load(view, 3);
        if (seen === 0) Atomics.wait(view, 1, 0, 20);
        if (seen === 1) Atomics.wait(view, 2, 0);
        if (seen === 2) throw new Error('two');
        if (seen === 3) while (Atomics.load(view, 0) === 0);
      } else for (let i = 0; i < 4; i++) Atomics.add(view, 3, 1);
    },
  }));

  test('the same schedule gives the same execution whatever ran before it', () => {
    const order = fc.array(fc.nat(1), { minLength: 0, maxLength: 8 });
    const picture = (executor: ReturnType<typeof executorOf>, list: readonly number[]) => {
      const strategy = followSegments(list.map((thread) => [thread, 1] as const));
      strategy.begin(0, 2);
      const { kind, message } = executor.run(strategy, true);
      const { steps: count, fingerprint, preemptions, spins, trace } = executor;
      return {
        kind,
        message,
        count,
        fingerprint,
        preemptions,
        spins,
        trace,
        schedule: executor.schedule(),
        behaviour: executor.behaviour(),
      };
    };
    const kinds = new Set<string>();
    fc.assert(
      fc.property(order, order, (first, second) => {
        const used = executorOf(mixed, { behaviours: true });
        kinds.add(picture(used, first).kind);
        expect(picture(used, second)).toEqual(picture(executorOf(mixed, { behaviours: true }), second));
      }),
      { numRuns: 300 },
    );
    expect([...kinds].sort()).toEqual(['deadlocked', 'livelocked', 'passed', 'violated']);
  });

  test('setup is called for each execution, and nothing of a stopped thread runs again', () => {
    const log: string[] = [];
    const program = subject(
      ({ cells, log }) => ({
        threads: 1,
        setup: () => {
          log.push('setup');
          return cells(1);
        },
        thread(_id: number, view: Cells): void {
          try {
            Atomics.wait(view, 0, 0);
          } finally {
            log.push('finally');
          }
        },
      }),
      { log },
    );
    const executor = executorOf(program);
    expect(executor.run(script([])).kind).toBe('deadlocked');
    expect(executor.run(script([])).kind).toBe('deadlocked');
    expect(log).toEqual(['setup', 'setup']);
  });

  test('threads have a clone each of what setup made, with the memory shared', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => ({ list: [1], view: cells(1) }),
      thread(_id: number, shared: { list: number[]; view: Cells }): number {
        Atomics.add(shared.view, 0, 1);
        shared.list.push(2);
        return shared.list.length;
      },
      check(shared: { list: number[]; view: Cells }, results: readonly number[]): void {
        if (shared.view[0] !== 2 || shared.list.length !== 1 || results.join() !== '2,2')
          throw new Error('clone');
      },
    }));
    expect(run(program).outcome).toMatchObject({ kind: 'passed', message: '' });
  });
});

describe('what is counted and shown', () => {
  test('preemptions: a switch from a thread that could go on; not at a block, a wake-up or an end', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(2),
      thread(id: number, view: Cells): void {
        if (id === 0) Atomics.wait(view, 0, 0);
        else {
          Atomics.store(view, 0, 1);
          Atomics.notify(view, 0);
          Atomics.load(view, 1);
        }
      },
    }));
    const preemptions = (order: readonly number[]) => run(program, order).executor.preemptions;
    expect(preemptions([0, 0, 1, 1, 1, 1, 0])).toBe(0);
    expect(preemptions([0, 1, 1, 1, 1, 0])).toBe(1);
    // Back to T0 when it was woken: T1 could have gone on.
    expect(preemptions([0, 0, 1, 1, 1, 0, 1])).toBe(1);
    expect(preemptions([1, 1, 1, 1, 0, 0])).toBe(0);
    expect(preemptions([1, 0, 1, 0, 1, 1])).toBe(3);
  });

  test('the trace: one row a step, with its cell, arguments, result and place', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => [cells(2), new BigInt64Array(new SharedArrayBuffer(16))] as const,
      thread(id: number, [view, wide]: readonly [Cells, BigInt64Array<SharedArrayBuffer>]): void {
        if (id === 1) return;
        Atomics.store(view, 1, 5);
        Atomics.compareExchange(view, 1, 5, 6);
        Atomics.add(wide, 1, 3n);
        Atomics.wait(view, 1, 6, 10);
        Atomics.notify(view, 1);
        Atomics.notify(view, 1, 2);
      },
    }));
    const { executor } = run(program, [0, 1]);
    const rows = executor.trace!.map(({ site, ...row }) => ({ ...row, place: site?.file }));
    const place = '/author/subject.js';
    const on = (row: object, step: number, preemption = false) => ({
      step,
      thread: 0,
      preemption,
      place,
      ...row,
    });
    expect(rows).toEqual([
      { step: 0, thread: 0, kind: 'start', preemption: false, place: undefined },
      { step: 1, thread: 1, kind: 'start', preemption: true, place: undefined },
      on({ kind: 'store', buffer: 0, byteOffset: 4, cell: 'shared[0][1]', args: [5], result: 5 }, 2),
      on(
        { kind: 'compareExchange', buffer: 0, byteOffset: 4, cell: 'shared[0][1]', args: [5, 6], result: 5 },
        3,
      ),
      on({ kind: 'add', buffer: 1, byteOffset: 8, cell: 'shared[1][1]', args: [3n], result: 0n }, 4),
      on({ kind: 'wait', buffer: 0, byteOffset: 4, cell: 'shared[0][1]', args: [6, 10] }, 5),
      on({ kind: 'timeout', result: 'timed-out' }, 6),
      on({ kind: 'notify', buffer: 0, byteOffset: 4, cell: 'shared[0][1]', args: [], result: 0 }, 7),
      on({ kind: 'notify', buffer: 0, byteOffset: 4, cell: 'shared[0][1]', args: [2], result: 0 }, 8),
    ]);
    const lines = executor.trace!.flatMap(({ site }) => (site === undefined ? [] : [site.line]));
    expect(lines).toEqual([...lines].sort((a, b) => a - b));
  });

  test('deviations: as many as it takes, however many', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        for (let i = 0; i < 200; i++) Atomics.add(view, 0, 1);
      },
    }));
    const { executor } = run(
      program,
      Array.from({ length: 400 }, (_, i) => i % 2),
    );
    const schedule = executor.schedule();
    expect(schedule.length).toBeGreaterThan(128);
    expect(schedule.every(({ at, thread }) => thread === at % 2)).toBe(true);
  });

  test('no step is yielded: crashed', () => {
    const thread = Object.assign(() => 0, {
      [Symbol.for('threadproof.twin')]: function* () {
        yield 1;
      },
    });
    const { outcome } = run({ threads: 1, setup: () => cells(1), thread } as unknown as Program);
    expect(outcome).toMatchObject({ kind: 'crashed', thread: 0 });
    expect(outcome.message).toContain('yielded without a step');
  });
});
