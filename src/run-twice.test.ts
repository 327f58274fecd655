import { expect, test } from 'vitest';
import type { Program } from './engine/program.ts';
import { type ExploreOptions, type ExploreResult, explore } from './explore.ts';

const cells = (count: number) => new Int32Array(new SharedArrayBuffer(4 * count));

const run = (program: unknown, options: ExploreOptions = {}): ExploreResult =>
  explore(program as Program, { seed: 1, executions: 20, ...options });

test('state that outlives an execution is reported with the first step that differs and both values', () => {
  const kept = { runs: 0 };
  const program = {
    threads: 2,
    setup: () => cells(1),
    thread(id: number, view: Int32Array): void {
      Atomics.load(view, 0);
      if (id === 1) Atomics.store(view, 0, ++kept.runs); // FAULT: carried from one execution to the next
    },
  };
  expect(run(program, { runTwice: false }).outcome).toBe('passed');
  kept.runs = 0;
  const result = run(program, { runTwice: true });
  expect(result.outcome).toBe('violated');
  expect(result.message).toMatch(
    /uncontrolled nondeterminism: the same schedule was run again, and step \d was T1 store view\[0\] 2 -> 2 in one run, and T1 store view\[0\] 3 -> 3 in the next/,
  );
  expect(result.executionsToFirst).toBe(1);
});

test('the first schedule is repeated even if nobody asks, and counts once', () => {
  const kept = { runs: 0 };
  const program = (from: number) => ({
    threads: 2,
    setup: () => cells(1),
    thread(_id: number, view: Int32Array): void {
      Atomics.store(view, 0, ++kept.runs > from ? kept.runs : 0); // FAULT: later executions, or all, are not the same
    },
  });
  expect(run(program(0))).toMatchObject({ outcome: 'violated', executions: 1, executionsToFirst: 1 });
  kept.runs = 0;
  // What differs later is found by whoever asks.
  expect(run(program(8))).toMatchObject({ outcome: 'passed', executions: 20 });
  kept.runs = 0;
  expect(run(program(8), { runTwice: true })).toMatchObject({ outcome: 'violated', executionsToFirst: 2 });
});

test('a first run that differs from all later ones is reported, too', () => {
  const kept = { made: false };
  const program = {
    threads: 1,
    setup: () => cells(1),
    thread(_id: number, view: Int32Array): void {
      if (!kept.made) Atomics.store(view, 0, 1);
      kept.made = true;
    },
  };
  expect(run(program, { runTwice: true }).message).toMatch(/and the next run left the schedule: /);
});

test('dates, randomness and crypto are virtual: the same in every run, and different at every look', () => {
  const seen: unknown[] = [];
  const program = {
    threads: 2,
    setup: () => cells(1),
    thread(_id: number, view: Int32Array): void {
      const uuid = crypto.randomUUID();
      const looks = [
        new Date().toISOString(),
        Date().slice(11, 15),
        new Date(5).getTime(),
        new Date() instanceof Date,
        uuid,
        crypto.randomUUID() !== uuid,
        crypto.getRandomValues(new Uint8Array(4)).join(),
        Math.random(),
      ];
      seen.push(looks);
      Atomics.store(view, 0, looks.join().length);
    },
  };
  expect(run(program, { runTwice: true }).outcome).toBe('passed');
  expect(new Set(seen.map((looks) => JSON.stringify(looks))).size).toBe(2); // two threads, each the same every time
  const [date, year, five, isDate, uuid, isOther] = seen[0] as unknown[];
  expect([date, year, five, isDate, isOther]).toEqual(['2000-01-01T00:00:00.000Z', '2000', 5, true, true]);
  expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  // Outside of an execution all is as it was.
  expect(Math.abs(new Date(Date()).getFullYear() - new Date(Date.now()).getFullYear())).toBeLessThan(2);
  expect(new Date(0).constructor).toBe(Date);
  expect(crypto.randomUUID()).not.toBe(uuid);
});
