/** This thread's id once it was asked for; 0 before. One copy of this module lives in each thread. */
let threadId = 0;

/**
 * The id of the calling thread: a positive integer, unique among the threads of this process, 1 on the main thread.
 *
 * On Node it is `worker_threads.threadId + 1`; a parent computes a worker's id as `worker.threadId + 1`, and must do so
 * while the worker lives (`worker.threadId` is -1 afterwards). Where there is no such module it is 1: there, pass ids of
 * your own to what takes an `owner`.
 *
 * Never throws. The first call looks the id up; later calls return a cached number.
 */
export function currentThreadId(): number {
  if (threadId === 0) threadId = lookUp();
  return threadId;
}

function lookUp(): number {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return 1;
  const workerThreads = process.getBuiltinModule('node:worker_threads');
  return workerThreads === undefined ? 1 : workerThreads.threadId + 1;
}
