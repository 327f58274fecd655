/**
 * `node bench/pool-soak.mjs [tasks]` (after npm run build; default 1,000,000): tasks of which 1 % fail, 0.1 % kill their worker and 5 % are cancelled. Counts
 * each from outside, compares with the pool's accounts, and ends by itself: exit code 0, or 1 with what differs.
 */
import { ThreadPool } from 'threadproof/runtime';

const tasks = Number(process.argv[2] ?? 1_000_000);
if (!Number.isSafeInteger(tasks) || tasks < 1) {
  console.error(`pool-soak: "${process.argv[2]}" is no number of tasks: give a whole number from 1`);
  process.exit(2);
}
const pool = new ThreadPool({ module: new URL('./pool-tasks.mjs', import.meta.url), minThreads: 2 });
const begun = new Int32Array(new SharedArrayBuffer(4 * tasks));
const tally = { completed: 0, failed: 0, crashed: 0, cancelled: 0, wrong: 0 };
let next = 0;

async function chain() {
  while (next < tasks) {
    const number = next;
    next += 1;
    const cancels = number % 20 === 7;
    const controller = cancels ? new AbortController() : undefined;
    const run = pool.run('counted', [begun, number], cancels ? { signal: controller.signal } : {});
    if (cancels) setImmediate(() => controller.abort('cancelled'));
    try {
      if ((await run) === number) tally.completed += 1;
      else tally.wrong += 1;
    } catch (error) {
      if (error === 'cancelled') tally.cancelled += 1;
      else if (error.name === 'WorkerDiedError') tally.crashed += 1;
      else if (error.message === `fails ${number}`) tally.failed += 1;
      else tally.wrong += 1;
    }
  }
}

await Promise.all(Array.from({ length: 500 }, chain));
const { submitted, completed, failed, crashed, cancelled, rejected, pending } = pool.metrics();
const accounts = { completed, failed: failed - crashed, crashed, cancelled, wrong: 0 };
const twice = begun.filter((count) => count > 1).length;
const lost = tasks - Object.values(tally).reduce((sum, count) => sum + count, 0);
await pool.close();
const exact =
  JSON.stringify(accounts) === JSON.stringify(tally) &&
  submitted === tasks &&
  submitted === completed + failed + cancelled + rejected + pending &&
  twice === 0 &&
  lost === 0 &&
  pending === 0;
console.log(JSON.stringify({ tasks, tally, accounts, submitted, rejected, pending, twice, lost, exact }));
process.exitCode = exact ? 0 : 1;
