/**
 * A step: what a thread is about to do when it yields to the scheduler. One mutable record a thread is reused, so that
 * nothing is allocated per step.
 */

export const START = 0;
export const LOAD = 1;
export const STORE = 2;
export const ADD = 3;
export const SUB = 4;
export const AND = 5;
export const OR = 6;
export const XOR = 7;
export const EXCHANGE = 8;
export const COMPARE_EXCHANGE = 9;
export const WAIT = 10;
export const NOTIFY = 11;
/** `Atomics.pause`: a hint that the thread is spinning. */
export const PAUSE = 12;
/** The call of an operation of a generated program: a point where the thread may be held up before it begins. */
export const CALL = 13;
/** A thread that was notified and has not yet returned from its wait. */
export const WOKEN = 14;
/** A thread in a timed wait: the step that ends it by its time-out. */
export const TIMEOUT = 15;

export type StepKind = number;

export const stepNames: readonly string[] = [
  'start',
  'load',
  'store',
  'add',
  'sub',
  'and',
  'or',
  'xor',
  'exchange',
  'compareExchange',
  'wait',
  'notify',
  'pause',
  'call',
  'woken',
  'timeout',
];

/** Functions of `Atomics` that are steps: kind, fewest and most arguments. */
export const atomicSteps: Readonly<
  Record<string, { readonly kind: StepKind; readonly least: number; readonly most: number }>
> = Object.assign(Object.create(null), {
  load: { kind: LOAD, least: 2, most: 2 },
  store: { kind: STORE, least: 3, most: 3 },
  add: { kind: ADD, least: 3, most: 3 },
  sub: { kind: SUB, least: 3, most: 3 },
  and: { kind: AND, least: 3, most: 3 },
  or: { kind: OR, least: 3, most: 3 },
  xor: { kind: XOR, least: 3, most: 3 },
  exchange: { kind: EXCHANGE, least: 3, most: 3 },
  compareExchange: { kind: COMPARE_EXCHANGE, least: 4, most: 4 },
  wait: { kind: WAIT, least: 3, most: 4 },
  notify: { kind: NOTIFY, least: 2, most: 3 },
  pause: { kind: PAUSE, least: 0, most: 0 },
});

/** Views that `Atomics` accepts. */
export type AtomicView =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The pending step of one thread. */
export class Step {
  kind: StepKind = START;
  /** Index into the table of sites, or -1 where it is not known. */
  site = -1;
  view: AtomicView | undefined = undefined;
  index: unknown = 0;
  /** Value, expected value or count. */
  a: unknown = 0;
  /** Replacement or time-out. */
  b: unknown = 0;
}
