import { describe, expect, test } from 'vitest';
import { type Cells, executorOf } from '../../engine/fixtures/schedules.ts';
import { subject } from '../../engine/fixtures/subject.ts';
import type { Program } from '../../engine/program.ts';
import { type ExploreOptions, type ExploreResult, explore, replayLoaded } from '../../explore.ts';
import { strategyConformance } from '../fixtures/conformance.ts';
import { ExhaustiveSearch } from './exhaustive.ts';
import { exhaustive } from './search.ts';

strategyConformance('exhaustive', () => exhaustive());
strategyConformance('exhaustive, two preemptions', () => exhaustive(2));

function exhaust<S, L, R>(program: Program<S, L, R>, options: ExploreOptions = {}): ExploreResult {
  return explore(program as unknown as Program, { strategy: 'exhaustive', ...options });
}

/** The results of all executions, sorted; fails unless the search is complete and took as many executions. */
function results<S, L, R>(program: Program<S, L, R>, executions: number): string[] {
  const seen = new Set<string>();
  const check = (_shared: S, values: readonly R[]): void => {
    seen.add(values.map(String).join());
  };
  const result = exhaust({ ...program, check });
  expect(result).toMatchObject({ outcome: 'passed', complete: true, bound: null, executions });
  return [...seen].sort();
}

describe('litmus tests', () => {
  test('store buffering: three outcomes, never 0 and 0', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(2),
      thread(id: number, view: Cells): number {
        Atomics.store(view, id, 1);
        return Atomics.load(view, 1 - id);
      },
    }));
    expect(results(program, 3)).toEqual(['0,1', '1,0', '1,1']);
  });

  test('message passing: who sees the flag sees the data', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(2),
      thread(id: number, view: Cells): string {
        if (id === 0) {
          Atomics.store(view, 0, 1);
          Atomics.store(view, 1, 1);
          return '';
        }
        return `${Atomics.load(view, 1)}${Atomics.load(view, 0)}`;
      },
    }));
    expect(results(program, 3)).toEqual([',00', ',01', ',11']);
  });

  test('independent reads of independent writes: two readers never disagree on the order', () => {
    const program = subject(({ cells }) => ({
      threads: 4,
      setup: () => cells(2),
      thread(id: number, view: Cells): string {
        if (id < 2) Atomics.store(view, id, 1);
        else return `${Atomics.load(view, id - 2)}${Atomics.load(view, 3 - id)}`;
        return '';
      },
    }));
    const seen = results(program, 15);
    expect(seen).toHaveLength(15);
    expect(seen).not.toContain(',,10,10');
  });

  test('threads that share nothing have one behaviour', () => {
    const program = subject(({ cells }) => ({
      threads: 4,
      setup: () => cells(4),
      thread: (id: number, view: Cells) => Atomics.add(view, id, 1) + Atomics.add(view, id, 1),
    }));
    expect(results(program, 1)).toEqual(['1,1,1,1']);
    expect(exhaust(program).notes).toEqual([]);
  });

  test('one thread has one behaviour', () => {
    const program = subject(({ cells }) => ({
      threads: 1,
      setup: () => cells(1),
      thread: (_id: number, view: Cells) => Atomics.add(view, 0, 1),
    }));
    expect(results(program, 1)).toEqual(['0']);
  });
});

describe('waits', () => {
  test('a time-out and the notify that forestalls it are both explored', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(id: number, view: Cells): string {
        if (id === 0) return Atomics.wait(view, 0, 0, 10);
        Atomics.store(view, 0, 1);
        return String(Atomics.notify(view, 0));
      },
    }));
    // Not equal; asleep and woken; timed out after the store or before it; asleep, timed out before the notify.
    expect(results(program, 3)).toEqual(['not-equal,0', 'ok,1', 'timed-out,0']);
  });

  test('a lost wake-up is found, and replays', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(id: number, view: Cells): void {
        if (id === 0) Atomics.wait(view, 0, 0);
        else Atomics.notify(view, 0);
      },
    }));
    const result = exhaust(program);
    expect(result).toMatchObject({ outcome: 'deadlocked', complete: false });
    const again = replayLoaded({ name: 'p', main: program as unknown as Program }, result.schedule!);
    expect(again.outcome).toBe('deadlocked');
  });

  test('going on after a finding, the search still comes to its end', () => {
    const program = subject(({ cells }) => ({
      threads: 3,
      setup: () => cells(1),
      thread(id: number, view: Cells): void {
        if (id === 2) Atomics.notify(view, 0, 1);
        else Atomics.wait(view, 0, 0);
      },
    }));
    // The notify comes first, between the waits, or last, each with the waits in both orders: all but one thread stay asleep.
    expect(exhaust(program, { keepGoing: true })).toMatchObject({
      outcome: 'deadlocked',
      complete: true,
      executions: 6,
      findings: 6,
    });
  });
});

describe('an execution that a throwing thread ends', () => {
  const program = subject(({ cells }) => ({
    threads: 3,
    setup: () => cells(2),
    thread(id: number, view: Cells): void {
      if (id === 0 && Atomics.load(view, 0) === 0) throw new Error('too early');
      if (id === 1) Atomics.store(view, 1, 1);
      if (id === 2 && Atomics.load(view, 1) === 1) Atomics.store(view, 0, 1);
    },
  }));

  test('hides nothing: what the others would have done is explored as well', () => {
    const outcomes = new Set<string>();
    const search = new ExhaustiveSearch();
    const executor = executorOf(program);
    for (let i = 0; search.begin(i, 3); i++) outcomes.add(executor.run(search).kind);
    expect([...outcomes].sort()).toEqual(['passed', 'violated']);
  });

  test('and the first finding replays', () => {
    const result = exhaust(program);
    expect(result).toMatchObject({ outcome: 'violated', complete: false });
    expect(result.schedule).toMatch(/^tp1_/);
  });
});

describe('a thread that throws right after it woke others', () => {
  // Those slept before: they are no threads that might have gone first.
  test.each<[timeout: string, results: number]>([
    ['', 2],
    [', 5', 3],
  ])('ends the search completely, with time-out "%s": %i executions', (timeout, executions) => {
    const program = subject(
      ({ cells, timed }) => ({
        threads: 2,
        mayBlock: [0],
        setup: () => cells(2),
        thread(id: number, view: Cells): void {
          if (id === 0) {
            if (timed === '') Atomics.wait(view, 0, 0);
            else Atomics.wait(view, 0, 0, 5);
            Atomics.sub(view, 1, 1);
          } else {
            Atomics.load(view, 0);
            if (Atomics.notify(view, 0, 1) > 0) throw new Error('woke somebody');
          }
        },
      }),
      { timed: timeout },
    );
    expect(exhaust(program, { keepGoing: true, minimise: false })).toMatchObject({
      outcome: 'violated',
      complete: true,
      executions,
      behaviours: executions,
    });
  });
});

test('a compare-exchange reads where what it writes was there, wrapped to the width of the cell', () => {
  const program = subject(() => ({
    threads: 3,
    setup: () => new Int8Array(new SharedArrayBuffer(2)),
    thread: (id: number, view: Int8Array): number =>
      id === 2 ? Atomics.compareExchange(view, 0, 0, -256) : Atomics.compareExchange(view, 0, 256, 0),
  }));
  expect(results(program, 1)).toEqual(['0,0,0']);
});

describe('loops that wait by looking', () => {
  test('are explored once for what they see at last, and cut where they would go round', () => {
    const program = subject(({ cells }) => ({
      threads: 3,
      setup: () => cells(1),
      thread(id: number, view: Cells): number {
        if (id === 0) {
          while (Atomics.load(view, 0) < 2);
          return Atomics.load(view, 0);
        }
        Atomics.add(view, 0, 1);
        return 0;
      },
    }));
    const result = exhaust(program);
    expect(result).toMatchObject({ outcome: 'passed', complete: true });
    // Two orders of the adders, and the look before each of them, in vain.
    expect(result.executions).toBeLessThanOrEqual(6);
    expect(result.notes.join()).toMatch(/went round/);
  });

  test('that nobody ends are a livelock', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(2),
      thread(id: number, view: Cells): void {
        Atomics.store(view, id, 1);
        while (Atomics.load(view, 1 - id) === 1);
      },
    }));
    expect(exhaust(program, { maxSteps: 6_000 }).outcome).toBe('livelocked');
  });

  test('a loop that counts is no such loop: all of its reads are explored', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(id: number, view: Cells): string {
        if (id === 1) return String(Atomics.store(view, 0, 1));
        let seen = '';
        for (let i = 0; i < 5; i++) seen += Atomics.load(view, 0);
        return seen;
      },
    }));
    expect(results(program, 6)).toEqual(['00000,1', '00001,1', '00011,1', '00111,1', '01111,1', '11111,1']);
  });

  test('a lock that is taken by exchange in a loop, and one polled with time-outs', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(2),
      thread(id: number, view: Cells): number {
        if (id === 0) while (Atomics.exchange(view, 0, 1) === 1);
        else while (Atomics.compareExchange(view, 0, 0, 1) !== 0) Atomics.wait(view, 0, 1, 3);
        const before = Atomics.load(view, 1);
        Atomics.store(view, 1, before + 1);
        Atomics.store(view, 0, 0);
        Atomics.notify(view, 0);
        return before;
      },
    }));
    const seen = new Set<string>();
    const check = (view: Cells, values: readonly number[]): void => {
      if (view[1] !== 2) throw new Error(`counted ${view[1]}`);
      seen.add(values.join());
    };
    const result = exhaust({ ...program, check });
    expect(result).toMatchObject({ outcome: 'passed', complete: true });
    expect([...seen].sort()).toEqual(['0,1', '1,0']);
    expect(result.executions).toBeLessThan(30);
    for (const preemptions of [2, 4])
      expect(exhaust(program, { preemptions })).toMatchObject({ outcome: 'passed', complete: true });
  });
});

describe('complete is not said', () => {
  const counter = subject(({ cells }) => ({
    threads: 3,
    setup: () => cells(1),
    thread: (_id: number, view: Cells) => Atomics.add(view, 0, 1) + Atomics.add(view, 0, 1),
  }));

  test('when a budget ended the search', () => {
    const result = exhaust(counter, { executions: 30 });
    expect(result).toMatchObject({ outcome: 'exhausted', complete: false, executions: 30 });
    expect(result.message).toMatch(
      /^the budget ran out after 30 executions, with about \d+\.\d % of the search done$/,
    );
    expect(exhaust(counter, { executions: 90 }).complete).toBe(false);
    expect(exhaust(counter, { executions: 91 })).toMatchObject({ complete: true, executions: 90 });
  });

  test('when executions ran out of their steps', () => {
    expect(exhaust(counter, { maxSteps: 8, keepGoing: true })).toMatchObject({
      outcome: 'exhausted',
      complete: false,
    });
  });

  test('without its bound', () => {
    const result = exhaust(counter, { preemptions: 1 });
    expect(result).toMatchObject({ complete: true, bound: 1, behaviours: 24 });
    expect(result.guarantee).toMatch(/at most 1 preemptions/);
    expect(exhaust(counter).guarantee).toBe('complete: every behaviour of the program was explored');
  });

  test('by strategies that sample', () => {
    expect(explore(counter as unknown as Program, { strategy: 'random', executions: 50 })).toMatchObject({
      complete: false,
      bound: null,
    });
  });

  test('when steps have no scheduling point', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread: (_id: number, view: Cells) =>
        new (class {
          readonly value = Atomics.add(view, 0, 1);
          constructor() {
            Atomics.add(view, 0, 1);
          }
        })().value,
    }));
    const result = exhaust(program);
    expect(result).toMatchObject({ outcome: 'passed', complete: false });
    expect(result.executions).toBeGreaterThan(1);
    expect(result.notes.join()).toMatch(/without a scheduling point/);
  });

  test('when threads look at the clock', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(id: number, view: Cells): boolean {
        if (id === 1) return Atomics.wait(view, 0, 0, 5) === 'timed-out';
        Atomics.add(view, 0, 1);
        return performance.now() > 4;
      },
    }));
    for (const preemptions of [undefined, 3]) {
      const result = exhaust(program, preemptions === undefined ? {} : { preemptions });
      expect(result).toMatchObject({ outcome: 'passed', complete: false });
      expect(result.notes.join()).toMatch(/read the clock/);
    }
  });

  test('when the program does not do the same under the same choices', () => {
    const program = subject(({ cells }) => {
      let calls = 0;
      return {
        threads: 2,
        setup: () => cells(3),
        thread: (_id: number, view: Cells) => {
          Atomics.add(view, 1 + Number(calls++ % 3 === 0), 1);
          return Atomics.add(view, 0, 1);
        },
      };
    });
    const result = exhaust(program, { executions: 500, runTwice: false });
    expect(result.complete).toBe(false);
    expect(result.notes.join()).toMatch(/other steps under the same choices/);
  });
});

describe('options', () => {
  test.each([
    [{ preemptions: -1 }, /preemptions is -1: give a whole number from 0/],
    [{ preemptions: 1.5 }, /preemptions is 1.5/],
    [{ strategy: 'random', preemptions: 1 }, /goes with the strategy 'exhaustive'/],
  ] as const)('%j', (options, message) => {
    const program = subject(({ cells }) => ({ threads: 1, setup: () => cells(1), thread: () => 1 }));
    expect(() => exhaust(program as unknown as Program, options as ExploreOptions)).toThrow(message);
  });
});
