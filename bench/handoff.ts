/**
 * `npm run bench -- handoff`: hand-offs a second of the `workers` executor, from one thread to the other through the scheduler, beside the machine's limits: two bare
 * workers that pass a word back and forth, sleeping at once, or looking for a while before they sleep; and two that get their turns from a third, as the
 * executor's do, and have nothing to say.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Program } from '../src/engine/program.ts';
import { VirtualExecutor } from '../src/engine/virtual.ts';
import { awaitChange, schedulerLooks } from '../src/engine/workers/protocol.ts';
import { WorkerThreads } from '../src/engine/workers/threads.ts';
import { renderTable } from '../src/report/table.ts';
import { roundRobin } from '../src/strategy/round-robin.ts';
import { stepsOfThread, turns } from './handoff-program.ts';

/** Words: whose turn it is; how many are ready; begin. */
const bare = `
const { workerData: { words, me, passes, looks } } = require('node:worker_threads');
Atomics.add(words, 1, 1);
Atomics.notify(words, 1);
Atomics.wait(words, 2, 0);
for (let i = 0; i < passes; i++) {
  for (let k = 0; k < looks && Atomics.load(words, 0) !== me; k++);
  for (let seen = Atomics.load(words, 0); seen !== me; seen = Atomics.load(words, 0)) Atomics.wait(words, 0, seen);
  Atomics.store(words, 0, 1 - me);
  Atomics.notify(words, 0);
}
`;

/** Words: how many are ready, and from 16 and 32 on each worker's turns given, turns given back. */
const bareTurns = `
const { workerData: { words, me, passes } } = require('node:worker_threads');
const given = 16 * (me + 1);
const back = given + 8;
Atomics.add(words, 1, 1);
Atomics.notify(words, 1);
for (let i = 0; i < passes; i++) {
  while (Atomics.load(words, given) === i) Atomics.wait(words, given, i);
  Atomics.store(words, back, i + 1);
  Atomics.notify(words, back);
}
`;

interface Pair {
  readonly words: Int32Array;
  readonly ended: Promise<unknown>;
}

/** Two workers that are ready to begin. */
function startPair(code: string, passes: number, looks: number): Pair {
  const words = new Int32Array(new SharedArrayBuffer(192));
  const pair = [0, 1].map((me) => new Worker(code, { eval: true, workerData: { words, me, passes, looks } }));
  const ended = Promise.all(pair.map((worker) => once(worker, 'exit')));
  for (let ready = 0; ready < 2; ready = Atomics.load(words, 1)) Atomics.wait(words, 1, ready);
  return { words, ended };
}

/** Hand-offs a second between two bare workers that get their turns from this thread, which waits as the scheduler does. */
async function throughThird(passes: number): Promise<number> {
  const { words, ended } = startPair(bareTurns, passes, 0);
  const start = performance.now();
  for (let i = 0; i < passes; i++)
    for (const given of [16, 32]) {
      Atomics.store(words, given, i + 1);
      Atomics.notify(words, given);
      awaitChange(Atomics, words, given + 8, i, schedulerLooks, Number.POSITIVE_INFINITY);
    }
  const ms = performance.now() - start;
  await ended;
  return (2000 * passes) / ms;
}

/** Hand-offs a second between two bare workers. */
async function pingPong(passes: number, looks: number): Promise<number> {
  const { words, ended } = startPair(bare, passes, looks);
  const start = performance.now();
  Atomics.store(words, 2, 1);
  Atomics.notify(words, 2);
  // The end of a worker takes a millisecond or so: the passes are many.
  await ended;
  return (2000 * passes) / (performance.now() - start);
}

export interface HandOffRow {
  readonly what: string;
  readonly perSecond: number;
  readonly least: number;
  readonly most: number;
  /** Of the best of the bare pairs, and of the pair that gets its turns from a third, round by round. */
  readonly ratio: number | null;
  readonly ratioThird: number | null;
}

const looks = [0, 200, 3_000];

export async function measureHandOffs(rounds: number, passes: number): Promise<readonly HandOffRow[]> {
  const module = new URL('./handoff-program.ts', import.meta.url).href;
  const workers = new WorkerThreads({ module, exportName: 'turns' }, 2);
  const executor = new VirtualExecutor(turns as unknown as Program, undefined, {
    maxSteps: 1e9,
    remote: workers,
  });
  const ours = (): number => {
    const strategy = roundRobin(1);
    strategy.begin(0, 2);
    const start = performance.now();
    const outcome = executor.run(strategy);
    if (outcome.kind !== 'passed')
      throw new Error(`the program of the bench ended as ${outcome.kind}: ${outcome.message}`);
    return (1000 * executor.preemptions) / (performance.now() - start);
  };
  ours();
  const bares: number[][] = looks.map(() => []);
  const mine: number[] = [];
  const third: number[] = [];
  const ratios: number[] = [];
  const ratiosThird: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [i, n] of looks.entries()) bares[i]!.push(await pingPong(passes, n));
    third.push(await throughThird(passes));
    mine.push(ours());
    ratiosThird.push(mine.at(-1)! / third.at(-1)!);
    ratios.push(mine.at(-1)! / Math.max(...bares.map((list) => list.at(-1)!)));
  }
  await workers.close();
  return [
    ...looks.map((n, i) =>
      row(n === 0 ? 'two bare workers, asleep at once' : `two bare workers, ${n} looks first`, bares[i]!),
    ),
    row(`two bare workers, turns from a third with ${schedulerLooks} looks`, third),
    {
      ...row(`workers executor (${2 * stepsOfThread} steps a round)`, mine),
      ratio: median(ratios),
      ratioThird: median(ratiosThird),
    },
  ];
}

function row(what: string, rates: readonly number[]): HandOffRow {
  const [least, most] = [Math.min(...rates), Math.max(...rates)];
  return { what, perSecond: median(rates), least, most, ratio: null, ratioThird: null };
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[list.length >> 1]!; // a round at least
}

export async function benchHandOff({
  rounds,
  json,
}: {
  readonly rounds: number;
  readonly json: boolean;
}): Promise<void> {
  const rows = await measureHandOffs(rounds, 10_000);
  if (json) {
    for (const each of rows) console.log(JSON.stringify(each));
    return;
  }
  const shown = (n: number): string => Math.round(n).toLocaleString('en');
  const share = (ratio: number | null): string => (ratio === null ? '' : `${ratio.toFixed(2)}x`);
  console.log(
    renderTable(
      ['hand-offs', 'a second', 'least', 'most', 'of the best bare pair', 'of turns from a third'],
      rows.map(({ what, perSecond, least, most, ratio, ratioThird }) => [
        what,
        shown(perSecond),
        shown(least),
        shown(most),
        share(ratio),
        share(ratioThird),
      ]),
    ),
  );
}
