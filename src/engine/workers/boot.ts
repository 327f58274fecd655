/** What a worker of ours is started with, how it comes by the program, and how what a thread threw reads the same on the other side. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type MessagePort, Worker } from 'node:worker_threads';
import { UnsupportedError } from '../../instrument/host.ts';
import { describeValue, describeWithStack, shown, unreadable } from '../describe.ts';
import { type Program, ProgramError, programFault } from '../program.ts';
import { tamed } from '../tamed.ts';

/** The program a worker runs: an export of a module, or what a function that is exported makes of `data`. */
export interface ProgramReference {
  /** URL of the module. */
  readonly module: string;
  readonly exportName: string;
}

/** What a worker is started with. */
export interface BootData {
  /** URL of the module whose `serve` it runs. */
  readonly agent: string;
  readonly block: SharedArrayBuffer;
  readonly port: MessagePort;
  readonly reference: ProgramReference;
  readonly thread: number;
  /** URLs of tsx's doors, ES modules and CommonJS. */
  readonly tsx: readonly [string, string];
  /** Whether it is needed from the start. */
  readonly typescript: boolean;
}

/** Megabytes of heap that a worker needs before it can say that it has too few: with less it never begins. */
export const leastHeap = 8;

/** @throws ProgramError for a limit of the heap with which no worker begins. */
export function checkHeap(heap: number): void {
  if (!Number.isInteger(heap) || heap < leastHeap)
    throw new ProgramError(
      `heap is ${heap}: give whole megabytes from ${leastHeap}, which Node needs for itself`,
    );
}

/** What a thread threw, so that it reads the same on the other side. */
export type Thrown =
  | { readonly kind: 'unsupported'; readonly message: string }
  | { readonly kind: 'program'; readonly message: string }
  | { readonly kind: 'error'; readonly name: string; readonly message: string; readonly stack: string }
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'unreadable' };

/** Runs before anything else in a worker: with TypeScript of ours or of the author's, tsx comes first. */
const bootstrap = `
const { workerData } = require('node:worker_threads');
(async () => {
  if (workerData.typescript) for (const door of workerData.tsx) (await import(door)).register();
  await (await import(workerData.agent)).serve(workerData);
})();
`;

/**
 * Starts the worker of a thread; it does not keep the process alive.
 * @param agent the module whose `serve` it runs, from here, without its extension.
 * @param heapMegabytes most of its heap; default: what the platform allows.
 */
export function startWorker(
  agent: string,
  reference: ProgramReference,
  thread: number,
  port: MessagePort,
  block: SharedArrayBuffer,
  heapMegabytes?: number,
): Worker {
  const self = import.meta.url;
  const isSource = self.endsWith('.ts');
  const require = createRequire(self);
  const door = (name: string): string =>
    pathToFileURL(require.resolve(`tsx/${name}/api`).replace(/\.cjs$/, '.mjs')).href;
  const data: BootData = {
    agent: new URL(`${agent}.${isSource ? 'ts' : 'js'}`, self).href,
    block,
    port,
    reference,
    thread,
    tsx: [door('esm'), door('cjs')],
    typescript: isSource || /\.[cm]?tsx?$/.test(new URL(reference.module).pathname),
  };
  const worker = new Worker(bootstrap, {
    eval: true,
    execArgv: process.execArgv.filter((flag) => /^(--conditions=|--stack-size|--experimental-)/.test(flag)),
    workerData: data,
    transferList: [port],
    ...(heapMegabytes === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMegabytes } }),
  });
  worker.unref();
  return worker;
}

/** Imports the module in the worker. Answers what makes the program of the data of a job. */
export async function importProgram({
  reference,
  tsx,
  typescript,
}: BootData): Promise<(data: unknown) => Program> {
  let namespace: Record<string, unknown>;
  try {
    namespace = await import(reference.module);
  } catch (error) {
    const { code } = error as { code?: string };
    // TypeScript somewhere below: only then its half second is spent.
    if (typescript || !/^ERR_(UNKNOWN_FILE_EXTENSION|MODULE_NOT_FOUND)$/.test(code ?? '')) throw error;
    for (const door of tsx) ((await import(door)) as { register(): void }).register();
    const again = new URL(reference.module);
    again.searchParams.set('again', '');
    namespace = await import(again.href);
  }
  const { exportName } = reference;
  const compiled = namespace['default'] as Record<string, unknown> | undefined;
  if (typeof compiled === 'object' && compiled !== null && compiled['__esModule'] === true)
    namespace = compiled;
  const fallback = namespace['default'];
  const value =
    exportName === '*'
      ? namespace
      : (namespace[exportName] ??
        (typeof fallback === 'object' && fallback !== null
          ? (fallback as Record<string, unknown>)[exportName]
          : undefined));
  return (data) => {
    const program = typeof value === 'function' ? (value as (data: unknown) => unknown)(data) : value;
    const fault = programFault(program);
    if (fault !== undefined) throw new ProgramError(`export ${exportName} is not a program: ${fault}`);
    return program as Program;
  };
}

export function thrownOf(thrown: unknown): Thrown {
  const error = tamed(thrown);
  if (error !== thrown) return { kind: 'unreadable' };
  if (error instanceof UnsupportedError) return { kind: 'unsupported', message: error.message };
  if (error instanceof ProgramError) return { kind: 'program', message: error.message };
  if (!(error instanceof Error)) return { kind: 'value', text: describeValue(error) };
  const [name, message] = [String(shown(error.name)), String(shown(error.message))];
  return { kind: 'error', name, message, stack: describeWithStack(error) };
}

/** What a thread threw, so that it reads as it did there. */
export function errorOf(thrown: Thrown): unknown {
  if (thrown.kind === 'unsupported') return new UnsupportedError(thrown.message);
  if (thrown.kind === 'program') return new ProgramError(thrown.message);
  if (thrown.kind === 'value') return { toString: () => thrown.text };
  if (thrown.kind === 'unreadable') return unreadable;
  const { name, message, stack } = thrown;
  const maker = (globalThis as unknown as Record<string, unknown>)[name];
  const error =
    typeof maker === 'function' && (maker === Error || maker.prototype instanceof Error)
      ? new (maker as ErrorConstructor)(message)
      : new Error(message);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true });
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
  return error;
}
