import { describe, expect, test } from 'vitest';
import type { Program } from './engine/program.ts';
import { type ExploreOptions, type ExploreResult, explore, replayLoaded, strategyNames } from './explore.ts';
import { ScheduleError } from './schedule/codec.ts';

type Cells = Int32Array<SharedArrayBuffer>;
const cells = (count: number): Cells => new Int32Array(new SharedArrayBuffer(4 * count));

const lostUpdate = {
  name: 'lost update',
  threads: 2,
  setup: () => cells(1),
  thread(_id: number, view: Cells): number {
    const seen = Atomics.load(view, 0);
    Atomics.store(view, 0, seen + 1);
    return seen;
  },
  check(view: Cells): void {
    if (view[0] !== 2) throw new Error(`the counter is ${view[0]}`);
  },
};

const sound = {
  threads: 3,
  setup: () => cells(1),
  thread: (_id: number, view: Cells): number => Atomics.add(view, 0, 1) + Atomics.add(view, 0, 1),
};

/** Takes 3,000 steps, and fails whatever the schedule. */
const long = {
  threads: 2,
  setup: () => cells(1),
  thread(_id: number, view: Cells): void {
    for (let i = 0; i < 1_500; i++) Atomics.add(view, 0, 1);
  },
  check(): void {
    throw new Error('in the end');
  },
};

const replayed = (program: Program<never, never, unknown>, schedule: string): ExploreResult =>
  replayLoaded({ name: 'program', main: program as unknown as Program }, schedule);

/** Without times. */
function steady({ cpuMs: _, wallMs: __, ...rest }: ExploreResult): Omit<ExploreResult, 'cpuMs' | 'wallMs'> {
  return rest;
}

describe('explore', () => {
  test('a finding: every field, minimised', () => {
    const result = explore(lostUpdate, { seed: 1 });
    expect(result).toMatchObject({
      name: 'lost update',
      outcome: 'violated',
      threads: 2,
      preemptions: 1,
      strategy: 'portfolio',
      seed: 1,
      unscheduled: 0,
      exhausted: 0,
      findings: 1,
      kinds: ['violated Error: the counter is #'],
      guarantee: null,
    });
    expect(result.message).toBe('Error: the counter is 1');
    expect(result.executions).toBe(result.executionsToFirst);
    expect(result.steps).toBeGreaterThan(0);
    expect(result.cpuMs).toBeGreaterThanOrEqual(0);
    expect(result.wallMs).toBeGreaterThan(0);
    expect(result.schedule).toMatch(/^tp1_2_/);
    expect(result.trace.map(({ kind }) => kind)).toEqual([
      'start',
      'load',
      'start',
      'load',
      'store',
      'store',
    ]);
    expect(result.trace.filter(({ preemption }) => preemption)).toHaveLength(1);
    expect(result.trace[1]!.site).toMatchObject({
      file: expect.stringMatching(/src\/explore\.test\.ts$/),
      line: 14,
    });
    expect(result.report).toContain('lost update: VIOLATED with 1 preemption\n');
    expect(result.report).toContain(result.schedule);
  });

  test('no finding: passed, with the same fields', () => {
    const result = explore(sound, { seed: 2, executions: 2_000 });
    expect(result).toMatchObject({
      name: 'program',
      outcome: 'passed',
      message: '',
      executions: 2_000,
      executionsToFirst: null,
      schedule: null,
      preemptions: null,
      trace: [],
      behaviours: 90,
      saturation: { distinct: 90, total: 2_000 },
      findings: 0,
      kinds: [],
      report: null,
    });
    expect(result.steps).toBe(2_000 * 9);
    expect(Object.keys(result)).toEqual(Object.keys(explore(lostUpdate, { seed: 1 })));
  });

  test('coverage is counted where it is asked for', () => {
    const options = { seed: 1, strategy: 'random', executions: 500 } as const;
    expect(explore(sound, options).coverage).toBeNull();
    const { coverage } = explore(sound, { ...options, coverage: true });
    expect(coverage!.readsFrom).toBeGreaterThan(1);
  });

  test.each(strategyNames.filter((name) => name !== 'replay'))(
    '%s finds it, and says the same for the same seed',
    (strategy) => {
      const first = explore(lostUpdate, { seed: 5, strategy });
      expect(first.outcome).toBe('violated');
      expect(JSON.stringify(steady(explore(lostUpdate, { seed: 5, strategy })))).toBe(
        JSON.stringify(steady(first)),
      );
      expect(explore(sound, { seed: 5, strategy, executions: 500 }).outcome).toBe('passed');
    },
  );

  test('a seed is drawn where none is given, and repeats the run', () => {
    const first = explore(lostUpdate);
    expect(Number.isSafeInteger(first.seed)).toBe(true);
    expect(steady(explore(lostUpdate, { seed: first.seed }))).toEqual(steady(first));
    expect(
      new Set(Array.from({ length: 5 }, () => explore(sound, { executions: 1 }).seed)).size,
    ).toBeGreaterThan(1);
  });

  test('the schedule replays 100 times of 100, as data and as text', () => {
    const found = explore(lostUpdate, { seed: 3 });
    for (let i = 0; i < 100; i++) {
      const again = replayed(lostUpdate as never, found.schedule!);
      expect(again).toMatchObject({
        outcome: 'violated',
        message: found.message,
        preemptions: 1,
        executions: 1,
        strategy: 'replay',
      });
      expect(again.trace).toEqual(found.trace);
    }
    const viaStrategy = explore(lostUpdate, { strategy: 'replay', schedule: ` ${found.schedule!} ` });
    expect(viaStrategy.report).toBe(found.report);
    expect(viaStrategy.schedule).toBe(found.schedule);
  });

  test('keepGoing counts all findings of all kinds, however many', () => {
    const two = {
      ...lostUpdate,
      thread(id: number, view: Cells): number {
        if (Atomics.load(view, 0) === 1 && id === 1) throw new Error('a rare one');
        return Atomics.add(view, 0, 1);
      },
      check(): void {
        throw new Error('a common one');
      },
    };
    const result = explore(two, { seed: 1, executions: 1_000, keepGoing: true });
    expect(result.executions).toBe(1_000);
    expect(result.findings).toBe(1_000);
    expect([...result.kinds].sort()).toEqual([
      'violated Error: a common one',
      'violated thread # threw Error: a rare one',
    ]);
    expect(result.executionsToFirst).toBe(1);
    const [rare] = result.others;
    expect(result.others).toHaveLength(1);
    expect(rare).toMatchObject({ outcome: 'violated', message: 'thread 1 threw Error: a rare one' });
    expect(explore(two, { strategy: 'replay', schedule: rare!.schedule }).message).toBe(rare!.message);
    expect(rare!.execution).toBeGreaterThan(1);
    expect(rare!.findings).toBeLessThan(1_000);
    expect(explore(two, { seed: 1, executions: rare!.execution - 1, keepGoing: true }).others).toEqual([]);
  });

  test('minimise: false shows the schedule as it was found', () => {
    const busy = {
      ...lostUpdate,
      threads: 3,
      check(view: Cells): void {
        if (view[0] !== 3) throw new Error('lost');
      },
    };
    const found = Array.from({ length: 20 }, (_, seed) => explore(busy, { seed, minimise: false }));
    expect(Math.max(...found.map(({ preemptions }) => preemptions!))).toBeGreaterThan(1);
    for (const { schedule, trace } of found) expect(replayed(busy as never, schedule!).trace).toEqual(trace);
  });

  test('behaviours: false does not count them', () => {
    expect(explore(sound, { seed: 1, executions: 10, behaviours: false }).behaviours).toBeNull();
  });

  test('progress is told now and then', () => {
    const seen: number[] = [];
    explore(sound, { seed: 1, executions: 1_000, onProgress: ({ executions }) => seen.push(executions) });
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });
});

describe('budgets', () => {
  test('steps: exhausted, never passed', () => {
    const result = explore(sound, { seed: 1, executions: 50, maxSteps: 5 });
    expect(result).toMatchObject({ outcome: 'exhausted', executions: 50, exhausted: 50, findings: 0 });
    expect(result.message).toContain(
      '50 of 50 executions ran out of their step budget: give more with maxSteps',
    );
  });

  test('time alone: passed, when it is over', () => {
    const result = explore(sound, { seed: 1, time: 0.1 });
    expect(result).toMatchObject({ outcome: 'passed', message: '' });
    expect(result.executions).toBeGreaterThan(10);
    expect(result.wallMs).toBeLessThan(5_000);
  });

  test('time is looked at between slow executions', () => {
    const slow = {
      ...sound,
      check(): void {
        const end = process.hrtime.bigint() + 20_000_000n;
        while (process.hrtime.bigint() < end);
      },
    };
    const result = explore(slow, { seed: 1, time: 0.1 });
    expect(result.outcome).toBe('passed');
    // 128 of them would take 2.5 s.
    expect(result.executions).toBeLessThan(64);
  });

  test('time before the executions are done: exhausted', () => {
    const result = explore(sound, { seed: 1, time: 0.05, executions: 1_000_000_000 });
    expect(result.outcome).toBe('exhausted');
    expect(result.message).toBe(`the time ran out after ${result.executions} executions`);
  });

  test('time in the middle of a long execution: not called a matter of steps', () => {
    const endless = {
      ...sound,
      thread(_id: number, view: Cells): void {
        for (;;) Atomics.add(view, 0, 1);
      },
    };
    const result = explore(endless, { seed: 1, time: 0.05, maxSteps: 1_000_000_000 });
    expect(result).toMatchObject({ outcome: 'exhausted', executions: 0, exhausted: 0 });
    expect(result.message).toBe('the time ran out after 0 executions');
  });

  test('a finding at the last moment is minimised and shown all the same', () => {
    const slow = {
      ...long,
      check(): void {
        // Longer than the time that is given.
        for (let i = 0; i < 3e7; i++);
        throw new Error('in the end');
      },
    };
    const result = explore(slow, { seed: 1, time: 0.01 });
    if (result.outcome === 'violated') {
      expect(result.message).toBe('Error: in the end');
      expect(result.trace).toHaveLength(3_002);
    } else expect(result.outcome).toBe('exhausted');
  });

  test('a finding that took more steps than the default budget replays without being told so', () => {
    const found = explore(
      {
        ...long,
        thread: (_id: number, view: Cells) => {
          for (let i = 0; i < 12_000; i++) Atomics.add(view, 0, 1);
        },
      },
      { seed: 1, maxSteps: 100_000, minimise: false },
    );
    expect(found.trace).toHaveLength(24_002);
    const again = replayed(
      {
        ...long,
        thread: (_id: number, view: Cells) => {
          for (let i = 0; i < 12_000; i++) Atomics.add(view, 0, 1);
        },
      } as never,
      found.schedule!,
    );
    expect(again).toMatchObject({ outcome: 'violated', steps: 24_002 });
  });
});

describe('a program that changes', () => {
  test('since the schedule was made: a divergence, never another failure', () => {
    const { schedule } = explore(lostUpdate, { seed: 1 });
    const longer = {
      ...lostUpdate,
      thread(_id: number, view: Cells): number {
        Atomics.load(view, 0);
        return lostUpdate.thread(0, view);
      },
    };
    const mended = { ...lostUpdate, thread: (_id: number, view: Cells) => Atomics.add(view, 0, 1) };
    for (const program of [longer, mended, { ...lostUpdate, threads: 3 }]) {
      expect(() => explore(program, { strategy: 'replay', schedule: schedule! })).toThrow(ScheduleError);
      expect(() => explore(program, { strategy: 'replay', schedule: schedule! })).toThrow(
        /^the program diverges from the schedule: .*find the failure again with explore$/,
      );
    }
  });

  test('that only checks otherwise replays, with its own outcome', () => {
    const { schedule } = explore(lostUpdate, { seed: 1 });
    const { check: _, ...unchecked } = lostUpdate;
    expect(explore(unchecked, { strategy: 'replay', schedule: schedule! })).toMatchObject({
      outcome: 'passed',
      executionsToFirst: null,
      findings: 0,
    });
  });

  test.each([
    [
      'a counter that outlives executions decides the steps',
      () => {
        let executions = 0;
        return {
          ...sound,
          threads: 2,
          setup: () => {
            executions++;
            return cells(1);
          },
          thread(_id: number, view: Cells): number {
            for (let i = 0; i < executions; i++) Atomics.add(view, 0, 1);
            return 0;
          },
          check(): void {
            if (executions > 3) throw new Error('late');
          },
        };
      },
    ],
    [
      'a counter that outlives executions decides the outcome',
      () => {
        let executions = 0;
        return {
          ...sound,
          check(): void {
            if (++executions === 4) throw new Error('once');
          },
        };
      },
    ],
    [
      'state that grows decides who sleeps',
      () => {
        const seen = new Map<string, number>();
        return {
          ...sound,
          threads: 2,
          thread(id: number, view: Cells): string | number {
            seen.set(`${id} ${seen.size}`, 1);
            return seen.size === 7 ? Atomics.wait(view, 0, 0) : Atomics.add(view, 0, 1);
          },
        };
      },
    ],
  ])('in itself (%s) is said to be not deterministic', (_name, make) => {
    const result = explore(make() as Program<Cells, Cells, unknown>, { seed: 1, executions: 100 });
    expect(['violated', 'deadlocked']).toContain(result.outcome);
    expect(result.message).toMatch(
      /\nThe program is not deterministic: .+ Take clocks, randomness and state/,
    );
  });
});

describe('mistakes are the caller’s, and named', () => {
  const base = { threads: 2, setup: () => cells(1), thread: () => 0 };
  test.each([
    [null, 'it is null, not an object'],
    [undefined, 'it is undefined, not an object'],
    [() => 1, 'it is function, not an object'],
    [{ ...base, threads: undefined }, 'field threads is undefined, not a number'],
    [{ ...base, threads: '2' }, 'field threads is string, not a number'],
    [{ ...base, threads: 0 }, 'field threads is 0: give a whole number from 1 to 128'],
    [{ ...base, threads: 129 }, 'field threads is 129: give'],
    [{ ...base, threads: 1.5 }, 'field threads is 1.5: give'],
    [{ ...base, threads: Number.NaN }, 'field threads is NaN: give'],
    [{ ...base, setup: undefined }, 'field setup is undefined, not a function'],
    [{ ...base, setup: 1 }, 'field setup is number, not a function'],
    [{ ...base, thread: undefined }, 'field thread is undefined, not a function'],
    [{ ...base, attach: 1 }, 'field attach is number, not a function'],
    [{ ...base, check: {} }, 'field check is object, not a function'],
    [{ ...base, name: 1 }, 'field name is number, not a string'],
    [{ ...base, mayBlock: 1 }, 'field mayBlock is number, not an array of thread numbers'],
    [{ ...base, mayBlock: [2] }, 'field mayBlock names thread 2: threads are numbered 0 to 1'],
    [{ ...base, mayBlock: ['0'] }, 'field mayBlock names thread 0'],
  ])('program %#', (program, message) => {
    expect(() => explore(program as never)).toThrow(`this is not a program: ${message}`);
    expect(() => explore(program as never)).toThrow(expect.objectContaining({ name: 'ProgramError' }));
  });

  test.each([
    [
      { strategy: 'best' },
      'strategy "best" is not known: give one of portfolio, random, pct, fair-pct, pos, urw, surw, rff, round-robin, exhaustive, replay',
    ],
    [{ strategy: 'replay' }, 'the strategy replay needs a schedule'],
    [{ executions: 0 }, 'executions is 0: give a whole number from 1'],
    [{ executions: 1.5 }, 'executions is 1.5'],
    [{ executions: Number.NaN }, 'executions is NaN'],
    [{ maxSteps: -1 }, 'maxSteps is -1'],
    [{ depth: 0 }, 'depth is 0'],
    [{ strategy: 'exhaustive', depth: 3 }, "depth goes with the strategies 'pct' and 'fair-pct'"],
    [{ seed: 0.5 }, 'seed is 0.5: give a whole number'],
    [{ seed: '1' }, 'seed is 1'],
    [{ time: 0 }, 'time is 0: give seconds above 0'],
    [{ time: Number.NaN }, 'time is NaN'],
  ])('options %j', (options, message) => {
    expect(() => explore(base, options as ExploreOptions)).toThrow(message);
    expect(() => explore(base, options as ExploreOptions)).toThrow(
      expect.objectContaining({ name: 'ProgramError' }),
    );
  });

  test('a bad schedule', () => {
    expect(() => explore(base, { strategy: 'replay', schedule: 'tp9_1_1.1_0000' })).toThrow(ScheduleError);
  });

  test('128 threads, and 1', () => {
    expect(explore({ ...base, threads: 128 }, { executions: 3 }).outcome).toBe('passed');
    expect(explore({ ...base, threads: 1 }, { executions: 3, strategy: 'pct' }).outcome).toBe('passed');
  });
});

describe('what a program of its own may do', () => {
  test('nest: refused', () => {
    const result = explore({ ...lostUpdate, thread: () => explore(lostUpdate).executions }, { seed: 1 });
    expect(result.outcome).toBe('crashed');
    expect(result.message).toContain('an execution cannot start inside another execution');
    expect(explore(lostUpdate, { seed: 1 }).outcome).toBe('violated');
  });

  test('crash: the first is the last, even with keepGoing', () => {
    const result = explore({ ...sound, thread: async () => 1 } as never, { seed: 1, keepGoing: true });
    expect(result).toMatchObject({ outcome: 'crashed', executions: 1, findings: 1 });
    expect(result.message).toMatch(/explore\.test\.ts:\d+/);
  });
});

test('the report of a finding: the threads that deadlock are shown, the one that counts is not; the trace has every step', () => {
  const program = {
    threads: 3,
    setup: () => cells(4),
    thread(id: number, view: Cells): void {
      if (id === 2) for (let i = 0; i < 30; i++) Atomics.add(view, 3, 1);
      else Atomics.wait(view, id, 0);
    },
  };
  const options = { strategy: 'round-robin', seed: 1 } as const;
  const result = explore(program, options);
  const whole = explore(program, { ...options, full: true });
  expect([result.outcome, result.schedule], result.message).toEqual(['deadlocked', whole.schedule]);
  expect(result.trace.filter(({ thread }) => thread === 2)).toHaveLength(31);
  expect(result.report).toContain('steps of T2 folded: full: true shows them)');
  expect(result.report).not.toContain('add view[3] 1 -> 29');
  expect(whole.report).toContain('add view[3] 1 -> 29');
  expect(whole.report).not.toContain('folded');
});
