/**
 * What the pool adds in memory, beside a bare worker of the platform: `npm run build && node bench/pool-memory.mjs`. Every measurement is a process of its
 * own; prints one JSON object of medians with the least and the most. RSS, since workers have heaps of their own.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const self = fileURLToPath(import.meta.url);
const workers = 16;
const tasks = 60_000;
const source = `import '${new URL('./pool-tasks.mjs', import.meta.url)}';
import { parentPort } from 'node:worker_threads';
parentPort.on('message', () => {});
parentPort.postMessage(0);`;
const settled = () => new Promise((resolve) => setTimeout(resolve, 300));

async function rss() {
  await settled();
  globalThis.gc();
  return process.memoryUsage.rss();
}

const measures = {
  /** Bytes a worker that does nothing but load the same module of tasks. */
  async bare() {
    const before = await rss();
    const all = Array.from(
      { length: workers },
      () => new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`)),
    );
    await Promise.all(all.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
    const bytes = ((await rss()) - before) / workers;
    await Promise.all(all.map((worker) => worker.terminate()));
    return bytes;
  },
  /** Bytes a worker of a pool. */
  async pooled() {
    const { ThreadPool } = await import('threadproof/runtime');
    const before = await rss();
    const pool = new ThreadPool({
      module: new URL('./pool-tasks.mjs', import.meta.url),
      minThreads: workers,
    });
    await pool.broadcast('trivial', [1]);
    const bytes = ((await rss()) - before) / workers;
    await pool.terminate();
    return bytes;
  },
  /** Bytes of shared memory and heap a task that is queued, its promise included. */
  async queued() {
    const { ThreadPool } = await import('threadproof/runtime');
    const pool = new ThreadPool({ module: new URL('./pool-tasks.mjs', import.meta.url), minThreads: 1 });
    await pool.run('trivial', [1]);
    const before = await rss();
    const held = Array.from({ length: tasks }, (_, n) => pool.run('trivial', [n]));
    for (const promise of held) promise.catch(() => {});
    globalThis.gc();
    const bytes = (process.memoryUsage.rss() - before) / tasks;
    await pool.terminate();
    return bytes;
  },
};

const asked = process.argv[2];
if (asked !== undefined) console.log(await measures[asked]());
else {
  const summary = {};
  for (const name of Object.keys(measures)) {
    const runs = Array.from({ length: 7 }, () =>
      Number(execFileSync(process.execPath, ['--expose-gc', self, name], { encoding: 'utf8' })),
    ).sort((a, b) => a - b);
    summary[name] = { median: Math.round(runs[3]), least: Math.round(runs[0]), most: Math.round(runs[6]) };
  }
  console.log(JSON.stringify(summary));
}
