/** Errors, values and sleepers in words. Nothing of the author's runs here: an object is named, not converted. */
import { UnsupportedError } from '../instrument/host.ts';
import type { BlockedThread } from './outcome.ts';
import { shownSite } from './trace.ts';

export function notSynchronous(what: string): UnsupportedError {
  return new UnsupportedError(
    `thread answered ${what}: a thread's body is plain synchronous code, whose steps are taken before it returns`,
  );
}

const hostile = 'an error that throws when it is looked at';
/** Stands for such an error. */
export const unreadable: object = { toString: () => hostile };

/** Never throws, whatever was thrown. */
export function nameOfError(error: unknown): string {
  try {
    return String(shown(error instanceof Error ? error.name : error));
  } catch {
    return hostile;
  }
}

export function shown(value: unknown): number | bigint | string {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  if (!isObject) return String(value);
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return 'an object that throws when it is looked at';
  }
}

/** What would still have to run: a promise, a thenable, a generator. */
export function isDeferred(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  try {
    if (typeof (value as { then?: unknown }).then === 'function') return true;
    return (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'Generator';
  } catch {
    return false; // an object that must not be looked at (an assertion library's proxy, say) is neither
  }
}

/** Never throws, whatever was thrown. */
export function describeError(error: unknown): string {
  try {
    return describeThrown(error);
  } catch {
    return hostile;
  }
}

/** An error with its stack, for people. Never throws. */
export function describeWithStack(error: unknown): string {
  try {
    if (error instanceof Error) return String(error.stack ?? error.message);
  } catch {
    return hostile;
  }
  return describeError(error);
}

/** Throws where what was thrown throws when it is looked at. */
export function describeThrown(error: unknown): string {
  if (error === unreadable) return hostile;
  if (!(error instanceof Error)) return `a value that is not an error: ${describeValue(error)}`;
  // The look-up of a twin is the first thing that touches a callee, so a missing function shows there.
  const message = String(shown(error.message)).replace(
    /Cannot read properties of (undefined|null) \(reading 'Symbol\(threadproof\.twin\)'\)/,
    'what is called is $1, not a function',
  );
  return `${String(shown(error.name))}: ${message}`;
}

export function describeValue(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

export function describeBlocked(blocked: readonly BlockedThread[]): string {
  const lines = blocked.map(({ thread, site, byteOffset, value }) => {
    const place = site === undefined ? '' : ` at ${shownSite(site)}`;
    return `T${thread} waits${place} for the word at byte ${byteOffset} (it slept on ${value})`;
  });
  return `deadlock: nobody can go on: ${lines.join('; ')}`;
}

/** The module of the code that called a function of `Atomics`, from a stack; undefined where it has no file. */
export function callerModule(stack: string): string | undefined {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  for (const [i, frame] of frames.entries()) {
    // The first few frames are ours.
    if (i < 4 && /(engine[/\\]virtual|instrument[/\\]builtins)\.[jt]s/.test(frame)) continue;
    if (frame.includes('eval at ')) return undefined;
    const place = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]*?|[A-Za-z]:\\[^()]*?):\d+:\d+\)?$/.exec(
      frame,
    )?.[1];
    if (place !== undefined) return place;
    if (!/<anonymous>|native/.test(frame)) return undefined;
  }
  return undefined;
}
