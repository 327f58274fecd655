/** Starts the thread of a pool's worker: built JavaScript as it is, TypeScript by way of tsx, where that is installed. */
/** What of `Worker` a pool uses. */
export interface PoolThread {
  readonly threadId: number;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'exit', listener: (exitCode: number) => void): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
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

/** Starts a thread whose first module is `entry`, one of this folder, without its ending. */
export function startThread(
  entry: string,
  workerData: object,
  transferList: readonly unknown[],
  options: ThreadOptions,
  needsTypeScript: boolean,
): PoolThread {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const isSource = import.meta.url.endsWith('.ts');
  const url = new URL(`./${entry}.${isSource ? 'ts' : 'js'}`, import.meta.url);
  const all = {
    ...options,
    execArgv: options.execArgv ?? [],
    workerData: { ...workerData, entry: url.href },
    transferList,
  };
  const thread =
    isSource || needsTypeScript
      ? new Worker(typeScript, { ...all, eval: true } as never)
      : new Worker(url, all as never);
  return thread as unknown as PoolThread;
}
