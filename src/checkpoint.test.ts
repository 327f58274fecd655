import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
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
    /another version of busy \(its functions or the places of its steps have changed\): delete it to begin anew/,
  );
  refused(busy(), /\(maxSteps was 20000 then, and is 100 now\)/, { maxSteps: 100 });
  refused(busy(), /\(races was true then, and is false now\)/, { races: false });
  writeFileSync(checkpoint, good.replace('checkpoint 2', 'checkpoint 0'));
  refused(busy(), /no checkpoint of this version \(its format is "threadproof checkpoint 0", not/);
  writeFileSync(checkpoint, '{');
  refused(busy(), /is no checkpoint \(.*JSON.*\): name another file, or delete it/);
  writeFileSync(checkpoint, 'null');
  refused(busy(), /its format is null/);
});

describe('what is JSON but damaged is refused, by name and with a remedy', () => {
  interface Content {
    [name: string]: unknown;
    search: Record<string, unknown>;
  }
  /** A checkpoint that `damage` was done to; `sealed`: with the checksum of what it became. */
  function damaged(damage: (content: Content) => void, sealed: boolean): () => ExploreResult {
    const checkpoint = join(folder, 'damaged.json');
    rmSync(checkpoint, { force: true });
    exhaust(busy(), { checkpoint, executions: 5 });
    const content = JSON.parse(readFileSync(checkpoint, 'utf8')) as Content;
    damage(content);
    if (sealed) {
      const { checksum: _, ...rest } = content;
      const text = JSON.stringify(rest);
      content['checksum'] = createHash('sha256').update(text).digest('hex').slice(0, 16);
    }
    writeFileSync(checkpoint, JSON.stringify(content));
    return () => exhaust(busy(), { checkpoint });
  }
  const remedy = ': name another file, or delete it to begin anew$';

  test('by its checksum', () => {
    for (const damage of [
      (content) => Object.assign(content.search, { done: true }),
      (content) => delete content['checksum'],
      (content) => Object.assign(content, { executions: 3 }),
    ] as ((content: Content) => void)[])
      expect(damaged(damage, false)).toThrow(
        new RegExp(`damaged\\.json is no checkpoint that is whole \\(its checksum .* damaged.*\\)${remedy}`),
      );
  });

  test.each<[string, (content: Content) => void]>([
    ['executions is "x", not a whole number from 0', (c) => Object.assign(c, { executions: 'x' })],
    ['steps is -1, not a whole number from 0', (c) => Object.assign(c, { steps: -1 })],
    ['options is null, not an object', (c) => Object.assign(c, { options: null })],
    ['modules is undefined, not an object', (c) => delete c['modules']],
    ['identity is 1, not a string', (c) => Object.assign(c, { identity: 1 })],
    ['search is undefined, not an object', (c) => delete (c as { search?: unknown }).search],
    ['search.kind is undefined, not "exhaustive"', (c) => Object.assign(c, { search: {} })],
    ['search.done is 1, not true or false', (c) => Object.assign(c.search, { done: 1 })],
    ['search.cut is 0.5, not a whole number from 0', (c) => Object.assign(c.search, { cut: 0.5 })],
    ['search.plan is undefined, not a list', (c) => delete c.search['plan']],
    ...(
      [
        ['locations', [[1, 2]]],
        ['loops', ['x']],
        ['limits', [1]],
        ['plan', [3]],
        ['plan', []],
        ['expected', []],
        ['common', 1000],
        ['levels', []],
        ['levels', [{ sleep: [{ thread: 0, footprint: [9999] }], branches: [], done: 0 }]],
        ['levels', [{ sleep: [], branches: [{ thread: 0, footprint: [] }], done: 0 }]],
      ] as const
    ).map(([name, value]): [string, (content: Content) => void] => [
      `search.${name} is not what a search of 3 threads writes`,
      (c) => Object.assign(c.search, { [name]: value }),
    ]),
    [
      'search.levels is not what a search of 3 threads writes',
      (c) => (c.search['levels'] as unknown[]).splice(2),
    ],
  ])('by its fields: %s', (fault, damage) => {
    const escaped = fault.replace(/[.]/g, '\\$&');
    // A list that does not fit another one may be told by either.
    const message = escaped.replace(/search\\\.\w+ is not what/, 'search\\.\\w+ is not what');
    expect(damaged(damage, true)).toThrow(
      new RegExp(`damaged\\.json is no checkpoint \\(${message}\\)${remedy}`),
    );
  });
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
