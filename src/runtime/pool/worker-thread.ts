/** Starts the thread of a pool's worker: built JavaScript as it is, TypeScript by way of tsx, where that is installed. */
import type { WorkerStart } from './pool-worker.ts';

/** What of `Worker` a pool uses. */
export interface PoolThread {
  readonly threadId: number;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'exit', listener: (exitCode: number) => void): unknown;
  terminate(): Promise<number>;
  unref(): void;
}

/** Options that go to `Worker` as they are. */
export interface ThreadOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly execArgv?: readonly string[];
  readonly resourceLimits?: { readonly maxOldGenerationSizeMb?: number; readonly stackSizeMb?: number };
}

/** Registers tsx in the worker, since `execArgv` does not reach its module hooks, then begins. */
const typeScript = `
const { workerData } = require('node:worker_threads');
import('tsx/esm/api').then(({ register }) => (register(), import(workerData.entry)));`;

export function startThread(
  start: WorkerStart,
  transferList: readonly unknown[],
  options: ThreadOptions,
  needsTypeScript: boolean,
): PoolThread {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const isSource = import.meta.url.endsWith('.ts');
  const entry = new URL(isSource ? './start-worker.ts' : './start-worker.js', import.meta.url);
  const all = {
    ...options,
    execArgv: options.execArgv ?? [],
    workerData: { ...start, entry: entry.href },
    transferList,
  };
  const thread =
    isSource || needsTypeScript
      ? new Worker(typeScript, { ...all, eval: true } as never)
      : new Worker(entry, all as never);
  return thread as unknown as PoolThread;
}
