import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { random } from '../strategy/random.ts';
import { BehaviourHash } from './behaviour.ts';
import { type Cells, everySchedule, executorOf, runAll } from './fixtures/schedules.ts';
import { subject } from './fixtures/subject.ts';
import type { TraceStep } from './trace.ts';

type Op = readonly [name: string, buffer: number, index: number, a: number, b: number];
type Plan = readonly (readonly Op[])[];

const { make } = subject(({ cells }) => ({
  make: (plan: Plan) => ({
    threads: plan.length,
    setup: () => [cells(2), { second: cells(2) }] as const,
    thread(id: number, [first, { second }]: readonly [Cells, { second: Cells }]): void {
      const mine = cells(1);
      for (const [name, buffer, index, a, b] of plan[id]!) {
        const view = buffer === 2 ? mine : buffer === 0 ? first : second;
        const at = buffer === 2 ? 0 : index;
        if (name === 'load') Atomics.load(view, at);
        if (name === 'store') Atomics.store(view, at, a);
        if (name === 'add') Atomics.add(view, at, a);
        if (name === 'exchange') Atomics.exchange(view, at, a);
        if (name === 'compareExchange') Atomics.compareExchange(view, at, a, b);
      }
    },
  }),
}));

/** What (rf, co) is of an execution, naively: for each cell the order of its writes, and for each read the write it saw. */
function graph(trace: readonly TraceStep[], threads: number): string {
  const index = new Array<number>(threads).fill(0);
  const writes = new Map<string, string[]>();
  const reads: string[] = [];
  for (const step of trace) {
    const event = `${step.thread}.${index[step.thread]!++}`;
    if (step.byteOffset === undefined) continue;
    // A thread's own buffers have no name: their cells are used by nobody else.
    const cell = `${step.buffer! < 2 ? step.buffer : `own${step.thread}`}:${step.byteOffset}`;
    const order = writes.get(cell) ?? [];
    writes.set(cell, order);
    const isWrite =
      step.kind === 'compareExchange'
        ? step.result === step.args![0] && step.args![0] !== step.args![1]
        : step.kind !== 'load';
    if (step.kind !== 'store') reads.push(`${event}<${order.at(-1) ?? 'initial'}`);
    if (isWrite) order.push(event);
  }
  const orders = [...writes].map(([cell, order]) => `${cell} ${order.join('<')}`);
  return [...reads.sort(), ...orders.sort()].join(' ');
}

const op: fc.Arbitrary<Op> = fc.tuple(
  fc.constantFrom('load', 'load', 'store', 'add', 'exchange', 'compareExchange'),
  fc.constantFrom(0, 0, 1, 1, 2),
  fc.nat(1),
  fc.integer({ min: 0, max: 2 }),
  fc.integer({ min: 0, max: 2 }),
);
const plan: fc.Arbitrary<Plan> = fc.oneof(
  fc.array(fc.array(op, { maxLength: 4 }), { minLength: 2, maxLength: 2 }),
  fc.array(fc.array(op, { maxLength: 2 }), { minLength: 3, maxLength: 3 }),
);

describe('the behaviour hash', () => {
  test('tells executions apart exactly where reads-from or the order of writes differ', () => {
    let executions = 0;
    fc.assert(
      fc.property(plan, (list) => {
        const byHash = new Map<number, string>();
        const byGraph = new Map<string, number>();
        const executor = executorOf(make(list), { behaviours: true });
        executions += runAll(
          executor,
          everySchedule(),
          () => {
            const hash = executor.behaviour();
            const expected = graph(executor.trace!, list.length);
            expect(byHash.get(hash) ?? expected).toBe(expected);
            expect(byGraph.get(expected) ?? hash).toBe(hash);
            byHash.set(hash, expected);
            byGraph.set(expected, hash);
          },
          true,
        );
        expect(byHash.size).toBe(byGraph.size);
      }),
      { numRuns: 60 },
    );
    expect(executions).toBeGreaterThan(1_000);
  });

  test('does not depend on whether a trace is kept', () => {
    fc.assert(
      fc.property(plan, fc.integer(), (list, seed) => {
        const executor = executorOf(make(list), { behaviours: true });
        const hash = (record: boolean) => {
          const strategy = random(seed);
          strategy.begin(0, list.length);
          executor.run(strategy, record);
          return executor.behaviour();
        };
        expect(hash(true)).toBe(hash(false));
      }),
      { numRuns: 100 },
    );
  });

  test('grows with the number of cells, and forgets them all', () => {
    const hash = new BehaviourHash();
    const fill = (cells: number, last: number): number => {
      hash.reset();
      for (let i = 0; i < cells; i++) hash.write(i % 3, i * 4, 0, i, 2);
      hash.read(0, 0, 1, last);
      return hash.value();
    };
    const values = [1, 31, 32, 33, 1000].map((n) => fill(n, 7));
    expect(new Set(values).size).toBe(values.length);
    expect([1, 31, 32, 33, 1000].map((n) => fill(n, 7))).toEqual(values);
    expect(fill(1000, 8)).not.toBe(values[4]);
    expect(values.every((v) => Number.isSafeInteger(v) && v >= 0)).toBe(true);
    hash.reset();
    expect(hash.value()).toBe(0);
  });
});

describe('pinned counts of behaviours', () => {
  const count = (executor: ReturnType<typeof executorOf>, executions: number): number => {
    const seen = new Set<number>();
    const strategy = random(5);
    for (let e = 0; e < executions; e++) {
      strategy.begin(e, executor.threads);
      expect(executor.run(strategy).kind).toBe('passed');
      seen.add(executor.behaviour());
    }
    return seen.size;
  };
  const adds = (threads: number) =>
    subject(
      ({ cells, threads }) => ({
        threads,
        setup: () => cells(1),
        thread(_id: number, view: Cells): void {
          Atomics.add(view, 0, 1);
          Atomics.add(view, 0, 1);
        },
      }),
      { threads },
    );

  test('store buffering: 3, and both loads never see 0', () => {
    const results = new Set<string>();
    const program = subject(
      ({ cells, results }) => ({
        threads: 2,
        setup: () => cells(2),
        thread(id: number, view: Cells): number {
          Atomics.store(view, id, 1);
          return Atomics.load(view, 1 - id);
        },
        check: (_view: Cells, seen: readonly number[]) => void results.add(seen.join()),
      }),
      { results },
    );
    expect(count(executorOf(program, { behaviours: true }), 500)).toBe(3);
    expect([...results].sort()).toEqual(['0,1', '1,0', '1,1']);
    const seen = new Set<number>();
    const executor = executorOf(program, { behaviours: true });
    // 6 steps of 2 threads, 3 each, in every order.
    expect(runAll(executor, everySchedule(), () => seen.add(executor.behaviour()))).toBe(20);
    expect(seen.size).toBe(3);
  });

  test('two threads that add twice: 4! / (2! 2!) = 6', () => {
    expect(count(executorOf(adds(2), { behaviours: true }), 500)).toBe(6);
  });

  test('three threads that add twice: 6! / (2! 2! 2!) = 90', () => {
    expect(count(executorOf(adds(3), { behaviours: true }), 5_000)).toBe(90);
  });
});
