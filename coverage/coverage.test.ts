/** The provider on a project of its own, with every number counted by hand in the comments of the subjects. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeProject, type Project, repository } from '../src/instrument/fixtures/vitest-project.ts';
import { thresholds } from './thresholds.ts';

/** f: function, s: statement, b: branch; + is covered, - is not. */
const subject = `interface Shared { readonly words: Int32Array }

export function onlyTwin(words: Int32Array, id: number): number { // f+
  const before = Atomics.add(words, 0, 1); // s+
  if (before === 0) return store(words); // s+ s+ b+ and b+ for the way past it
  return id > 5 ? 0 : before; // s+ b- b+
}
function store(words: Int32Array): number { // f+
  Atomics.store(words, 1, 7); // s+
  return 7; // s+
}
export function never(words: Int32Array): () => number { // f-
  if (words) { // s- b- b-
    Atomics.store(words, 0, 1); // s-
  }
  return () => 1; // s- f- s-
}
export function both(words: Int32Array): number { // f+
  return Atomics.load(words, 0); // s+
}
export class Lock {
  readonly #words: Int32Array;
  listener?: (value: number) => void;
  constructor(words: Int32Array) { // f+
    this.#words = words; // s+
  }
  #unused(): number { // f-
    return this.#seen(); // s-
  }
  #seen(): number { // f+
    return Atomics.load(this.#words, 0); // s+
  }
  take(): number { // f+
    if (this.#seen() < 0) this.never(); // s+ s- b- b+
    this.listener?.(this.#seen()); // s+
    return [1, 2].map((x) => x + this.#seen()).filter((x) => x > 0 && this.#seen() >= 0).length; // s+ f+ s+ f+ s+ b+ b+
  }
  never(): number { // f-
    return this.#unused(); // s-
  }
}
export const literal = { // s+
  method(words: Int32Array): number { // f+
    return Atomics.load(words, 0); // s+
  },
  other(words: Int32Array): number { // f-
    return Atomics.load(words, 0); // s-
  },
};
`;

/** By hand: each mark in the comments is one. */
function marks(kind: 'f' | 's' | 'b'): { covered: number; total: number } {
  const comments = subject.split('\n').map((line) => line.split('// ')[1] ?? '');
  const of = (sign: string): number => comments.join('\n').split(`${kind}${sign}`).length - 1;
  return { covered: of('+'), total: of('+') + of('-') };
}

function byHand(text: string): string[] {
  return text
    .split('\n')
    .map((line) => ((line.split('// ')[1] ?? '').match(/[fsb][+-]/g) ?? []).sort().join(' '));
}

const suite = `import { explore } from 'threadproof';
import { expect, test } from 'vitest';
import { both, Lock, literal, onlyTwin } from './subject.ts';

test('in threads', () => {
  const result = explore({
    threads: 2,
    setup: () => new Int32Array(new SharedArrayBuffer(8)),
    thread(id, words: Int32Array) {
      onlyTwin(words, id);
      both(words);
      literal.method(words);
      return new Lock(words).take();
    },
  }, { executions: 20, seed: 1 });
  expect(result.outcome).toBe('passed');
  expect(result.unscheduled).toBe(0);
});
test('plainly', () => {
  expect(both(new Int32Array(2))).toBe(0);
});
`;

function measured(files: Record<string, string>, thresholds: object, include: string): Project {
  const coverage = {
    enabled: true,
    provider: 'custom',
    customProviderModule: join(repository, 'coverage/provider.ts'),
    reporter: ['json', 'json-summary', 'text-summary'],
    reportsDirectory: 'out',
    include: [include],
    thresholds,
  };
  return makeProject(files, JSON.stringify({ coverage }));
}

interface FileCoverage {
  readonly fnMap: Record<
    string,
    { readonly name: string; readonly loc: { readonly start: { readonly line: number } } }
  >;
  readonly f: Record<string, number>;
  readonly statementMap: Record<string, { readonly start: { readonly line: number } }>;
  readonly s: Record<string, number>;
  readonly branchMap: Record<string, { readonly loc: { readonly start: { readonly line: number } } }>;
  readonly b: Record<string, readonly number[]>;
}

interface Metric {
  readonly total: number;
  readonly covered: number;
  readonly pct: number;
}

function reports(project: Project): { file: FileCoverage; total: Record<string, Metric> } {
  const read = (name: string) => JSON.parse(readFileSync(join(project.root, 'out', name), 'utf8'));
  return {
    file: read('coverage-final.json')[join(project.root, 'subject.ts')],
    total: read('coverage-summary.json').total,
  };
}

/** What the comments say of each line, read back from the report. */
function annotated(file: FileCoverage, text: string): string[] {
  const lines = text.split('\n').map(() => [] as string[]);
  const note = (line: number, kind: string, count: number) =>
    lines[line - 1]!.push(`${kind}${count > 0 ? '+' : '-'}`);
  for (const [i, { loc }] of Object.entries(file.fnMap)) note(loc.start.line, 'f', file.f[i]!);
  for (const [i, { start }] of Object.entries(file.statementMap)) note(start.line, 's', file.s[i]!);
  for (const [i, { loc }] of Object.entries(file.branchMap))
    for (const count of file.b[i]!) note(loc.start.line, 'b', count);
  return lines.map((line) => line.sort().join(' '));
}

describe('twins', () => {
  test('count as the code they are twins of', { timeout: 60_000 }, async () => {
    using project = measured({ 'subject.ts': subject, 'a.test.ts': suite }, {}, 'subject.ts');
    const { code, output } = await project.vitest();
    expect(output).toContain('2 passed');
    const { file, total } = reports(project);

    expect(annotated(file, subject)).toEqual(byHand(subject));
    for (const [name, kind] of [
      ['functions', 'f'],
      ['statements', 's'],
      ['branches', 'b'],
    ] as const) {
      const { covered, total: all } = marks(kind);
      expect(total[name]).toMatchObject({
        covered,
        total: all,
        pct: Math.floor((1000 * 100 * covered) / all / 10) / 100,
      });
    }
    // Each name once, although the plain function ran too.
    const names = Object.values(file.fnMap).map(({ name }) => name);
    expect(names.filter((name) => name === 'both')).toHaveLength(1);
    expect(names.filter((name) => name.includes('tp_'))).toEqual([]);
    const both = Object.entries(file.fnMap).find(([, { name }]) => name === 'both')![0];
    // 20 executions of 2 threads, the first of them repeated twice, and one plain call.
    expect(file.f[both]).toBe(45);
    expect(code).toBe(0);
  });
});

/** Every construct that the transform writes anew, taken and not taken. `g` makes a step. */
const constructs = `type Cells = Int32Array;
export function run(cells: Cells): unknown[] {
  const g = (value: number): number => Atomics.load(cells, 0) + value;
  const id = <T>(value: T): T => (g(0), value);
  const never = (): number => g(1) + g(2);
  const seen: unknown[] = [];
  for (let i = g(0); i < g(3); i++) {
    if (i === g(1)) continue;
    else seen.push(id(i));
    if (g(i) > 5) break;
  }
  outer: for (const x of id([1, 2, 3])) {
    for (const y in id({ a: 1 })) {
      if (g(x) === 2) continue outer;
      seen.push(y + x);
    }
  }
  let n = g(3);
  while (n > g(1)) n--;
  do n++;
  while (n < g(0));
  switch (id(n)) {
    case g(7): seen.push('seven');
    case g(1): seen.push('one');
    // falls through
    case g(2): { seen.push('two'); break; }
    default: seen.push(id('other'));
  }
  try {
    id(1);
    if (g(0) === 0) throw new Error('x');
    id(2);
  } catch (error) {
    seen.push(id(error) instanceof Error ? g(1) : g(2));
  } finally {
    id(3);
  }
  try { id(1); } catch { never(); }
  const maybe: { f?: () => number; o?: { m(x: number): number } } = { o: { m: (x) => g(x) } };
  seen.push(maybe.f?.(), maybe.o?.m(g(1)), maybe.f && never(), maybe.f ?? g(4), g(0) || g(5), g(1) && g(0) && never());
  seen.push(g(0) ? never() : g(1) ? id('a') : never());
  const defaults = (a = g(1), { b = never() } = { b: g(2) }, [c = id('c')]: string[] = []): unknown => [a, b, c];
  seen.push(defaults(), defaults(9, { b: 1 }, ['d']));
  const curried = (a: number) => (b: number) => () => g(a + b);
  seen.push(curried(1)(2)());
  const uncalled = (a: number) => (b: number) => () => g(a + b);
  seen.push(uncalled(1));
  const named = function self(k: number): number { return k > 0 ? self(k - 1) + g(0) : g(9); };
  seen.push(named(2));
  seen.push((function () { return g(6); })(), (() => { if (g(0)) return never(); return g(7); })());
  const literal = {
    method() { return id(this.value); },
    value: g(8),
    arrow: () => never(),
    ['computed' + g(0)](x: number) { if (x) this.method(); else never(); },
    get getter() { return 1; },
    unused() { return id(2); },
  };
  literal.method();
  (literal as unknown as Record<string, (x: number) => void>)['computed0']!(1);
  class Base {
    static made = id(0);
    protected count = 0;
    #secret(x: number): number { return x > 0 ? this.#secret(x - 1) : g(0); }
    open(x: number): number { if (x < 0) return this.#hidden(); return this.#secret(x); }
    #hidden(): number { return never(); }
    static make(): Base { return new this(); }
  }
  class Derived extends Base {
    override open(x: number): number { const up = () => super.open(x); return up() + [1, 2].reduce((a, b) => a + g(b), 0); }
    extra = (x: number): number => x ? g(x) : never();
    unused(): void { this.open(1); }
  }
  const made = new Derived();
  seen.push(Base.make().open(1), made.open(0), made.extra(1), \`a\${id('t')}b\${g(0) ? never() : ''}\`);
  seen.push([3, 4].map((x, i) => (i ? id(x) : g(x))).filter((x) => x > g(3) || never() > 9).length);
  function hoisted(): number { if (g(0) === 0) return g(1); return never(); }
  function unhoisted(): number { return never(); }
  if (g(1)) { seen.push(hoisted()); } else unhoisted();
  if (g(0)) never();
  else if (g(0)) { never(); }
  else { id(4); }
  if (id(true)) this_();
  function this_(): void { void Atomics.add(cells, 1, 1); }
  return seen;
}
`;

test('a thread that runs a twin counts as a call of the plain function, place by place', {
  timeout: 60_000,
}, async () => {
  const inThread = `import { explore } from 'threadproof';
    import { expect, test } from 'vitest';
    import { run as plain } from './plain.ts';
    import { run as twin } from './subject.ts';
    test('alike', () => {
      const cells = () => new Int32Array(new SharedArrayBuffer(8));
      const expected = JSON.stringify(plain(cells()));
      const thread = (_id: number, shared: Int32Array) => JSON.stringify(twin(shared));
      let results: readonly string[] = [];
      const check = (_shared: Int32Array, all: readonly string[]) => { results = all; };
      const { outcome, message } = explore({ threads: 1, setup: cells, thread, check }, { executions: 1, seed: 1 });
      expect([outcome, message, results]).toEqual(['passed', '', [expected]]);
    });`;
  using project = measured(
    { 'subject.ts': constructs, 'plain.ts': constructs, 'a.test.ts': inThread },
    {},
    '{subject,plain}.ts',
  );
  const { code, output } = await project.vitest();
  expect(output).toContain('1 passed');
  const all = JSON.parse(readFileSync(join(project.root, 'out/coverage-final.json'), 'utf8'));
  const asTwin: FileCoverage = all[join(project.root, 'subject.ts')];
  const asPlain: FileCoverage = all[join(project.root, 'plain.ts')];
  expect(asTwin.fnMap).toEqual(asPlain.fnMap);
  expect(asTwin.statementMap).toEqual(asPlain.statementMap);
  expect(asTwin.branchMap).toEqual(asPlain.branchMap);
  expect(annotated(asTwin, constructs)).toEqual(annotated(asPlain, constructs));
  expect(Object.values(asPlain.s).filter((count) => count === 0).length).toBeGreaterThan(10);
  expect(code).toBe(0);
});

describe('the gate', () => {
  const files = {
    'subject.ts': `export const f = (g: () => number) => g();\nexport const never = (g: () => number) => g() + 1;\n`,
    'a.test.ts': `import { expect, test } from 'vitest';\nimport { f } from './subject.ts';\ntest('f', () => expect(f(() => 1)).toBe(1));\n`,
  };
  // Functions 1 of 2 (50 %); statements: two declarations, two bodies: 3 of 4; branches: none, which is 100 %; lines 2 of 2.

  test('fails below a threshold', { timeout: 60_000 }, async () => {
    using project = measured(files, { functions: 50.01, statements: 75 }, 'subject.ts');
    const { code, output } = await project.vitest();
    expect(output).toContain('ERROR: Coverage for functions (50%) does not meet global threshold (50.01%)');
    expect(output).not.toContain('Coverage for statements');
    expect(code).toBe(1);
  });

  test('passes on it', { timeout: 60_000 }, async () => {
    using project = measured(
      files,
      { functions: 50, statements: 75, branches: 100, lines: 100 },
      'subject.ts',
    );
    const { code, output } = await project.vitest();
    expect(output).not.toContain('ERROR');
    expect(code).toBe(0);
  });

  test('fails without data', { timeout: 60_000 }, async () => {
    using project = measured(files, {}, 'absent/**');
    const { code, output } = await project.vitest();
    expect(output).toContain('ERROR: Coverage has no data');
    expect(code).toBe(1);
    expect(existsSync(join(project.root, 'out/coverage-final.json'))).toBe(true);
  });
});

/** As above; every function of it runs in a process or a thread of its own, none in vitest's. */
const elsewhere = `import { isMainThread } from 'node:worker_threads';
interface Box { readonly value: number }
export function run(box: Box): string { // f+
  if (box.value > 1) { // s+ b- b+
    return 'many'; // s-
  } else if (box.value === 1) return one(box); // s+ s+ b+ b-
  return box.value < 0 ? 'none' : 'zero'; // s- b- b-
}
const one = ({ value }: Box): string => (value === 1 && isMainThread ? 'one' : 'two'); // s+ f+ s+ b+ b+ b+ b+
export class Never { // 
  method(): number { // f-
    return 1; // s-
  }
}
console.log(run({ value: 1 })); // s+
`;

const starts = `import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

test('a process', () => {
  const tsx = ${JSON.stringify(join(repository, 'node_modules/tsx/dist/esm/index.mjs'))};
  expect(execFileSync(process.execPath, ['--import', tsx, 'subject.ts'], { encoding: 'utf8' })).toBe('one\\n');
});
test('a thread', async () => {
  const worker = new Worker(new URL('./thread.mjs', import.meta.url), { stdout: true });
  await once(worker, 'exit');
});
`;

test('code in processes and threads that tests start', { timeout: 60_000 }, async () => {
  const tsx = JSON.stringify(join(repository, 'node_modules/tsx/dist/esm/api/index.mjs'));
  using project = measured(
    {
      'subject.ts': elsewhere,
      'thread.mjs': `import { register } from ${tsx};\nregister();\nawait import('./subject.ts');\n`,
      'a.test.ts': starts,
    },
    {},
    'subject.ts',
  );
  const { code, output } = await project.vitest();
  expect(output).toContain('2 passed');
  const { file } = reports(project);
  expect(annotated(file, elsewhere)).toEqual(byHand(elsewhere));
  expect(code).toBe(0);
});

test('the gate of this repository asks for 85 % of everything', () => {
  expect(thresholds).toEqual({ statements: 85, branches: 85, functions: 85, lines: 85 });
});
