/** Errors, values and sleepers in words. Nothing of the author's runs here: an object is named, not converted. */
import { UnsupportedError } from '../instrument/host.ts';
import type { BlockedThread } from './outcome.ts';
import { shownSite } from './trace.ts';

export function notSynchronous(what: string): UnsupportedError {
  return new UnsupportedError(
    `thread answered ${what}: a thread's body is plain synchronous code, whose steps are taken before it returns`,
  );
}

export function nameOfError(error: unknown): string {
  return error instanceof Error ? error.name : String(shown(error));
}

export function shown(value: unknown): number | bigint | string {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject ? Object.prototype.toString.call(value) : String(value);
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
    return 'an error that throws when it is looked at';
  }
}

function describeThrown(error: unknown): string {
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
