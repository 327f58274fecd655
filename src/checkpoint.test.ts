import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Program } from './engine/program.ts';
import { type ExploreOptions, type ExploreResult, explore } from './explore.ts';

const folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Cells = Int32Array<SharedArrayBuffer>;
const cells = (count: number): Cells => new Int32Array(new SharedArrayBuffer(4 * count));

/** Waits, time-outs, notifies, and a loop that waits by looking. */
const busy = (name = 'busy', check?: (view: Cells, results: readonly unknown[]) => void): Program =>
  ({
    name,
    threads: 3,
    setup: () => cells(2),
    thread(id: number, view: Cells): unknown {
      let slept = '';
      if (id === 0) slept = Atomics.wait(view, 0, 0, 5);
      if (id === 1) while (Atomics.load(view, 1) === 0);
      const before = Atomics.add(view, 0, id);
      if (id === 2) Atomics.store(view, 1, 1);
      return [slept, before, Atomics.compareExchange(view, 0, 3, 1), Atomics.notify(view, 0)];
    },
    ...(check === undefined ? {} : { check }),
  }) as unknown as Program;

const exhaust = (program: Program, options: ExploreOptions): ExploreResult =>
  explore(program, { strategy: 'exhaustive', ...options });

test('a search in pieces explores what one in a piece does, execution for execution', () => {
  const seen = (all: Set<string>) => (_view: unknown, results: readonly unknown[]) => {
    all.add(String(results));
  };
  const whole = new Set<string>();
  const once = exhaust(busy('busy', seen(whole)), {});
  expect(once).toMatchObject({ outcome: 'passed', complete: true });
  expect(once.executions).toBeGreaterThan(50);
  for (const size of [1, 7, 50]) {
    const checkpoint = join(folder, `pieces-${size}.json`);
    const pieces = new Set<string>();
    let result: ExploreResult;
    let runs = 0;
    do {
      result = exhaust(busy('busy', seen(pieces)), { checkpoint, executions: size });
      runs++;
      if (!result.complete) expect(result.outcome).toBe('exhausted');
    } while (!result.complete && runs < 2_000);
    expect(result).toMatchObject({ outcome: 'passed', executions: once.executions, steps: once.steps });
    expect(runs).toBe(Math.floor(once.executions / size) + 1);
    expect(pieces).toEqual(whole);
    // Once more: nothing is left.
    expect(exhaust(busy('busy', seen(pieces)), { checkpoint })).toMatchObject({
      outcome: 'passed',
      complete: true,
      executions: once.executions,
    });
  }
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('an execution that the clock cut off is run again', () => {
  const checkpoint = join(folder, 'time.json');
  const once = exhaust(busy(), {});
  let result = exhaust(busy(), { checkpoint, time: 0.001 });
  for (let runs = 0; !result.complete && runs < 2_000; runs++)
    result = exhaust(busy(), { checkpoint, time: 0.002 });
  expect(result).toMatchObject({ complete: true, executions: once.executions });
});

test('a finding leaves the checkpoint as it was', () => {
  const checkpoint = join(folder, 'finding.json');
  const failing = (): Program =>
    busy('busy', (_view, results) => {
      if ((results[0] as unknown[])[0] === 'timed-out') throw new Error('between the others');
    });
  exhaust(failing(), { checkpoint, executions: 1 });
  const before = readFileSync(checkpoint, 'utf8');
  const first = exhaust(failing(), { checkpoint });
  expect(first).toMatchObject({ outcome: 'violated', complete: false });
  expect(first.executionsToFirst).toBeGreaterThan(1);
  expect(readFileSync(checkpoint, 'utf8')).toBe(before);
  expect(exhaust(failing(), { checkpoint }).executionsToFirst).toBe(first.executionsToFirst);
});

test('what is no checkpoint of this program is refused, by name and with a remedy', () => {
  const checkpoint = join(folder, 'refused.json');
  exhaust(busy(), { checkpoint, executions: 5 });
  const good = readFileSync(checkpoint, 'utf8');
  const refused = (program: Program, message: RegExp, options: ExploreOptions = {}): void => {
    expect(() => exhaust(program, { checkpoint, ...options })).toThrow(message);
    expect(() => exhaust(program, { checkpoint, ...options })).toThrow(
      expect.objectContaining({ name: 'ProgramError' }),
    );
  };
  refused(busy('other'), /is a checkpoint of busy, not of other: name another file/);
  refused(
    busy('busy', () => {}),
    /another version of busy .*: delete it to begin anew/,
  );
  refused(busy(), /or of another maxSteps/, { maxSteps: 100 });
  writeFileSync(checkpoint, good.replace('checkpoint 1', 'checkpoint 0'));
  refused(busy(), /no checkpoint of this version: its format is "threadproof checkpoint 0"/);
  writeFileSync(checkpoint, '{');
  refused(busy(), /is no checkpoint \(.*JSON.*\): name another file, or delete it/);
  writeFileSync(checkpoint, 'null');
  refused(busy(), /its format is null/);
});

test('a program whose steps have changed is told by its steps', () => {
  const checkpoint = join(folder, 'changed.json');
  const program = (cell: number): Program =>
    ({
      threads: 2,
      setup: () => cells(3),
      thread(_id: number, view: Cells): number {
        Atomics.add(view, cell, 1);
        return Atomics.add(view, 0, 1);
      },
    }) as unknown as Program;
  exhaust(program(0), { checkpoint, executions: 3 });
  expect(() => exhaust(program(1), { checkpoint })).toThrow(
    /does not take the steps that the checkpoint was made with: it has changed since .*: delete .* to begin anew/,
  );
});

test('options that do not go together', () => {
  for (const options of [{ strategy: 'random' }, { preemptions: 1 }, { keepGoing: true }] as const)
    expect(() => exhaust(busy(), { checkpoint: join(folder, 'x.json'), ...options })).toThrow(
      /checkpoint goes with the strategy 'exhaustive', without preemptions and without keepGoing/,
    );
  expect(() => exhaust(busy(), { checkpoint: join(folder, 'none', 'x.json'), executions: 1 })).toThrow(
    /the checkpoint cannot be written/,
  );
});
