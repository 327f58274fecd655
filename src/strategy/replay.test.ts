import { describe, expect, test } from 'vitest';
import { type Cells, executorOf } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import type { Program } from '../engine/program.ts';
import type { Schedule } from '../schedule/codec.ts';
import { choices, programs, strategyConformance } from './fixtures/conformance.ts';
import { random } from './random.ts';
import { replay } from './replay.ts';

/** Runs `program` under a seed and gives its schedule, with the trace. */
function recorded(program: Program, seed: number): { schedule: Schedule; trace: unknown; kind: string } {
  const executor = executorOf(program);
  const strategy = random(seed);
  strategy.begin(0, program.threads);
  const { kind } = executor.run(strategy, true);
  const { threads, steps, fingerprint } = executor;
  return {
    schedule: { threads, deviations: executor.schedule(), steps, fingerprint },
    trace: executor.trace,
    kind,
  };
}

function repeat(program: Program, schedule: Schedule) {
  const executor = executorOf(program);
  const strategy = replay(schedule);
  strategy.begin(0, program.threads);
  const outcome = executor.run(strategy, true);
  strategy.finish(executor.steps, executor.fingerprint);
  return { outcome, divergence: strategy.divergence, trace: executor.trace };
}

// Any program at all: where it cannot follow, it takes the base order and says so.
strategyConformance('replay', (seed) => replay(recorded(programs[2]!, seed).schedule));

/** Threads that make `length[id]` additions, at cell `at`. */
const adds = (length: readonly number[], at = 0): Program =>
  subject(
    ({ cells, length, at }) => ({
      threads: length.length,
      setup: () => cells(2),
      thread(id: number, view: Cells): void {
        for (let i = 0; i < length[id]!; i++) Atomics.add(view, at, 1);
      },
    }),
    { length, at },
  ) as unknown as Program;

describe('replay', () => {
  test('repeats any execution step by step, with its outcome', () => {
    for (const program of programs)
      for (let seed = 0; seed < 50; seed++) {
        const { schedule, trace, kind } = recorded(program, seed);
        const again = repeat(program, schedule);
        expect(again.divergence).toBeUndefined();
        expect(again.outcome.kind).toBe(kind);
        expect(again.trace).toEqual(trace);
      }
  });

  test('has one execution', () => {
    expect(choices(replay(recorded(programs[0]!, 1).schedule), programs[0]!, 9)).toHaveLength(1);
  });

  /** A schedule that switches in the middle. */
  const schedule = Array.from({ length: 99 }, (_, seed) => recorded(adds([3, 3]), seed).schedule).find(
    ({ deviations }) => deviations.length === 3 && deviations[0]!.at > 1,
  )!;

  test.each([
    ['a thread more', adds([3, 3, 3]), /^the schedule is of 2 threads, the program has 3$/],
    [
      'another cell before the first switch',
      adds([3, 3], 1),
      /^between steps 0 and \d+ the program took other steps/,
    ],
    ['a thread that ends early', adds([0, 0]), /^(at step \d+ the schedule|between|the execution ended)/],
    [
      'a longer end',
      adds([9, 9]),
      /^after step \d+ the program took other steps: 20 in all, the schedule was made with 8$/,
    ],
  ])('a program with %s diverges, and says where', (_name, program, text) => {
    expect(repeat(adds([3, 3]), schedule).divergence).toBeUndefined();
    expect(repeat(program, schedule).divergence).toMatch(text);
  });

  test('a thread that cannot go on at a switch; a switch after the end', () => {
    const base = recorded(adds([3, 3]), 1).schedule;
    const executor = executorOf(adds([3, 3]));
    const strategy = replay({ ...base, deviations: [{ at: 2, thread: 9, check: 0 }] });
    strategy.begin(0, 2);
    let check = 0;
    executor.run({
      ...strategy,
      choose: (view) => {
        if (view.steps === 2) check = view.fingerprint & 1023;
        return strategy.choose(view);
      },
    });
    expect(repeat(adds([3, 3]), { ...base, deviations: [{ at: 2, thread: 9, check }] }).divergence).toBe(
      'at step 2 the schedule switches to T9, which cannot go on there',
    );
    expect(
      repeat(adds([3, 3]), { ...base, deviations: [{ at: 6, thread: 0, check: 0 }] }).divergence,
    ).toMatch(
      /^the execution ended after 8 steps, before the switch at step 6|only one thread could go on|took other steps/,
    );
    expect(repeat(adds([3, 3]), { ...base, deviations: [{ at: 99, thread: 0, check: 0 }] }).divergence).toBe(
      'the execution ended after 8 steps, before the switch at step 99',
    );
  });

  test('one fingerprint for other steps of the same number is noticed at the end', () => {
    expect(
      repeat(adds([3, 3], 1), { ...recorded(adds([3, 3]), 0).schedule, deviations: [] }).divergence,
    ).toMatch(/^after step 0 the program took other steps than/);
  });
});
