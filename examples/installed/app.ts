/** What a user builds: a pool, a thread and a channel, started from modules of their own, as they lie beside this one when it is built. */
import { ManagedWorker, ThreadManager, ThreadPool } from 'threadproof/runtime';

const module = new URL('./tasks.js', import.meta.url);
const pool = new ThreadPool({ module, minThreads: 2 });
const squares: number[] = await pool.map([1, 2, 3], 'square');
const id = await pool.run<number>('identify');
await pool.close();
const manager = new ThreadManager();
const joined = await manager.join<number>(manager.spawn(module, 'square', [4]));
const worker = await ManagedWorker.start({ module: new URL('./worker.js', import.meta.url) });
const doubled = (await worker.request('double', 21)) as number;
await worker.shutdown();
console.log(JSON.stringify({ squares, id, joined, doubled }));
