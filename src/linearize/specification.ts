/**
 * Sequential specifications as plain records of pure functions, after porcupine's `model.go`.
 * Departures: a step answers the result instead of being asked whether one is right, so that a failure can say
 * what was expected; nondeterminism and blocking are part of a step's answer.
 */
import { formatCall } from '../history/notation.ts';
import { formatValue, sameValue } from '../history/value.ts';
import { type StateKey, stateKey } from './state-key.ts';

/** What a specification knows of an operation. */
export interface Call {
  readonly thread: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** One way in which an operation can take effect. */
export interface Effect<S> {
  readonly state: S;
  readonly result: unknown;
}

/** The operation may not take effect in this state: it waits until others have changed it. */
export const blocked: unique symbol = Symbol('blocked');

/** One effect; several, of which any may happen; or none now. No effects (`[]`) is blocked as well. */
export type Outcome<S> = Effect<S> | readonly Effect<S>[] | typeof blocked;

/** Pure: it must not change `state`, and must answer the same for the same state and call. */
export type Step<S> = (state: S, call: Call) => Outcome<S>;

export interface Specification<S> {
  readonly name: string;
  readonly initial: () => S;
  readonly step: Step<S>;
  /** The identity of a state: two states with one key must be interchangeable. Default `stateKey`. */
  readonly key?: (state: S) => StateKey;
  /** Whether a result that the specification gives is the one observed. Default `sameValue`. */
  readonly sameResult?: (expected: unknown, observed: unknown) => boolean;
  /**
   * The part of the object that a call touches, when the object is a product of independent parts (each checked
   * alone, from `initial`). A call that touches two parts forbids it.
   */
  readonly partition?: (call: Call) => string | number;
  /** Default `formatValue`. */
  readonly describeState?: (state: S) => string;
  /** Default `formatCall`. */
  readonly describeCall?: (call: Call) => string;
}

/** A specification whose optional functions are all there, but for `partition`. */
export type CompleteSpecification<S> = Specification<S> & Required<Omit<Specification<S>, 'partition'>>;

/**
 * What one operation does. Declared as a method so that a rule may say what its arguments are:
 * `add: (state, [amount]: readonly [number]) => ...`.
 */
export type Rule<S> = {
  rule(state: S, args: readonly unknown[], thread: number): Outcome<S>;
}['rule'];

export interface SpecificationOptions<S> extends Omit<Specification<S>, 'step'> {
  readonly operations: Readonly<Record<string, Rule<S>>>;
}

/**
 * Makes a specification from one rule an operation, with all defaults filled. Its step throws an Error on an
 * operation that has no rule.
 */
export function specification<S>(options: SpecificationOptions<S>): CompleteSpecification<S> {
  const { operations, ...rest } = options;
  const rules = new Map(Object.entries(operations));
  const step: Step<S> = (state, call) => {
    const rule = rules.get(call.name);
    if (!rule) {
      const known = [...rules.keys()].join(', ');
      throw new Error(`specification "${rest.name}" has no operation "${call.name}"; it knows ${known}`);
    }
    return rule(state, call.args, call.thread);
  };
  return complete({ ...rest, step });
}

/** Fills in the defaults of a specification written by hand. */
export function complete<S>(given: Specification<S>): CompleteSpecification<S> {
  if (isComplete(given)) return given;
  return {
    key: stateKey,
    sameResult: sameValue,
    describeState: formatValue,
    describeCall: formatCall,
    ...given,
  };
}

function isComplete<S>(given: Specification<S>): given is CompleteSpecification<S> {
  return Boolean(given.key && given.sameResult && given.describeState && given.describeCall);
}

/** The effects that a step answered, as a list. */
export function effectsOf<S>(outcome: Outcome<S>): readonly Effect<S>[] {
  if (outcome === blocked) return [];
  return isSeveral(outcome) ? outcome : [outcome];
}

export function isSeveral<S>(outcome: Effect<S> | readonly Effect<S>[]): outcome is readonly Effect<S>[] {
  return Array.isArray(outcome);
}
