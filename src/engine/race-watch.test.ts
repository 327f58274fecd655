import { expect, test } from 'vitest';
import { random } from '../strategy/random.ts';
import { type Cells, executorOf, run, runAll } from './fixtures/schedules.ts';
import { subject, type Tools } from './fixtures/subject.ts';
import type { Outcome } from './outcome.ts';
import type { Program } from './program.ts';

/** Outcomes of 100 random schedules with the detector on. */
function outcomes(program: Program): Outcome[] {
  const all: Outcome[] = [];
  const strategy = random(1);
  const executor = executorOf(program, { races: true });
  runAll(executor, { ...strategy, begin: (e) => e < 100 && strategy.begin(e, program.threads) }, (o) =>
    all.push(o),
  );
  return all;
}

const racy: Readonly<Record<string, Program>> = {
  'a plain counter': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(_id: number, view: Cells): void {
      view[0]!++; // FAULT: two threads, no lock
    },
  })) as unknown as Program,
  'data published after its flag': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(id: number, view: Cells): unknown {
      if (id === 1) return Atomics.load(view, 0) === 1 ? view[1] : 0;
      Atomics.store(view, 0, 1);
      view[1] = 42; // FAULT: after the store that says it is there
      return 0;
    },
  })) as unknown as Program,
  'an atomic store and a plain read of one cell': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread: (id: number, view: Cells): unknown => (id === 0 ? Atomics.store(view, 0, 1) : view[0]), // FAULT: not Atomics.load
  })) as unknown as Program,
  'atomic accesses of two widths to overlapping bytes': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(id: number, view: Cells): void {
      view[2 + id] = 1; // from here on there is something to watch
      if (id === 0) Atomics.store(view, 0, 1);
      else Atomics.load(new Int16Array(view.buffer), 1); // FAULT: half of the other's cell
    },
  })) as unknown as Program,
  'a DataView and a fill': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(id: number, view: Cells): void {
      if (id === 0) view.fill(1, 1, 3);
      else new DataView(view.buffer).getUint8(11); // FAULT: the last byte of what is filled
    },
  })) as unknown as Program,
  'a swap by destructuring': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(id: number, view: Cells): void {
      if (id === 0) [view[0], view[1]] = [view[1]!, view[0]!];
      else view[1] = 3; // FAULT: no lock
    },
  })) as unknown as Program,
  'an unlock that only says so': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(_id: number, view: Cells): void {
      while (Atomics.exchange(view, 0, 1) === 1);
      view[1]! += 1;
      view[0] = 0; // FAULT: a plain store publishes nothing
    },
  })) as unknown as Program,
};

/** Frames that cannot be suspended: both threads run the line of the fault. */
const inPlainFrames = {
  'a constructor': ({ cells }: Tools) => ({
    threads: 2,
    setup: () => cells(4),
    thread(_id: number, view: Cells): unknown {
      return new (class {
        constructor(it: Cells) {
          it[1] = 7; // FAULT
        }
      })(view);
    },
  }),
  'a constructor of a derived class': ({ cells }: Tools) => ({
    threads: 2,
    setup: () => cells(4),
    thread(_id: number, view: Cells): unknown {
      return new (class extends Object {
        constructor(it: Cells) {
          super();
          it[1]! += 7; // FAULT
        }
      })(view);
    },
  }),
  'a getter of a class': ({ cells }: Tools) => ({
    threads: 2,
    setup: () => cells(4),
    thread(_id: number, view: Cells): unknown {
      class Counter {
        get next(): number {
          return view[1]!++; // FAULT
        }
      }
      return new Counter().next;
    },
  }),
  'a setter of an object': ({ cells }: Tools) => ({
    threads: 2,
    setup: () => cells(4),
    thread(_id: number, view: Cells): void {
      const object = {
        set value(to: number) {
          view[1] = to; // FAULT
        },
      };
      object.value = 3;
    },
  }),
  'a generator': ({ cells }: Tools) => ({
    threads: 2,
    setup: () => cells(4),
    thread(_id: number, view: Cells): unknown {
      function* numbers(): Generator<number> {
        yield 1;
        view[1] = 3; // FAULT
      }
      return [...numbers()].length;
    },
  }),
  'a field': ({ cells }: Tools) => ({
    threads: 2,
    setup: () => cells(4),
    thread(_id: number, view: Cells): unknown {
      class Taken {
        number = view[1]!++; // FAULT
      }
      return new Taken().number;
    },
  }),
  'an arrow in a field': ({ cells }: Tools) => ({
    threads: 2,
    setup: () => cells(4),
    thread(_id: number, view: Cells): unknown {
      class Taker {
        take = (): number => view[1]!++; // FAULT
      }
      return new Taker().take();
    },
  }),
  'a static block': ({ cells }: Tools) => ({
    threads: 2,
    setup: () => cells(4),
    thread(_id: number, view: Cells): unknown {
      return class {
        readonly id = 1;
        static {
          for (view[1] of [1, 2]); // FAULT
        }
      };
    },
  }),
};

test.each(Object.entries(inPlainFrames))('a race in %s, with both places', (_name, make) => {
  const program = subject(make as (tools: Tools) => unknown) as Program;
  const found = outcomes(program).filter(({ oracle }) => oracle === 'race');
  expect(found.length).toBeGreaterThan(90);
  const { first, second } = found[0]!.race!;
  expect(first.thread).not.toBe(second.thread);
  expect(second.site).toEqual(first.site);
  const { line, column } = first.site!;
  expect(
    make
      .toString()
      .split('\n')
      [line - 1]!.slice(column - 1 - (line === 1 ? 17 : 0)),
  ).toMatch(/^(view|it)\[1\]/);
});

/** Reads of element 3, or of all, each against a write of it: with the place of the read where `sited`. */
const readers: readonly (readonly [name: string, sited: boolean, read: (view: Cells) => unknown])[] = [
  [
    'an object pattern',
    true,
    subject(() => (view: Cells) => {
      const { 3: x } = view as unknown as Record<number, number>;
      return x;
    }),
  ],
  [
    'an object pattern with a computed key',
    true,
    subject(() => (view: Cells) => {
      const i = 3,
        { length, [i]: x = 5 } = view;
      return [x, length];
    }),
  ],
  [
    'an assignment by an object pattern',
    true,
    subject(() => (view: Cells) => {
      const o: { x: unknown } = { x: 0 };
      ({ [view.length - 1]: o.x } = view);
      return o;
    }),
  ],
  ['includes', true, subject(() => (view: Cells) => view.includes(9))],
  ['lastIndexOf', true, subject(() => (view: Cells) => view.lastIndexOf(9))],
  ['with', true, subject(() => (view: Cells) => view.with(0, 1))],
  ['find', true, subject(() => (view: Cells) => view.find((x) => x === 9))],
  ['findLast', true, subject(() => (view: Cells) => view.findLast((x) => x === 9))],
  ['every', true, subject(() => (view: Cells) => view.every((x) => x < 9))],
  ['a copy', true, subject(() => (view: Cells) => new Uint8Array(view))],
  ['apply', false, subject(() => (view: Cells) => Math.max.apply(null, view as never))],
  ['Reflect.apply', false, subject(() => (view: Cells) => Reflect.apply(Math.max, null, view))],
  ['a method of arrays', false, subject(() => (view: Cells) => Array.prototype.map.call(view, (x) => x))],
  ['reduce of arrays', false, subject(() => (view: Cells) => Array.prototype.reduce.call(view, (x) => x, 0))],
];

test.each(readers)('%s reads: against a write it is a race', (_name, sited, read) => {
  const program = subject(
    ({ cells, read }) => ({
      threads: 2,
      setup: () => cells(4),
      thread: (id: number, view: Cells): unknown => (id === 0 ? read(view) : view.fill(1, 3)), // FAULT: no lock
    }),
    { read },
  );
  const found = outcomes(program as Program);
  expect(new Set(found.map(({ oracle }) => oracle))).toEqual(new Set(['race']));
  expect(found[0]!.message).toMatch(
    sited ? /T0 reads bytes (0|12) to 15 plainly at .*subject/ : /T0 reads bytes (0|12) to 15 plainly/,
  );
});

test('those that stop early read no further', () => {
  const program = subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4).fill(7),
    thread: (id: number, view: Cells): unknown => {
      if (id === 1) return view.fill(1, 3);
      const { [0]: x, ['length']: length } = view;
      return [
        x,
        length,
        view.includes(7),
        view.find((y) => y === 7),
        view.some((y) => y === 7),
        view.findIndex((y) => y > 6),
        view.every((y) => y !== 7),
        view.subarray(0, 3).lastIndexOf(7),
        view.lastIndexOf(7, -2),
        Array.prototype.some.call(view, (y) => y === 7),
        view.find(5 as never),
      ];
    },
  }));
  const found = outcomes(program as Program);
  expect(
    new Set(found.map(({ kind, message }: { kind: string; message?: string }) => `${kind} ${message}`)),
  ).toEqual(new Set(['violated thread 0 threw TypeError: 5 is not a function']));
});

/** Iteration is no call of the author's: its place is not known. */
const iterated: Readonly<Record<string, Program>> = {
  'a loop over the elements': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(id: number, view: Cells): void {
      if (id === 0) for (const _ of view);
      else view[3] = 1; // FAULT: no lock
    },
  })) as unknown as Program,
  'a spread': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(id: number, view: Cells): void {
      if (id === 0) [...view.subarray(2)];
      else view[3] = 1; // FAULT: no lock
    },
  })) as unknown as Program,
};

test.each(Object.keys(iterated))('%s is a race', (name) => {
  const found = outcomes(iterated[name]!);
  expect(new Set(found.map(({ oracle }) => oracle))).toEqual(new Set(['race']));
  expect(found[0]!.message).toMatch(/T0 reads bytes 12 to 15 plainly( |:)/);
});

const sound: Readonly<Record<string, Program>> = {
  'data published before its flag': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(id: number, view: Cells): unknown {
      if (id === 1) return Atomics.load(view, 0) === 1 ? view[1] : 0;
      view[1] = 42;
      return Atomics.store(view, 0, 1);
    },
  })) as unknown as Program,
  'a spin lock': subject(({ cells }) => ({
    threads: 3,
    setup: () => cells(4),
    thread(_id: number, view: Cells): void {
      while (Atomics.compareExchange(view, 0, 0, 1) !== 0);
      view[1]! += 1;
      Atomics.store(view, 0, 0);
    },
  })) as unknown as Program,
  'a wait and its notify': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(id: number, view: Cells): unknown {
      if (id === 1) {
        while (Atomics.load(view, 0) === 0) Atomics.wait(view, 0, 0);
        return view[1];
      }
      view[1] = 42;
      Atomics.store(view, 0, 1);
      return Atomics.notify(view, 0);
    },
  })) as unknown as Program,
  'cells side by side, and private memory': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(id: number, view: Cells): void {
      const own = new Int32Array(4);
      own[0] = 1;
      view[id] = own[0]!;
      view.fill(2, 2 + id, 3 + id);
    },
  })) as unknown as Program,
  'a loop that ends before what another thread writes': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4),
    thread(id: number, view: Cells): void {
      if (id === 1) view[2] = 1;
      else for (const x of view) if (x === 0) return;
    },
  })) as unknown as Program,
  'what setup wrote': subject(({ cells }) => ({
    threads: 2,
    setup: () => cells(4).fill(7),
    thread: (_id: number, view: Cells): unknown => [view[0], view.at(-1), view.indexOf(7)],
    check: (view: Cells) => view[0] === 7,
  })) as unknown as Program,
};

test.each(Object.keys(racy))('%s is a race, and it is shown with both places', (name) => {
  const found = outcomes(racy[name]!).find(({ oracle }) => oracle === 'race')!;
  expect(found).toMatchObject({ kind: 'violated', oracle: 'race' });
  const { first, second } = found.race!;
  expect(first.thread).not.toBe(second.thread);
  expect(first.write || second.write).toBe(true);
  for (const { site } of [first, second]) expect(site?.file).toBe('/author/subject.js');
  expect(found.message).toMatch(/^data race: T\d .* at .*subject\.js:\d+ and T\d .* at .*subject\.js:\d+: /);
});

test.each(Object.keys(sound))('%s is none, under any of 100 schedules', (name) => {
  expect(outcomes(sound[name]!).filter(({ kind }) => kind !== 'passed')).toEqual([]);
});

test('without the detector a race is none of our business, and the trace shows no plain accesses', () => {
  const { outcome, executor } = run(racy['a plain counter']!, [], { races: false });
  expect(outcome.kind).toBe('passed');
  expect(executor.trace!.some(({ plain }) => plain)).toBe(false);
  const watched = run(racy['a plain counter']!, [], { races: true }).executor.trace!;
  expect(watched.filter(({ plain }) => plain).map(({ kind, byteOffset }) => `${kind} ${byteOffset}`)).toEqual(
    ['read 0', 'write 0', 'read 0', 'write 0'],
  );
});

test('a loop that waits for a plain cell is stopped, and said to be no pass', () => {
  const { outcome } = run(
    subject(({ cells }) => ({
      threads: 1,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        while (view[0] === 0);
      },
    })) as unknown as Program,
    [],
    { races: true },
  );
  expect(outcome).toMatchObject({ kind: 'exhausted' });
  expect(outcome.message).toMatch(/500000 plain accesses .*subject\.js:\d+: .*Atomics\.load/);
});
