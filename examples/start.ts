/** How the examples start their workers: they are TypeScript, so a bootstrap loads them. Built JavaScript is started by itself. */
import { ManagedWorker, type ManagedWorkerOptions } from 'threadproof/runtime';

export function startWorker(
  file: URL,
  data: Readonly<Record<string, unknown>> = {},
  options: Partial<ManagedWorkerOptions> = {},
): Promise<ManagedWorker> {
  return ManagedWorker.start({
    module: new URL('./worker.mjs', import.meta.url),
    startLimitMs: 20_000,
    worker: { workerData: { ...data, load: file.href }, execArgv: ['--conditions=threadproof-source'] },
    ...options,
  });
}
