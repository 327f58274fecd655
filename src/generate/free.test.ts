import { describe, expect, test } from 'vitest';
import { passed } from '../engine/outcome.ts';
import { exploreFree } from '../engine/parallel/explore.ts';
import { Over } from '../engine/parallel/over.ts';
import { type FreeRun, FreeThreads } from '../engine/parallel/threads.ts';
import { parseHistory } from '../history/notation.ts';
import { assertWellFormed } from '../history/well-formed.ts';
import type { Callee } from './body.ts';
import { loggedCase } from './fixtures/logged.ts';
import { freeCase, historyOf, type Recording, record, stampLayout, stampsFor } from './free.ts';
import type { Plan } from './plan.ts';

const call = (name: string, ...args: unknown[]) => ({ name, args });

describe('a history made of stamps', () => {
  const plan: Plan = {
    prefix: [],
    threads: [
      [call('a', 1), call('b')],
      [call('c'), call('d')],
    ],
  };

  test('is in the order of the stamps: a return comes before a call with the same one', () => {
    const layout = stampLayout(plan);
    const words = stampsFor(layout);
    words.set([1, 2, 2, 4], layout[0]);
    words.set([1, 3, 3, 0], layout[1]);
    const history = historyOf(plan, [], words, [['x', 'y'], [7]]);
    assertWellFormed(history);
    expect(history).toEqual(
      parseHistory(`
        T0 [0,2] a(1) -> "x"
        T1 [1,4] c() -> 7
        T0 [3,6] b() -> "y"
        T1 [5,) d()`),
    );
  });

  test('goes on where the prefix ends, and ends where a thread did', () => {
    const layout = stampLayout(plan);
    const words = stampsFor(layout);
    words.set([1, 2], layout[1]);
    const prefix = parseHistory('T2 [0,1] first() -> undefined');
    expect(historyOf(plan, prefix, words, [[], [undefined]])).toEqual(
      parseHistory('T2 [0,1] first() -> undefined\nT1 [2,3] c() -> undefined'),
    );
  });

  test("threads' stamps and the clock lie on lines of their own", () => {
    const many = { prefix: [], threads: [Array(9).fill(call('a')), [], [call('a')], [call('a')]] };
    expect(stampLayout(many)).toEqual([16, 48, 48, 64, 80]);
  });
});

/** Runs T0's operations, of which the first runs T1 from its begin to its end: what the history must be is known. */
function nested(recording: Recording): readonly string[] {
  const plan: Plan = { prefix: [], threads: [[call('outer'), call('after')], [call('inner')]] };
  const threads: (() => void)[] = [];
  const { program, judge } = freeCase(
    {
      plan,
      operations: { outer: { run: () => threads[1]!() }, inner: { run: () => {} }, after: { run: () => {} } },
      program: { threads: 2, setup: () => ({}), thread: () => undefined },
      prefix: () => [],
      judge: (_, history) => ({
        kind: 'violated',
        message: history
          .flatMap((a) => history.flatMap((b) => (a.returned < b.called ? [`${a.name} < ${b.name}`] : [])))
          .join(', '),
      }),
    },
    recording,
  );
  const shared = program.setup();
  const values: unknown[] = [];
  for (const thread of [0, 1]) {
    const local = program.attach!(shared, thread);
    threads[thread] = () => {
      values[thread] = program.thread(thread, local);
    };
  }
  threads[0]!();
  const run: FreeRun = { shared, ends: values.map((value) => ({ kind: 'returned', value })) };
  return judge(passed, run).message.split(', ');
}

/** A recording with the stamps of one operation by a faulty hand. */
function stamping(one: (op: () => unknown, words: Int32Array, at: number) => unknown): Recording {
  return (calls: readonly Callee[], words, at) =>
    calls.map(([fn, self, args], i) => one(() => Reflect.apply(fn, self, args), words, at + 2 * i));
}

describe('recording', () => {
  test('an order in the history is one that was there, and none is missing', () => {
    expect(nested(record)).toEqual(['outer < after', 'inner < after']);
  });

  // Recordings with a fault: the same check tells each from the real one.
  test.each<[string, Recording]>([
    [
      'stamps the call after it',
      stamping((op, words, at) => {
        const result = op();
        words[at] = Atomics.load(words, 0); // FAULT
        words[at + 1] = Atomics.add(words, 0, 1) + 1;
        return result;
      }),
    ],
    [
      'stamps the return before the call',
      stamping((op, words, at) => {
        words[at] = Atomics.load(words, 0);
        words[at + 1] = Atomics.add(words, 0, 1) + 1; // FAULT
        return op();
      }),
    ],
    [
      'does not move the clock on',
      stamping((op, words, at) => {
        words[at] = Atomics.load(words, 0);
        const result = op();
        words[at + 1] = Atomics.load(words, 0) + 1; // FAULT
        return result;
      }),
    ],
  ])('one that %s is told', (_, recording) => {
    expect(nested(recording)).not.toEqual(nested(record));
  });

  test('a thread whose execution is over keeps what it has, and its last operation stays pending', () => {
    const plan: Plan = { prefix: [], threads: [[call('a'), call('b'), call('a')]] };
    const layout = stampLayout(plan);
    const words = stampsFor(layout);
    const over = (): never => {
      throw new Over();
    };
    const fn = (n: unknown) => n;
    const results = record(
      [
        [fn, undefined, [1]],
        [over, undefined, []],
        [fn, undefined, [2]],
      ],
      words,
      layout[0]!,
    );
    expect(historyOf(plan, [], words, [results])).toEqual(parseHistory('T0 [0,1] a() -> 1\nT0 [2,) b()'));
  });

  test('what an operation throws is its result', () => {
    const fn = (): never => {
      throw new RangeError('no');
    };
    const words = stampsFor([16, 32]);
    expect(record([[fn, undefined, []]], words, 16)).toEqual([{ threw: 'RangeError' }]);
  });

  test('an execution whose answers are lost is neither passed nor failed', () => {
    const plan: Plan = { prefix: [], threads: [[call('a')]] };
    const { judge, program } = freeCase({
      plan,
      operations: {},
      program: { threads: 1, setup: () => ({}), thread: () => undefined },
      prefix: () => [],
      judge: () => passed,
    });
    const run: FreeRun = { shared: program.setup(), ends: [{ kind: 'returned', value: undefined }] };
    expect(judge(passed, run).kind).toBe('exhausted');
  });

  test('on real threads, too, an order in the history is one that was there', async () => {
    let orders = 0;
    const { program, judge } = loggedCase((history) => {
      for (const a of history)
        for (const b of history) {
          if (a.returned > b.called) continue;
          orders++;
          const [, end] = a.result as readonly [number, number];
          const [begin] = b.result as readonly [number, number];
          if (end > begin) return { kind: 'violated', message: `${end} is not before ${begin}` };
        }
      return passed;
    });
    const module = new URL('fixtures/logged.ts', import.meta.url).href;
    const threads = new FreeThreads({ module, exportName: 'logged' });
    try {
      const budget = { executions: 300, deadline: Number.POSITIVE_INFINITY };
      const { first, executions } = await exploreFree(threads, program, budget, { judge });
      expect([first, executions]).toEqual([undefined, 300]);
    } finally {
      await threads.close();
    }
    expect(orders).toBeGreaterThanOrEqual(300 * 2 * 190); // those within each thread, at least
  }, 60_000);
});
