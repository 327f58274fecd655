/** The arguments of `Atomics` calls as ECMA-262 takes them, where the scheduler must know before the platform does. */
import { type AtomicView, NOTIFY, type Step, type StepKind, WAIT } from '../instrument/step.ts';

/** Arguments of a wait or a notify that need no check by the platform: the usual ones. */
export function isPlainWait(view: AtomicView, index: unknown, value: unknown): view is Int32Array {
  return (
    view instanceof Int32Array &&
    typeof index === 'number' &&
    (index | 0) === index &&
    index >= 0 &&
    index < view.length &&
    typeof value === 'number' &&
    (value | 0) === value
  );
}

/** What the platform would throw for an argument. */
export interface Refusal {
  readonly error: unknown;
}

/** Makes a whole number of a step's index, once: whatever follows sees that number. */
export function wholeIndex(p: Step): Refusal | undefined {
  try {
    p.index = wholeNumber(p.kind, p.view, p.index);
    return undefined;
  } catch (error) {
    p.index = 0;
    return { error };
  }
}

/** ECMA-262 ToIntegerOrInfinity of an index; 0 for a view that is refused before anybody looks at the index. */
export function wholeNumber(kind: StepKind, view: unknown, index: unknown): number {
  return isAccepted(kind, view) ? Math.trunc(+(index as number)) || 0 : 0;
}

/** ECMA-262 25.4.3.1 ValidateIntegerTypedArray. */
function isAccepted(kind: StepKind, view: unknown): boolean {
  if (view instanceof Int32Array || view instanceof BigInt64Array)
    return kind !== WAIT || view.buffer instanceof SharedArrayBuffer;
  if (kind === WAIT || kind === NOTIFY) return false;
  return (
    ArrayBuffer.isView(view) &&
    !(
      view instanceof DataView ||
      view instanceof Float32Array ||
      view instanceof Float64Array ||
      view instanceof Uint8ClampedArray
    )
  );
}

/** The time-out of a wait as ECMA-262 takes it: undefined and NaN are for ever, negative is 0. */
export function waitTime(timeout: unknown): number {
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  const q = +(timeout as number);
  return Number.isNaN(q) ? Number.POSITIVE_INFINITY : Math.max(q, 0);
}
