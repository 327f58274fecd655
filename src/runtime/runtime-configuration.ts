/** What a ThreadRuntime is built by: its options, their defaults, and what must hold of them. */
import { ThreadStorage } from './tls/thread-storage.ts';

/** All optional. */
export interface ThreadRuntimeOptions {
  /** Size of the memory in bytes; 16 MiB by default. Rounded up to pages of 64 KiB. The allocator has all of it. */
  readonly initialBytes?: number;
  /** Size that the memory can grow to; 1 GiB by default, or the initial size. What it grows by is the program's, not the allocator's. */
  readonly maximumBytes?: number;
  /** Workers of a pool in this runtime; 4 by default. */
  readonly workers?: number;
  /** Most threads that take part at a time, the creating one included; 16 by default. */
  readonly threads?: number;
  /** Thread-local storage of each thread in bytes; 1,024 by default. */
  readonly bytesPerThread?: number;
}

/** The options with their defaults. A plain object that structured clone carries over. */
export type RuntimeConfiguration = Required<ThreadRuntimeOptions>;

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
 * @throws TypeError when they are no object, or one of them is not known
 * @throws RangeError when one is no integer of its range, or they contradict each other
 */
export function configured(options: ThreadRuntimeOptions): RuntimeConfiguration {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`the options of a ThreadRuntime are an object, got ${String(options)}`);
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(defaults, name))
      throw new TypeError(
        `a ThreadRuntime has no option ${name}: it has ${Object.keys(defaults).join(', ')}`,
      );
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
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
  return configuration;
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
