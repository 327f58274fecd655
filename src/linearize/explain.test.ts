import { describe, expect, it } from 'vitest';
import { parseHistory } from '../history/notation.ts';
import { type CheckOptions, checkLinearizable } from './check.ts';
import { explain } from './explain.ts';
import { blocked, type Specification, specification } from './specification.ts';

const register = specification({
  name: 'register',
  initial: () => 0,
  operations: {
    write: (_state, [value]: readonly [number]) => ({ state: value, result: undefined }),
    read: (state) => ({ state, result: state }),
  },
});

const mutex = specification({
  name: 'mutex',
  initial: () => -1,
  operations: {
    lock: (owner, _args, thread) => (owner === -1 ? { state: thread, result: undefined } : blocked),
    unlock: () => ({ state: -1, result: undefined }),
  },
  describeState: (owner) => (owner === -1 ? 'free' : `held by T${owner}`),
});

function explained<S>(model: Specification<S>, text: string, options: CheckOptions = {}): string {
  const history = parseHistory(text);
  return explain(model, history, checkLinearizable(model, history, options));
}

describe('explain', () => {
  it('shows the longest order, and what was expected next', () => {
    const text = explained(register, 'T0 [0,5] write(1); T1 [1,2] read() -> 1; T1 [3,4] read() -> 0');
    expect(text).toBe(
      `not linearizable: no order of these operations is allowed by "register"

T0 |--- write(1) ------------------------------|
T1  |--- read() -> 1 ---| |--- read() -> 0 ---|

The longest order that it explains:
  at first        state 0
  T0 write(1)     state 1
  T1 read() -> 1  state 1

Next would have to come one of these:
  T1 read() -> 0: expected 1, observed 0`,
    );
  });

  it('says when nothing can be first', () => {
    expect(explained(register, 'T0 [0,1] read() -> 7')).toContain(
      'No operation can be first. State: 0\n\nNext would have to come one of these:\n  T0 read() -> 7: expected 0, observed 7',
    );
  });

  it('says what is blocked, and what fits but helps nobody', () => {
    const text = explained(mutex, 'T0 [0,1] lock(); T1 [2,4] lock(); T2 [3,5] lock()');
    expect(text).toContain('  T0 lock()  state held by T0');
    expect(text).toContain('  T1 lock(): blocked in this state\n  T2 lock(): blocked in this state');
    const useless = explained(register, 'T0 [0,2] read() -> 5; T1 [1,3] write(1)');
    expect(useless).toContain('T0 read() -> 5: expected 1, observed 5');
  });

  it('shows a lost wake-up', () => {
    const text = explained(mutex, 'T0 [0,1] lock(); T1 [2,) lock(); T0 [3,4] unlock()', { stuck: true });
    expect(text).toContain('T1                 |--- lock() -------');
    expect(text).toContain(
      'these wait for ever though nothing blocks them (a lost wake-up?):\n  T1 lock() (pending): would return undefined',
    );
  });

  it('names the part', () => {
    const cells: Specification<number> = { ...register, partition: ({ args }) => Number(args[1] ?? 0) };
    expect(explained(cells, 'T0 [0,1] read(0, 3) -> 1; T1 [2,3] read(0, 4) -> 0')).toContain(
      'allowed by "register", part 3\n\nT0 |--- read(0, 3) -> 1 ---|\n\n',
    );
  });

  it('cuts a long history to what surrounds the failure', () => {
    const writes = Array.from(
      { length: 50 },
      (_, index) => `T0 [${2 * index},${2 * index + 1}] write(${index})`,
    );
    const text = explained(register, [...writes, 'T1 [100,101] read() -> 3'].join('\n'));
    expect(text).toContain('(9 of 51 operations)');
    expect(text).toContain('  ... 42 operations\n  T0 write(42)  state 42');
    expect(text.split('\n').length).toBeLessThan(25);
  });

  it('has a line for the other verdicts', () => {
    expect(explained(register, 'T0 [0,3] write(1); T1 [1,2] read() -> 0')).toBe(
      'linearizable: "register" allows T1 read() -> 0; T0 write(1)',
    );
    expect(explained(register, 'T0 [0,1] write(1)', { maxSteps: 0 })).toBe(
      'unknown: "register" was not decided within 0 steps',
    );
  });
});
