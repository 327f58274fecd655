/** The first module of a pool's worker. */
import { startWorker, type WorkerStart } from './pool-worker.ts';

await startWorker(process.getBuiltinModule('node:worker_threads').workerData as WorkerStart);
