/** Many who wait for one AbortSignal, behind one listener: the platform warns from the eleventh on, and looks through all of them for each new one. */

interface Group {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const groups = new WeakMap<AbortSignal, Group>();

/** @throws TypeError when a signal is none */
export function checkSignal(signal: AbortSignal | undefined, of: string): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError(`signal of ${of} is an AbortSignal, got ${String(signal)}`);
}

/** Calls back once when the signal fires; what it returns takes that back. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => {};
  const { callbacks, listener } = groups.get(signal) ?? groupOf(signal);
  // A function of its own, since one may be given twice.
  const once = (): void => callback();
  callbacks.add(once);
  return () => {
    if (!callbacks.delete(once) || callbacks.size > 0) return;
    signal.removeEventListener('abort', listener);
    groups.delete(signal);
  };
}

function groupOf(signal: AbortSignal): Group {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    groups.delete(signal);
    for (const callback of callbacks) {
      callbacks.delete(callback);
      callback();
    }
  };
  const group = { callbacks, listener };
  groups.set(signal, group);
  signal.addEventListener('abort', listener, { once: true });
  return group;
}
