/** The search against a checker that tries every order, without lists, memory, keys or parts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type History, isPending, type OperationRecord, threw } from '../history/history.ts';
import { formatLines } from '../history/notation.ts';
import { checkLinearizable } from './check.ts';
import { blocked, type CompleteSpecification, effectsOf, specification } from './specification.ts';

/** Whether the rest can follow in this state: by trying each operation that real time allows to be next. */
function canFollow<S>(model: CompleteSpecification<S>, state: S, rest: History, stuck: boolean): boolean {
  const completed = rest.filter((operation) => !isPending(operation));
  if (completed.length === 0) {
    return !stuck || rest.every((operation) => effectsOf(model.step(state, operation)).length === 0);
  }
  return rest.some((operation) => {
    if (stuck && isPending(operation)) return false;
    if (completed.some((other) => other.returned < operation.called)) return false;
    const others = rest.filter((other) => other !== operation);
    return effectsOf(model.step(state, operation)).some(
      ({ state: after, result }) =>
        (isPending(operation) || model.sameResult(result, operation.result)) &&
        canFollow(model, after, others, stuck),
    );
  });
}

interface Subject<S> {
  readonly model: CompleteSpecification<S>;
  readonly calls: readonly (readonly [name: string, ...args: number[]])[];
  readonly results: readonly unknown[];
}

const register: Subject<number> = {
  model: specification({
    name: 'register',
    initial: () => 0,
    operations: {
      write: (_state, [value]: readonly [number]) => ({ state: value, result: undefined }),
      read: (state) => ({ state, result: state }),
      swap: (state, [expected, value]: readonly [number, number]) =>
        state === expected ? { state: value, result: true } : { state, result: false },
    },
  }),
  calls: [['write', 1], ['write', 2], ['read'], ['swap', 0, 1], ['swap', 1, 2]],
  results: [0, 1, 2, true, false, undefined],
};

const counter: Subject<bigint> = {
  model: specification({
    name: 'counter',
    initial: () => 0n,
    operations: {
      add: (state, [amount]: readonly [number]) => ({ state: state + BigInt(amount), result: state }),
      read: (state) => ({ state, result: state }),
    },
  }),
  calls: [['add', 1], ['add', 2], ['add', -1], ['read']],
  results: [0n, 1n, 2n, 3n],
};

const mutex: Subject<number> = {
  model: specification({
    name: 'mutex',
    initial: () => -1,
    operations: {
      lock: (owner, _args, thread) => (owner === -1 ? { state: thread, result: undefined } : blocked),
      tryLock: (owner, _args, thread) =>
        owner === -1 ? { state: thread, result: true } : { state: owner, result: false },
      unlock: (owner, _args, thread) =>
        owner === thread
          ? { state: -1, result: undefined }
          : { state: owner, result: threw('NotOwnerError') },
    },
  }),
  calls: [['lock'], ['lock'], ['tryLock'], ['unlock'], ['unlock']],
  results: [undefined, true, false, threw('NotOwnerError')],
};

/** Nondeterministic, partly blocking, with a structured state: a bag that gives any item, and waits when empty. */
const bag: Subject<readonly number[]> = {
  model: specification<readonly number[]>({
    name: 'bag',
    initial: () => [],
    operations: {
      put: (items, [item]: readonly [number]) => [
        { state: [...items, item], result: true },
        { state: items, result: false },
      ],
      take: (items) =>
        items.map((item, at) => ({ state: items.filter((_item, index) => index !== at), result: item })),
      size: (items) => ({ state: items, result: items.length }),
    },
  }),
  calls: [['put', 1], ['put', 2], ['take'], ['take'], ['size']],
  results: [true, true, false, 0, 1, 2],
};

/** Choices, two an operation: which call, and the result (from a sequential run as of its return, or any). */
const choices = fc.array(fc.record({ thread: fc.nat(3), pick: fc.nat(999), guess: fc.nat(99) }), {
  minLength: 3,
  maxLength: 16,
});

/** Each choice ends the open operation of its thread, or else starts one; at most six operations. */
function historyOf<S>(
  { model, calls, results }: Subject<S>,
  list: typeof choices extends fc.Arbitrary<infer T> ? T : never,
) {
  const history: { -readonly [Field in keyof OperationRecord]: OperationRecord[Field] }[] = [];
  const open = new Map<number, (typeof history)[number]>();
  let state = model.initial();
  list.forEach(({ thread, pick, guess }, position) => {
    const operation = open.get(thread);
    if (operation) {
      const effects = effectsOf(model.step(state, operation));
      const effect = effects[pick % Math.max(effects.length, 1)];
      if (!effect && guess >= 10) return; // it stays blocked
      if (effect) state = effect.state;
      operation.result = effect && guess >= 25 ? effect.result : results[pick % results.length];
      operation.returned = position;
      open.delete(thread);
    } else if (history.length < 6) {
      const [name, ...args] = calls[pick % calls.length]!; // the remainder is an index
      const called = { thread, name, args, called: position, returned: Infinity, result: undefined };
      history.push(called);
      open.set(thread, called);
    }
  });
  return history;
}

/** The model with one more operation, which changes nothing in any state. */
function withNothing<S>(model: CompleteSpecification<S>): CompleteSpecification<S> {
  return {
    ...model,
    step: (state, call) => (call.name === 'nothing' ? { state, result: undefined } : model.step(state, call)),
  };
}

/**
 * The history among 40 operations that change nothing, so that its bits fill more than an integer: some before,
 * the others after, where the history then lies across a word's end or not; and some around everything, which keep
 * the window of the memory open over all words.
 */
function padded(history: History, before: number, around: number): History {
  const nothing = (thread: number, called: number, returned: number): OperationRecord => ({
    thread,
    name: 'nothing',
    args: [],
    called,
    returned,
    result: undefined,
  });
  const sequence = (count: number, start: number) =>
    Array.from({ length: count }, (_, index) => nothing(9, start + 2 * index, start + 2 * index + 1));
  const long = Array.from({ length: around }, (_, index) => nothing(10 + index, index - 200, index + 500));
  return [...long, ...sequence(before, -100), ...history, ...sequence(40 - before, 100)];
}

function runs<S>(subject: Subject<S>, numRuns: number): void {
  const counts = { legal: 0, illegal: 0, pending: 0 };
  fc.assert(
    fc.property(choices, fc.boolean(), fc.nat(40), fc.nat(2), (list, stuck, before, around) => {
      const history = historyOf(subject, list);
      const expected = canFollow(subject.model, subject.model.initial(), history, stuck);
      counts[expected ? 'legal' : 'illegal']++;
      if (history.some(isPending)) counts.pending++;
      const verdict = expected ? 'linearizable' : 'not-linearizable';
      expect(checkLinearizable(subject.model, history, { stuck }).verdict, formatLines(history)).toBe(
        verdict,
      );
      const wide = padded(history, before, around);
      expect(checkLinearizable(withNothing(subject.model), wide, { stuck }).verdict, formatLines(wide)).toBe(
        verdict,
      );
    }),
    { numRuns },
  );
  expect(counts.illegal).toBeGreaterThan(numRuns / 10);
  expect(counts.legal).toBeGreaterThan(numRuns / 10);
  expect(counts.pending).toBeGreaterThan(numRuns / 10);
}

describe('checkLinearizable agrees with brute force, in both memories', () => {
  it('on a register', () => runs(register, 2500));
  it('on a counter', () => runs(counter, 2500));
  it('on a mutex', () => runs(mutex, 2500));
  it('on a nondeterministic bag', () => runs(bag, 2500));
});
