import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { atomicsRows } from './runtime/atomics.ts';
import { compare, interleave, type Row, single } from './runtime/measure.ts';
import { uncontended } from './runtime/mutex.ts';
import { uncontended as uncontendedRwlock } from './runtime/rwlock.ts';
import { tlsRows } from './runtime/tls.ts';
import { topics } from './runtime/topics.ts';
import { benchRuntime } from './runtime.ts';

const short = { rounds: 1, milliseconds: 1 };

async function printed(json: boolean, only: Parameters<typeof benchRuntime>[0]['topics']): Promise<string[]> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await benchRuntime({ ...short, topics: only, json });
  const lines = log.mock.calls.map((args) => args.join(' '));
  log.mockRestore();
  return lines;
}

/** Everything in it that is a number, with its path. */
function numbers(value: unknown, path = ''): [string, number][] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbers(inner, `${path}.${key}`));
}

test('with --json every comparison is one object a line, its figures finite and above 0', async () => {
  const rows = (await printed(true, topics)).map((line) => JSON.parse(line) as Row & { topic: string });
  expect(rows.map(({ topic, subject }) => `${topic}: ${subject}`)).toEqual([
    'mutex: Mutex: lock + unlock',
    'mutex: Mutex: guard, disposed in finally',
    'mutex: Mutex: using guard, lowered',
    'mutex: Mutex: using guard, lowered',
    'mutex: Mutex: lock + unlock',
    'mutex: Mutex, contended',
    'mutex: Mutex, contended',
    'atomics: AtomicInt32.add',
    'atomics: AtomicBatch of 1,000, kernel',
    'atomics: AtomicBatch of 1,000, JavaScript',
    'rwlock: RwLock: lock + unlock shared',
    'rwlock: RwLock: lock + unlock exclusive',
    'rwlock: 2 readers of 1 word, RwLock',
    'rwlock: 2 readers of 4,096 words, RwLock',
    'queues: SpscRing',
    'queues: MpmcQueue',
    'tls: ThreadLocal.get',
    'tls: ThreadLocal.set',
    'padding: PaddedAtomicInt32, 64 bytes',
    'padding: PaddedAtomicInt32, 128 bytes',
    'padding: PaddedAtomicInt32, 64 bytes',
  ]);
  for (const row of rows) {
    if ('skipped' in row) {
      expect(row).toMatchObject({ against: 'pthread_mutex (C)', skipped: expect.stringContaining('gcc') });
      continue;
    }
    const figures = numbers(row);
    expect(figures.length, row.subject).toBe(15);
    for (const [path, figure] of figures) expect(figure, `${row.subject}${path}`).toBeGreaterThan(0);
    for (const [path, figure] of figures) expect(figure, `${row.subject}${path}`).toBeLessThan(Infinity);
    expect(row.met === null).toBe(row.target === null);
  }
});

test('for people it prints a table', async () => {
  const text = (await printed(false, ['tls'])).join('\n');
  expect(text).toMatch(/^nanoseconds an operation.*medians of 1 rounds/);
  expect(text).toMatch(/what +ns +against +ns +ratio +spread +target +by CPU time +cores/);
  expect(text).toMatch(
    /\nThreadLocal\.get +[\d.]+ \([\d.]+-[\d.]+\) +Atomics\.load .*x the time .* reported/,
  );
});

test('what one thread does can be measured in place', async () => {
  const rows = [
    ...(await uncontended(short, undefined)),
    ...(await uncontendedRwlock(short)),
    ...(await atomicsRows(short)),
    ...(await tlsRows(short)),
  ];
  expect(rows).toHaveLength(12);
  expect(rows.filter((row) => 'skipped' in row)).toEqual([
    {
      subject: 'Mutex: lock + unlock',
      against: 'pthread_mutex (C)',
      skipped: 'gcc is not there, or does not compile it',
    },
  ]);
});

test('ratios are taken within a round, and medians of them', async () => {
  const costs: Record<string, number[]> = { a: [9, 9, 20, 30, 40], b: [9, 9, 10, 10, 80] };
  const fake = (name: string) => ({
    ...single(name, () => {}),
    run: (operations: number) => ({
      ns: (costs[name]!.shift()! * 1e6) / operations,
      cores: name === 'a' ? 1 : 2,
    }),
  });
  const [a, b] = [fake('a'), fake('b')];
  const samples = await interleave([a, b], { rounds: 3, milliseconds: 1 });
  expect(compare(samples, a, b, { most: 1.9 })).toEqual({
    subject: 'a',
    against: 'b',
    threads: 1,
    clock: 'cpu',
    subjectNs: { median: 30_000, least: 20_000, most: 40_000 },
    againstNs: { median: 10_000, least: 10_000, most: 80_000 },
    of: 'time',
    ratio: { median: 2, least: 0.5, most: 3 },
    cpuRatio: { median: 2, least: 0.5, most: 3 },
    subjectCores: 1,
    againstCores: 2,
    target: '<= 1.9',
    met: false,
  });
  expect(compare(samples, a, b, { least: 0.5 })).toMatchObject({
    of: 'rate',
    ratio: { median: 0.5 },
    met: true,
  });
  expect(compare(samples, a, b, { most: 2, belowNs: 30_000 })).toMatchObject({
    target: '<= 2, < 30000 ns',
    met: false,
  });
  expect(compare(samples, a, b)).toMatchObject({ target: null, met: null });
  const wall = { ...a, clock: 'wall' as const };
  expect(compare(samples, wall, b).cpuRatio).toEqual({ median: 1, least: 0.25, most: 1.5 });
});

test.each([
  [['--help'], 0, /runtime \[topic\.\.\.\]/],
  [['runtime', 'locks'], 2, /bench: topic "locks" of runtime is not known: mutex, atomics/],
  [['runtime', '--milliseconds', '0'], 2, /bench: --milliseconds "0": give a whole number from 1/],
])('the command %j ends with %i', (args, code, message) => {
  const root = join(import.meta.dirname, '..');
  const command = ['--conditions=threadproof-source', '--import', 'tsx', 'bench/main.ts', ...args];
  let text = '';
  let status = 0;
  try {
    text = execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const failed = error as { status: number; stderr: string };
    status = failed.status;
    text = failed.stderr;
  }
  expect(text).toMatch(message);
  expect(status).toBe(code);
});
