import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Cells, cells } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import { Tally } from '../engine/tally.ts';
import { threw } from '../history/history.ts';
import { blocked, specification } from '../linearize/specification.ts';
import { type CaseFinding, ConcurrencyError, type ConcurrentCase, concurrentProgram } from './concurrent.ts';
import type { Operation, Plan } from './plan.ts';

/** Subjects: each is a class over the cells from 0 on. */
const { LostUpdate, Counter, Lock, Silent, Early } = subject(() => {
  class Cell {
    readonly view: Cells;
    constructor(view: Cells) {
      this.view = view;
    }
    get(): number {
      return Atomics.load(this.view, 0);
    }
  }
  class LostUpdate extends Cell {
    add(n: number): number {
      const old = Atomics.load(this.view, 0);
      Atomics.store(this.view, 0, old + n);
      return old;
    }
  }
  class Counter extends Cell {
    add(n: number): number {
      return Atomics.add(this.view, 0, n);
    }
  }
  class Lock extends Cell {
    lock(): void {
      while (Atomics.compareExchange(this.view, 0, 0, 1) !== 0) Atomics.wait(this.view, 0, 1);
    }
    unlock(): void {
      Atomics.store(this.view, 0, 0);
      Atomics.notify(this.view, 0, 1);
    }
  }
  class Silent extends Lock {
    override unlock(): void {
      Atomics.store(this.view, 0, 0);
    }
  }
  class Early extends Lock {
    override unlock(): void {
      Atomics.notify(this.view, 0, 1);
      Atomics.store(this.view, 0, 0);
    }
  }
  return { LostUpdate, Counter, Lock, Silent, Early };
});

const counterModel = specification<number>({
  name: 'counter',
  initial: () => 0,
  operations: {
    add: (state, [n]) => ({ state: state + (n as number), result: state }),
    get: (state) => ({ state, result: state }),
  },
});

const lockModel = specification<boolean>({
  name: 'lock',
  initial: () => false,
  operations: {
    lock: (held) => (held ? blocked : { state: true, result: undefined }),
    unlock: () => ({ state: false, result: undefined }),
  },
});

type Subject = new (view: Cells) => object;

function counters(Class: Subject, more: object = {}): fc.Arbitrary<ConcurrentCase<Cells, object>> {
  return concurrentProgram({
    name: 'counter',
    setup: () => cells(1),
    attach: (view: Cells) => new Class(view),
    operations: { add: { args: fc.tuple(fc.integer({ min: 1, max: 9 })), weight: 2 }, get: {} },
    specification: counterModel,
    ...more,
  } as never);
}

function locks(
  Class: Subject,
  plans: fc.Arbitrary<Plan>,
  more: object = {},
): fc.Arbitrary<ConcurrentCase<Cells, object>> {
  return concurrentProgram({
    name: 'lock',
    setup: () => cells(1),
    attach: (view: Cells) => new Class(view),
    operations: { lock: {}, unlock: {} },
    plans,
    specification: lockModel,
    ...more,
  } as never);
}

const call = (name: string): Operation => ({ name, args: [] });
const pairs = (threads: number, rounds: number): fc.Arbitrary<Plan> =>
  fc.constant({
    prefix: [],
    threads: Array.from({ length: threads }, () =>
      Array.from({ length: rounds }, () => [call('lock'), call('unlock')]).flat(),
    ),
  });

/** The error of a failing property, and its details. */
function failure(
  cases: fc.Arbitrary<ConcurrentCase<Cells, object>>,
  parameters: fc.Parameters<[ConcurrentCase<Cells, object>]> = {},
) {
  const details = fc.check(
    fc.property(cases, (program) => program.check()),
    { seed: 1, numRuns: 300, ...parameters },
  );
  const error = details.errorInstance;
  return { details, finding: error instanceof ConcurrencyError ? error.finding : undefined, error };
}

const holds = (cases: fc.Arbitrary<ConcurrentCase<Cells, object>>, numRuns = 200): void =>
  fc.assert(
    fc.property(cases, (program) => program.check()),
    { seed: 2, numRuns },
  );

describe('a broken counter', () => {
  test('fails fc.assert with the program, the columns and the schedule', () => {
    let message = '';
    try {
      fc.assert(
        fc.property(counters(LostUpdate), (program) => program.check()),
        { seed: 3 },
      );
    } catch (error) {
      message = `${(error as Error).message}\n${((error as Error).cause as Error | undefined)?.message}`;
    }
    expect(message).toMatch(/Property failed after \d+ tests/);
    expect(message).toContain('seed: 3');
    expect(message).toContain('counter: VIOLATED with 1 preemption');
    expect(message).toMatch(/program {3}T0: add\(\d\) \| T1: (add\(\d\)|get\(\))/);
    expect(message).toMatch(/\nstep +T0 +T1\n/);
    expect(message).toMatch(/ 0 +start\n/);
    expect(message).toContain('call add');
    expect(message).toMatch(/load \[0\] -> 0 {2}subject\.js:\d+/);
    expect(message).toMatch(/\nschedule {2}tp1_2_\w/);
    expect(message).toMatch(/Counterexample: \[T0: add/);
  });

  test('is shrunk to two threads of one operation, and one preemption', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { finding } = failure(counters(LostUpdate, { threads: [2, 4], length: [1, 5], prefix: 2 }), {
        seed,
      });
      expect(finding!.plan.threads.map((list) => list.length)).toEqual([1, 1]);
      expect(finding!.plan.prefix).toEqual([]);
      expect(finding!.preemptions).toBe(1);
    }
  });

  test('seed and path repeat it 25 times of 25, byte for byte', () => {
    const { details, finding } = failure(counters(LostUpdate), { seed: 9 });
    for (let i = 0; i < 25; i++) {
      const again = failure(counters(LostUpdate), { seed: 9, path: details.counterexamplePath! });
      expect(again.finding!.report).toBe(finding!.report);
      expect(again.finding!.schedule).toBe(finding!.schedule);
      expect(again.details.numRuns).toBe(1);
    }
  });

  test('its schedule replays on the program, and diverges on another', () => {
    const { details, finding } = failure(counters(LostUpdate));
    const [program] = details.counterexample!;
    for (let i = 0; i < 25; i++) {
      const again = program.replay(finding!.schedule);
      expect(again.divergence).toBeUndefined();
      expect(again.outcome.message).toBe(finding!.outcome.message);
      expect(again.trace).toEqual(finding!.trace);
    }
    const other = fc.sample(counters(Counter, { threads: [2, 2], length: [3, 3] }), 1)[0]!;
    expect(other.replay(finding!.schedule).divergence).toMatch(/^(between|after|at|the execution)/);
    expect(() => program.replay('tp1_2_0')).toThrow('is damaged');
  });

  test('the finding is data: outcome, history, trace', () => {
    const { finding } = failure(counters(LostUpdate));
    expect(finding!.outcome.kind).toBe('violated');
    expect(finding!.outcome.message).toMatch(/^not linearizable/);
    expect(finding!.history).toHaveLength(2);
    expect(finding!.history[0]).toMatchObject({ thread: expect.any(Number), name: expect.any(String) });
    expect(finding!.trace.map(({ kind }) => kind)).toContain('call');
    expect(finding!.schedules).toBeGreaterThan(0);
  });

  test('the sound one passes, with totals', () => {
    const totals = { schedules: 0, steps: 0, unscheduled: 0, exhausted: 0, behaviours: new Tally() };
    let cases = 0;
    fc.assert(
      fc.property(counters(Counter, { behaviours: true }), (program) => {
        cases++;
        program.check(totals);
      }),
      { seed: 4, numRuns: 100 },
    );
    // Ten a case, and more for small programs.
    expect(totals.schedules).toBeGreaterThanOrEqual(cases * 10);
    expect(totals.schedules).toBeLessThan(cases * 61);
    expect(totals.steps).toBeGreaterThan(totals.schedules);
    expect(totals.exhausted).toBe(0);
    expect(totals.behaviours.size).toBeGreaterThan(50);
  });
});

describe('histories that stay open', () => {
  test('a lock that is never given back: stuck as the model says, so it passes', () => {
    const plans = fc.constant<Plan>({
      prefix: [],
      threads: [[call('lock')], [call('lock'), call('unlock')], [call('lock')]],
    });
    holds(locks(Lock, plans));
  });

  test.each([
    ['does not notify', Silent],
    ['notifies before it stores', Early],
  ])('a lost wake-up fails: unlock %s', (_name, Class) => {
    const { finding } = failure(locks(Class, pairs(2, 2)));
    expect(finding!.outcome.kind).toBe('violated');
    expect(finding!.outcome.message).toMatch(/^an operation never returned although it could have/);
    expect(finding!.outcome.blocked).toHaveLength(1);
    expect(finding!.report).toMatch(
      /T\d waits at subject\.js:\d+ on \[0\] \(slept on 1\): last written by T\d/,
    );
    expect(finding!.preemptions).toBeLessThanOrEqual(2);
  });

  test('the sound lock passes', () => holds(locks(Lock, pairs(3, 2))));

  test('without a model, any deadlock is wrong', () => {
    const plans = fc.constant<Plan>({ prefix: [], threads: [[call('lock')], [call('lock')]] });
    const { finding } = failure(locks(Lock, plans, { specification: undefined }));
    expect(finding!.outcome.kind).toBe('deadlocked');
    expect(finding!.preemptions).toBe(0);
  });
});

describe('the prefix', () => {
  test('runs before the threads, as the thread after the last, and is part of the history', () => {
    let prefixes = 0;
    fc.assert(
      fc.property(
        counters(Counter, {
          prefix: 3,
          specification: undefined,
          judge: ({
            history,
            plan,
            shared,
            stuck,
            spins,
          }: {
            history: CaseFinding['history'];
            plan: Plan;
            shared: Cells;
            stuck: boolean;
            spins: number;
          }) => {
            const first = history.slice(0, plan.prefix.length);
            if (first.some(({ thread }) => thread !== plan.threads.length))
              return 'the prefix is not by the thread after the last';
            if (history.slice(plan.prefix.length).some(({ called }) => called < plan.prefix.length * 2))
              return 'the prefix overlaps';
            prefixes += plan.prefix.length;
            const sum = [...plan.prefix, ...plan.threads.flat()].reduce(
              (s, { name, args }) => s + (name === 'add' ? (args[0] as number) : 0),
              0,
            );
            return shared[0] === sum && !stuck && spins === 0 ? undefined : `the sum is ${shared[0]}`;
          },
        }),
        (program) => program.check(),
      ),
      { seed: 5, numRuns: 100 },
    );
    expect(prefixes).toBeGreaterThan(0);
  });

  test('a prefix that would block crashes the case', () => {
    const plans = fc.constant<Plan>({
      prefix: [call('lock'), call('lock')],
      threads: [[call('unlock')], []],
    });
    const { finding } = failure(locks(Lock, plans));
    expect(finding!.outcome.kind).toBe('crashed');
    expect(finding!.outcome.message).toContain('would block in setup');
  });
});

describe('errors', () => {
  const throwing = subject(() => ({
    fail: (_local: Cells, n: number): never => {
      throw new RangeError(`no ${n}`);
    },
  }));
  const cases = (more: object) =>
    concurrentProgram({
      setup: () => cells(1),
      operations: { fail: { args: fc.tuple(fc.nat(3)), run: throwing.fail } },
      ...more,
    } as never) as fc.Arbitrary<ConcurrentCase<Cells, object>>;

  test('of an operation: wrong where no model allows them', () => {
    const { finding } = failure(cases({}));
    expect(finding!.outcome).toMatchObject({ kind: 'violated', thread: 0 });
    expect(finding!.outcome.message).toMatch(/^T0 fail\(\) threw/);
    expect(finding!.report).toMatch(/^concurrent program: VIOLATED with 0 preemptions/);
  });

  test('of an operation: a result like any other where the model has it', () => {
    holds(
      cases({
        specification: specification<number>({
          name: 'm',
          initial: () => 0,
          operations: { fail: (state) => ({ state, result: threw('RangeError') }) },
        }),
      }),
    );
  });

  test('a judge that throws has found something', () => {
    const { finding } = failure(cases({ judge: () => expect(1).toBe(2) }));
    expect(finding!.outcome.kind).toBe('violated');
    expect(finding!.outcome.message).toContain('expected 1 to be 2');
  });

  test('a method that is not there: the caller’s mistake, by name', () => {
    const { finding } = failure(locks(Counter, pairs(2, 1)));
    expect(finding!.outcome.kind).toBe('crashed');
    expect(finding!.outcome.message).toContain(
      'operation lock: what attach returned has no method of that name; give operations.lock.run',
    );
  });

  test('an execution that runs out of its steps is never a pass', () => {
    const endless = subject(() => ({
      run: (view: Cells): void => {
        for (;;) Atomics.add(view, 0, 1);
      },
    }));
    const program = concurrentProgram({
      setup: () => cells(1),
      operations: { spin: { run: endless.run } },
      maxSteps: 200,
    } as never) as fc.Arbitrary<ConcurrentCase<Cells, object>>;
    const { details, error } = failure(program, { numRuns: 1 });
    expect(details.failed).toBe(true);
    expect((error as Error).message).toMatch(
      /^concurrent program: no pass, for the budget of 200 steps for one execution ran out: T0: spin/,
    );
    const totals = { schedules: 0, steps: 0, unscheduled: 0, exhausted: 0, behaviours: new Tally() };
    fc.sample(program, 1)[0]!.run(totals);
    expect(totals.exhausted).toBe(totals.schedules);
  });

  test.each([
    [{ operations: {} }, 'operations is empty: name at least one'],
    [{ threads: [0, 2] }, 'threads [0, 2]: give [least, most] with 1 <= least <= most <= 128'],
    [{ threads: [3, 2] }, 'threads [3, 2]'],
    [{ threads: [1, 129] }, 'threads [1, 129]'],
    [{ threads: [1.5, 2] }, 'threads [1.5, 2]'],
    [{ length: [2, 1] }, 'length [2, 1]'],
    [{ length: [-1, 1] }, 'length [-1, 1]'],
    [{ prefix: -1 }, 'prefix'],
    [{ prefix: 0.5 }, 'prefix'],
    [{ schedules: -1 }, 'schedules'],
    [{ maxSteps: 0 }, 'maxSteps'],
    [{ setup: undefined }, 'setup'],
  ])('options %j are refused', (options, message) => {
    expect(() => counters(Counter, options)).toThrow(message);
    expect(() => counters(Counter, options)).toThrow(expect.objectContaining({ name: 'ProgramError' }));
  });
});

describe('threads that go round', () => {
  const { Leaving } = subject(() => {
    /** Two try-locks; whoever is in a hurry leaves with the second. */
    class Leaving {
      readonly view: Cells;
      constructor(view: Cells) {
        this.view = view;
      }
      run(hurries: boolean): boolean {
        for (;;) {
          if (Atomics.compareExchange(this.view, 0, 0, 1) !== 0) continue;
          const both = Atomics.compareExchange(this.view, 1, 0, 1) === 0;
          if (both && !hurries) Atomics.store(this.view, 1, 0);
          Atomics.store(this.view, 0, 0);
          if (both) return hurries;
        }
      }
    }
    return { Leaving };
  });

  test('a livelock, with a short schedule that repeats it', () => {
    const run = (hurries: boolean): Operation => ({ name: 'run', args: [hurries] });
    const cases: fc.Arbitrary<ConcurrentCase<Cells, object>> = concurrentProgram({
      name: 'leaving',
      setup: () => cells(2),
      attach: (view: Cells) => new Leaving(view),
      operations: { run: { args: fc.tuple(fc.boolean()) } },
      plans: fc.constant({ prefix: [], threads: [[run(true)], [run(false)], [run(false)]] }),
    } as never);
    const [program] = fc.sample(cases, { numRuns: 1, seed: 1 });
    const finding = program!.run()!;
    expect(finding.outcome).toMatchObject({
      kind: 'livelocked',
      stuck: { kind: 'livelock', threads: [1, 2] },
    });
    expect(finding.report).toContain('everybody taking turns of 1 step from step');
    expect(finding.schedule.length).toBeLessThan(60);
    expect(program!.replay(finding.schedule)).toMatchObject({
      outcome: finding.outcome,
      divergence: undefined,
    });
  });
});

describe('the values', () => {
  test('print as a program and its segments', () => {
    const [program] = fc.sample(counters(Counter, { threads: [2, 2], length: [1, 1], prefix: 1 }), {
      numRuns: 1,
      seed: 1,
    });
    expect(String(program)).toMatch(
      /^(first: .* \| )?T0: (add\(\d\)|get\(\)) \| T1: (add\(\d\)|get\(\)) under \[/,
    );
    expect(fc.stringify(program)).toBe(String(program));
  });

  test('keep to their bounds', () => {
    for (const { plan } of fc.sample(counters(Counter, { threads: [2, 5], length: [0, 3], prefix: 2 }), {
      numRuns: 300,
      seed: 1,
    })) {
      expect(plan.threads.length >= 2 && plan.threads.length <= 5).toBe(true);
      expect(plan.threads.every((list) => list.length <= 3)).toBe(true);
      expect(plan.prefix.length).toBeLessThanOrEqual(2);
    }
  });

  test('128 threads run', () =>
    holds(counters(Counter, { threads: [128, 128], length: [1, 1], specification: undefined }), 2));
});
