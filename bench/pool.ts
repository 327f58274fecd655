/**
 * `npm run bench -- pool`: the thread pool beside piscina, tinypool, poolifier and workerpool, two threads each. Rounds alternate between the
 * pools (A B A B), each in a process of its own; medians. Then the same chaos for all: tasks that exit, throw, leave errors behind, are aborted.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { renderTable } from '../src/report/table.ts';

export const pools = ['ours', 'piscina', 'tinypool', 'poolifier', 'workerpool'] as const;
export type PoolName = (typeof pools)[number];

export interface PoolSample {
  /** From the making of the pool to its first result. */
  readonly firstMs: number;
  /** Trivial tasks a second, 20,000 at once, and the process's CPU time for each. */
  readonly burst: number;
  readonly cpuUs: number;
  /** Trivial tasks a second, 64 in flight. */
  readonly flight: number;
  /** One trivial task after the other, in microseconds. */
  readonly tripP50: number;
  readonly tripP99: number;
  /** Of 100 tasks of 5 ms. */
  readonly speedUp: number;
  readonly rssMiB: number;
}

export interface ChaosSample {
  readonly unsettled: number;
  readonly unhandled: number;
  readonly healthyRejected: number;
}

/** Runs one measurement in a process of its own. */
export type Measure = (pool: PoolName, what: 'speed' | 'chaos') => Promise<unknown>;

const child = fileURLToPath(new URL('pool-child.mjs', import.meta.url));

async function inProcess(pool: PoolName, what: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [child, pool, what], { timeout: 120_000 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

export interface PoolBenchOptions {
  readonly rounds: number;
  readonly json: boolean;
  readonly measure?: Measure;
  readonly print?: (line: string) => void;
}

export async function benchPool({
  rounds,
  json,
  measure = inProcess,
  print = console.log,
}: PoolBenchOptions): Promise<void> {
  const samples = new Map<PoolName, PoolSample[]>(pools.map((pool) => [pool, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const pool of pools) samples.get(pool)!.push((await measure(pool, 'speed')) as PoolSample); // one for each
  const medians = new Map(pools.map((pool) => [pool, medianOf(samples.get(pool)!)] as const));
  const chaos = new Map<PoolName, ChaosSample>();
  for (const pool of pools) chaos.set(pool, (await measure(pool, 'chaos')) as ChaosSample);
  if (json) {
    for (const pool of pools) print(JSON.stringify({ pool, ...medians.get(pool), ...chaos.get(pool) }));
    return;
  }
  print(`medians of ${rounds} rounds, two threads each; every round of every pool is a process of its own`);
  print(speedTable(medians));
  print(ratios(medians));
  print('chaos: 600 tasks, 3 % exit, 3 % throw, 2 % leave an error behind, 2 % are aborted; after 15 s:');
  print(
    renderTable(
      ['pool', 'unsettled', 'unhandled', 'healthy rejected'],
      pools.map((pool) => {
        const { unsettled, unhandled, healthyRejected } = chaos.get(pool)!; // one for each
        return [pool, unsettled, unhandled, healthyRejected];
      }),
    ),
  );
}

function medianOf(samples: readonly PoolSample[]): PoolSample {
  const of = (key: keyof PoolSample): number =>
    samples.map((sample) => sample[key]).sort((a, b) => a - b)[samples.length >> 1]!; // rounds are at least 1
  return {
    firstMs: of('firstMs'),
    burst: of('burst'),
    cpuUs: of('cpuUs'),
    flight: of('flight'),
    tripP50: of('tripP50'),
    tripP99: of('tripP99'),
    speedUp: of('speedUp'),
    rssMiB: of('rssMiB'),
  };
}

function speedTable(medians: ReadonlyMap<PoolName, PoolSample>): string {
  const header = [
    'pool',
    '20,000 at once /s',
    'CPU us',
    '64 in flight /s',
    'trip p50 us',
    'p99',
    '5 ms speed-up',
  ];
  return renderTable(
    [...header, 'first ms', 'RSS MiB'],
    [...medians].map(([pool, one]) => [
      pool,
      Math.round(one.burst),
      one.cpuUs.toFixed(1),
      Math.round(one.flight),
      one.tripP50.toFixed(1),
      one.tripP99.toFixed(1),
      one.speedUp.toFixed(2),
      one.firstMs.toFixed(0),
      one.rssMiB.toFixed(0),
    ]),
  );
}

/** What ours does to the best of the others, and to piscina. */
function ratios(medians: ReadonlyMap<PoolName, PoolSample>): string {
  const ours = medians.get('ours')!; // one for each
  const others = pools.filter((pool) => pool !== 'ours').map((pool) => medians.get(pool)!);
  const piscina = medians.get('piscina')!;
  const best = (key: 'burst' | 'flight'): string =>
    `${(ours[key] / Math.max(...others.map((one) => one[key]))).toFixed(2)}x the best, ` +
    `${(ours[key] / piscina[key]).toFixed(2)}x piscina`;
  const trip = ours.tripP50 / Math.min(...others.map((one) => one.tripP50));
  return `ours: 20,000 at once ${best('burst')}; 64 in flight ${best('flight')}; round trip p50 ${trip.toFixed(2)}x the best`;
}
