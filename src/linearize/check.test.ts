import { describe, expect, it } from 'vitest';
import { type History, isPending, threw } from '../history/history.ts';
import { parseHistory } from '../history/notation.ts';
import { MalformedHistoryError } from '../history/well-formed.ts';
import { checkLinearizable, mergeLinearizations } from './check.ts';
import { blocked, type CompleteSpecification, specification } from './specification.ts';

const register = specification({
  name: 'register',
  initial: () => 0,
  operations: {
    write: (_state, [value]: readonly [number]) => ({ state: value, result: undefined }),
    read: (state) => ({ state, result: state }),
  },
});

const registers = specification<ReadonlyMap<string, number>>({
  name: 'registers',
  initial: () => new Map(),
  partition: ({ args }) => String(args[0]),
  operations: {
    write: (state, [key, value]: readonly [string, number]) => ({
      state: new Map(state).set(key, value),
      result: undefined,
    }),
    read: (state, [key]: readonly [string]) => ({ state, result: state.get(key) ?? 0 }),
  },
});

const mutex = specification({
  name: 'mutex',
  initial: () => -1,
  operations: {
    lock: (owner, _args, thread) => (owner === -1 ? { state: thread, result: undefined } : blocked),
    unlock: (owner, _args, thread) =>
      owner === thread
        ? { state: -1, result: undefined }
        : { state: owner, result: threw('NotOwnerError', 'unlocked by another thread') },
  },
});

/** A counter that may lose an increment: several effects. */
const lossy = specification({
  name: 'lossy counter',
  initial: () => 0,
  operations: {
    add: (state) => [
      { state, result: undefined },
      { state: state + 1, result: undefined },
    ],
    read: (state) => ({ state, result: state }),
  },
});

interface Row<S> {
  readonly title: string;
  readonly specification: CompleteSpecification<S>;
  readonly history: string;
  readonly stuck?: boolean;
}
const row = <S>(title: string, specification: CompleteSpecification<S>, history: string, stuck = false) =>
  ({ title, specification, history, stuck }) as unknown as Row<unknown>;

const accepted: readonly Row<unknown>[] = [
  row('an empty history', register, ''),
  row('a read of the initial value', register, 'T0 [0,1] read() -> 0'),
  row('a read that overlaps a write: new', register, 'T0 [0,3] write(1); T1 [1,2] read() -> 1'),
  row('a read that overlaps a write: old', register, 'T0 [0,3] write(1); T1 [1,2] read() -> 0'),
  row(
    'two writes in the order that a third thread sees',
    register,
    `T0 |--- write(1) -----------------------|
     T1   |--- write(2) --------------------------------|
     T2                       |--- read() -> 2 ---|  |--- read() -> 1 ---|`,
  ),
  row('a pending write that was seen', register, 'T0 [0,) write(1); T1 [1,2] read() -> 1'),
  row('a pending write that was not seen', register, 'T0 [0,) write(1); T1 [1,2] read() -> 0'),
  row('a pending write seen late', register, 'T0 [0,) write(1); T1 [1,2] read() -> 0; T1 [3,4] read() -> 1'),
  row('only pending operations', register, 'T0 [0,) write(1); T1 [1,) read()'),
  row('operations not in the order of their calls', register, 'T1 [2,3] read() -> 1; T0 [0,1] write(1)'),
  row('a lock handed over', mutex, 'T0 [0,1] lock(); T1 [2,5] lock(); T0 [3,4] unlock()'),
  row('a lock that waits', mutex, 'T0 [0,1] lock(); T1 [2,) lock()'),
  row('stuck on a held lock', mutex, 'T0 [0,1] lock(); T1 [2,) lock()', true),
  row('an error by its name', mutex, 'T0 [0,1] lock(); T1 [2,3] unlock() -> threw(NotOwnerError)'),
  row('stuck with nothing pending', mutex, 'T0 [0,1] lock(); T0 [2,3] unlock()', true),
  row('both effects', lossy, 'T0 [0,1] add(); T0 [2,3] add(); T0 [4,5] read() -> 1'),
  row(
    'an effect chosen anew after a dead end',
    lossy,
    'T0 [0,1] add(); T0 [2,3] add(); T0 [4,5] read() -> 2',
  ),
  row(
    'parts, each explained alone',
    registers,
    `T0 [0,5] write("x", 1); T1 [1,2] read("x") -> 1; T1 [3,4] read("y") -> 0; T2 [6,7] write("y", 2)`,
  ),
];

const rejected: readonly Row<unknown>[] = [
  row('a value from nowhere', register, 'T0 [0,1] read() -> 1'),
  row('a stale read', register, 'T0 [0,1] write(1); T1 [2,3] read() -> 0'),
  row('a write undone', register, 'T0 [0,5] write(1); T1 [1,2] read() -> 1; T1 [3,4] read() -> 0'),
  row('a pending write undone', register, 'T0 [0,) write(1); T1 [1,2] read() -> 1; T1 [3,4] read() -> 0'),
  row('a write seen before its call', register, 'T1 [0,1] read() -> 1; T0 [2,3] write(1)'),
  row('two holders', mutex, 'T0 [0,1] lock(); T1 [2,3] lock()'),
  row('an error of another name', mutex, 'T1 [2,3] unlock() -> threw(RelockError)'),
  row('a lost wake-up', mutex, 'T0 [0,1] lock(); T1 [2,) lock(); T0 [3,4] unlock()', true),
  row('stuck, though a pending operation must have taken effect', register, 'T0 [0,) write(1)', true),
  row('stuck, and one of two waiters could go on', mutex, 'T0 [0,) lock(); T1 [1,) lock()', true),
  row(
    'stuck: a pending operation may not explain a result',
    mutex,
    'T0 [0,) unlock(); T1 [1,2] lock(); T2 [3,4] lock()',
    true,
  ),
  row('more than all effects together', lossy, 'T0 [0,1] add(); T0 [2,3] add(); T0 [4,5] read() -> 3'),
  row(
    'one part of two',
    registers,
    'T0 [0,1] write("x", 1); T1 [2,3] read("y") -> 0; T1 [4,5] read("x") -> 0',
  ),
];

/** The operations in the order given respect real time and give the results observed. */
function expectExplained(row: Row<unknown>, history: History, order: readonly number[]): void {
  const completed = history.filter((operation) => !isPending(operation)).length;
  const placed = order.map((index) => history[index]!);
  expect(placed.filter((operation) => !isPending(operation))).toHaveLength(completed);
  placed.forEach((later, at) => {
    for (const earlier of placed.slice(0, at)) expect(later.returned).toBeGreaterThan(earlier.called);
  });
  let states: unknown[] = [row.specification.initial()];
  for (const operation of placed) {
    states = states.flatMap((state) => {
      const outcome = row.specification.step(state, operation);
      const effects = outcome === blocked ? [] : [outcome].flat();
      return effects
        .filter(
          ({ result }) => isPending(operation) || row.specification.sameResult(result, operation.result),
        )
        .map(({ state }) => state);
    });
  }
  expect(states).not.toEqual([]);
}

describe('checkLinearizable', () => {
  it.each(accepted)('accepts $specification.name: $title', (row) => {
    const history = parseHistory(row.history);
    const result = checkLinearizable(row.specification, history, { stuck: row.stuck ?? false });
    expect(result.verdict).toBe('linearizable');
    expectExplained(row, history, result.linearization!);
  });

  it.each(rejected)('rejects $specification.name: $title', (row) => {
    const result = checkLinearizable(row.specification, parseHistory(row.history), {
      stuck: row.stuck ?? false,
    });
    expect(result.verdict).toBe('not-linearizable');
    expect(result.explanation?.prefixes.length).toBeGreaterThan(0);
  });

  it('keeps the longest prefix with its states', () => {
    const history = parseHistory('T0 [0,1] write(1); T1 [2,3] read() -> 1; T1 [4,5] read() -> 2');
    const { explanation } = checkLinearizable(register, history);
    expect(explanation).toEqual({
      partition: undefined,
      operations: [0, 1, 2],
      prefixes: [{ linearization: [0, 1], states: [0, 1, 1] }],
      stuck: false,
    });
  });

  it('names the part that failed', () => {
    const history = parseHistory('T0 [0,1] write("x", 1); T1 [2,3] write("y", 1); T1 [4,5] read("x") -> 0');
    const { explanation } = checkLinearizable(registers, history);
    expect(explanation?.partition).toBe('x');
    expect(explanation?.operations).toEqual([0, 2]);
  });

  it('is unknown when the budget runs out, whole or in parts', () => {
    const history = parseHistory('T0 [0,1] write(1); T1 [2,3] read() -> 0');
    expect(checkLinearizable(register, history, { maxSteps: 1 })).toEqual({ verdict: 'unknown', steps: 1 });
    expect(checkLinearizable(register, history, { maxSteps: 2 }).verdict).toBe('not-linearizable');
    const parts = parseHistory('T0 [0,1] write("x", 1); T1 [2,3] read("y") -> 0');
    expect(checkLinearizable(registers, parts, { maxSteps: 1 })).toEqual({ verdict: 'unknown', steps: 1 });
  });

  it('prunes: 12 concurrent writes cost at most one step for each set, last value and candidate', () => {
    const writes = Array.from(
      { length: 12 },
      (_, thread) => `T${thread} [${thread},${100 + thread}] write(${thread})`,
    );
    const history = parseHistory([...writes, 'T20 [200,201] read() -> 99'].join('\n'));
    const { verdict, steps } = checkLinearizable(register, history);
    expect(verdict).toBe('not-linearizable');
    // Of 12 writes, configurations (nonempty set, last value in it): 12 * 2^11. Each but the full ones tries the rest.
    const attempts = Array.from(
      { length: 12 },
      (_, size) => choose(12, size) * Math.max(size, 1) * (12 - size),
    );
    expect(steps).toBe(attempts.reduce((sum, count) => sum + count) + 12);
  });

  it('refuses positions that are shared or out of order', () => {
    const shared = parseHistory('T0 [0,2] write(1); T1 [2,3] read() -> 1');
    expect(() => checkLinearizable(register, shared)).toThrow(MalformedHistoryError);
    expect(() => checkLinearizable(register, parseHistory('T0 [2,1] write(1)'))).toThrow(
      MalformedHistoryError,
    );
  });

  it('names an operation that the specification does not know, and can go on after it', () => {
    const history = parseHistory('T0 [0,1] toString()');
    expect(() => checkLinearizable(register, history)).toThrow(
      'specification "register" has no operation "toString"; it knows write, read',
    );
    expect(checkLinearizable(register, []).verdict).toBe('linearizable');
  });

  it('can be used by a specification', () => {
    const history = parseHistory('T0 [0,3] write(1); T1 [1,2] read() -> 1');
    const nested = specification({
      ...register,
      operations: {
        write: (state, [value]: readonly [number]) => {
          expect(checkLinearizable(register, history).verdict).toBe('linearizable');
          return { state: state + value, result: undefined };
        },
        read: (state) => ({ state, result: state }),
      },
    });
    expect(checkLinearizable(nested, history).verdict).toBe('linearizable');
  });
});

describe('mergeLinearizations', () => {
  it('keeps the order of each part and real time', () => {
    const history = parseHistory(
      'T0 [0,9] write("x", 1); T1 [1,2] read("x") -> 0; T2 [3,4] write("y", 1); T1 [5,6] read("y") -> 1',
    );
    expect(
      mergeLinearizations(history, [
        [1, 0],
        [2, 3],
      ]),
    ).toEqual([1, 0, 2, 3]);
  });
});

function choose(n: number, k: number): number {
  return k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k;
}
