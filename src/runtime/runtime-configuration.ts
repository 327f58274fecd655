/** What a ThreadRuntime is built by: its options, their defaults, and what must hold of them. */
import { configurationOf, type ThreadPoolOptions } from './pool/pool-options.ts';
import { ThreadStorage } from './tls/thread-storage.ts';

/** Of the pool in a runtime: it has as many threads as `workers` says. */
export type RuntimePoolOptions = Omit<ThreadPoolOptions, 'minThreads' | 'maxThreads'>;

/** All optional. */
export interface ThreadRuntimeOptions {
  /** Size of the memory in bytes; 16 MiB by default. Rounded up to pages of 64 KiB. The allocator has all of it. */
  readonly initialBytes?: number;
  /** Size that the memory can grow to; 1 GiB by default, or the initial size. What it grows by is the program's, not the allocator's. */
  readonly maximumBytes?: number;
  /** Workers of its pool; 4 by default. */
  readonly workers?: number;
  /** Most threads that take part at a time, the creating one included; 16 by default. */
  readonly threads?: number;
  /** Thread-local storage of each thread in bytes; 1,024 by default. */
  readonly bytesPerThread?: number;
  /** What else its pool is told. Stays on the thread that creates the runtime. */
  readonly pool?: RuntimePoolOptions;
}

/** The options with their defaults. A plain object that structured clone carries over. */
export type RuntimeConfiguration = Required<Omit<ThreadRuntimeOptions, 'pool'>>;

const MEBIBYTE = 1024 ** 2;
const defaults: RuntimeConfiguration = {
  initialBytes: 16 * MEBIBYTE,
  maximumBytes: 1024 * MEBIBYTE,
  workers: 4,
  threads: 16,
  bytesPerThread: 1024,
};
const ranges: Readonly<Record<keyof RuntimeConfiguration, number>> = {
  initialBytes: 4096 * MEBIBYTE,
  maximumBytes: 4096 * MEBIBYTE,
  workers: 1024,
  threads: 65_536,
  bytesPerThread: 2 ** 24,
};

/**
 * The configuration that the options describe.
 *
 * @throws TypeError when they are no object, or one of them is not known; also what a ThreadPool throws for `pool`
 * @throws RangeError when one is no integer of its range, or they contradict each other
 */
export function configured(options: ThreadRuntimeOptions): RuntimeConfiguration {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`the options of a ThreadRuntime are an object, got ${String(options)}`);
  const { pool, ...numbers } = options;
  for (const name of Object.keys(numbers)) {
    if (!Object.hasOwn(defaults, name))
      throw new TypeError(
        `a ThreadRuntime has no option ${name}: it has ${Object.keys(defaults).join(', ')}, pool`,
      );
  }
  const given = Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined));
  const initialBytes = options.initialBytes ?? defaults.initialBytes;
  const configuration: RuntimeConfiguration = {
    ...defaults,
    maximumBytes: Math.max(defaults.maximumBytes, initialBytes),
    ...given,
  };
  for (const [name, maximum] of Object.entries(ranges)) {
    const value = configuration[name as keyof RuntimeConfiguration];
    if (!Number.isInteger(value) || value < 1 || value > maximum) {
      throw new RangeError(
        `${name} of a ThreadRuntime is an integer from 1 to ${maximum}, got ${String(value)}: pass one, or nothing for ${defaults[name as keyof RuntimeConfiguration]}`,
      );
    }
  }
  checkTogether(configuration);
  if (pool !== undefined) checkPool(pool);
  return configuration;
}

function checkPool(pool: ThreadPoolOptions): void {
  if (typeof pool !== 'object' || pool === null)
    throw new TypeError(
      `pool of a ThreadRuntime is an object with options of a ThreadPool, got ${String(pool)}`,
    );
  for (const name of ['minThreads', 'maxThreads'] as const) {
    if (pool[name] !== undefined)
      throw new TypeError(
        `the pool of a ThreadRuntime takes no ${name} (${pool[name]}): say how many by its workers`,
      );
  }
  configurationOf(pool);
}

function checkTogether(configuration: RuntimeConfiguration): void {
  const { initialBytes, maximumBytes, workers, threads, bytesPerThread } = configuration;
  if (maximumBytes < initialBytes) {
    throw new RangeError(
      `maximumBytes of a ThreadRuntime (${maximumBytes}) is below its initialBytes (${initialBytes}): raise it, or begin smaller`,
    );
  }
  if (workers >= threads) {
    throw new RangeError(
      `a ThreadRuntime of ${workers} workers needs at least ${workers + 1} threads, with the one that creates it, got ${threads}: ` +
        'raise threads, or take fewer workers',
    );
  }
  const storageBytes = ThreadStorage.cells({ threads, bytesPerThread }) * 4;
  // The allocator's own part is 1/257 of the memory and two lines at most.
  if (storageBytes > initialBytes * (256 / 257) - 128) {
    throw new RangeError(
      `the thread-local storage of ${threads} threads takes ${storageBytes} bytes, which do not fit into initialBytes (${initialBytes}): ` +
        'raise initialBytes, or take fewer threads or bytesPerThread',
    );
  }
}
