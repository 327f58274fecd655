import { expect, test } from 'vitest';
import { sourceName } from './engine/cell-names.ts';
import type { Program } from './engine/program.ts';
import { explore } from './explore.ts';
import { Condition, codecs, Mutex, type QueueHandle, SpscRing } from './runtime/index.ts';

type Words = Int32Array<SharedArrayBuffer>;

interface Shared {
  readonly locks: Words;
  readonly ring: QueueHandle;
  readonly gates: readonly { readonly open: Words }[];
  readonly 'odd name': Words;
}

const words = (count: number): Words => new Int32Array(new SharedArrayBuffer(4 * count));

/** The name that `source` gives to the cell of its one call; the line of the call is the one with a mark. */
function nameIn(source: string, kind = 'load'): string | undefined {
  const lines = source.split('\n');
  const line = lines.findIndex((text) => text.includes(`${kind}(`)) + 1;
  const found = sourceName(lines, line, lines[line - 1]!.indexOf(`${kind}(`) + 1, kind);
  return found === undefined ? undefined : `${found.name}${found.shared ? '@' : ''}`;
}

const inRing = (call: string): string => `export class Ring {\n  look() {\n    return ${call};\n  }\n}\n`;

test.each<[string, string | undefined]>([
  // Of a class: its only cell, a cell by a constant or a number, one of many.
  [inRing('Atomics.load(this.#view, this.#index)'), 'Ring'],
  [inRing('Atomics.load(this.#view, this.#index + WRITERS_TURN) & ~FLAGS'), 'Ring.writersTurn'],
  [inRing('Atomics.load(this.#view, this.#index + 1)'), 'Ring[1]'],
  [inRing('Atomics.load(this.words, 0)'), 'Ring[0]'],
  [inRing('Atomics.load(view, this.#index + Cell.Tail)'), 'Ring.tail'],
  [inRing('Atomics.load(this.#heads, 0)'), 'Ring.heads[0]'],
  [inRing('Atomics.load(this.#view, this.#index + SLOTS + (i & mask) * WORDS)'), 'Ring.slots@'],
  [inRing('Atomics.load(this.#view, this.slotCell(slot, 2))'), 'Ring@'],
  [inRing('load(\n      this.#view,\n      this.#index + HEAD,\n    )'), 'Ring.head'],
  [`${inRing('0')}const look = () => Atomics.load(view, 0);`, 'view[0]'],
  // Of no class: by a view with a name, or by a constant.
  ['const TURN = 1;\nAtomics.load(view, TURN);', 'turn'],
  ['const turn = 1;\nAtomics.load(flags, turn);', 'flags.turn'],
  ['Atomics.load(shared.flags, 2);', 'flags[2]'],
  ['Atomics.load(view!, 2);', 'view[2]'],
  ['A.load(view, 2);', 'view[2]'],
  // What says nothing.
  ['Atomics.preload(view, 2);', undefined],
  ['Atomics.load(flags, other);', undefined],
  ['Atomics.load(view, index);', undefined],
  ['Atomics.load(viewOf(shared), 0);', undefined],
  [`Atomics.load(view, 0);${' '.repeat(400)}`, undefined],
])('%s', (source, name) => {
  expect(nameIn(source)).toBe(name);
});

test('of two calls in a line, the one at the place', () => {
  const line = 'const sum = Atomics.load(left, 0) + Atomics.load(right, 0);';
  for (const name of ['left', 'right'])
    expect(sourceName([line], 1, line.indexOf(`Atomics.load(${name}`) + 1, 'load')?.name).toBe(`${name}[0]`);
});

const cellsOf = (program: unknown): (string | undefined)[] => {
  const { trace } = explore(program as Program, { seed: 1 });
  return trace.filter(({ byteOffset }) => byteOffset !== undefined).map(({ cell }) => cell);
};

test('primitives of the runtime are named by what they are, and what setup made by where it is', () => {
  const program = {
    threads: 1,
    setup: (): Shared => {
      const ring = SpscRing.create(words(64), 0, 4, codecs.int32);
      return { locks: words(8), ring: ring.handle, gates: [{ open: words(1) }], 'odd name': words(2) };
    },
    thread(_id: number, shared: Shared): void {
      const { locks, gates } = shared;
      const first = Mutex.attach(locks, 0, 1);
      first.lock();
      const ring = SpscRing.attach(shared.ring, codecs.int32);
      ring.put(5);
      const { open } = gates[0]!; // setup made one
      const one: number = [0][0]!; // an index that the source does not say
      Atomics.add(open, one, 1);
      Atomics.add(shared['odd name'], one + 1, 1);
      Condition.attach(locks, 4).notifyAll();
      throw new Error('to be shown');
    },
  };
  expect([...new Set(cellsOf(program))].sort()).toEqual([
    'Condition.waiters',
    'Mutex',
    'SpscRing.head',
    'SpscRing.tail',
    '["odd name"][1]',
    'gates[0].open',
    // The ring's shape, and its first slot: by plain accesses.
    'ring.view[0]',
    'ring.view[1]',
    'ring.view[48]',
  ]);
});

test('two of a kind are told apart, and a deadlock speaks of them by name', () => {
  const result = explore({
    threads: 2,
    setup: () => words(8),
    thread(id: number, view: Words): void {
      const [first, second] = [Mutex.attach(view, 2 * id, id + 1), Mutex.attach(view, 2 - 2 * id, id + 1)];
      first.lock();
      second.lock();
    },
  });
  expect(result.outcome).toBe('deadlocked');
  expect(result.message).toContain('orphaned wait: T1 waits on Mutex@8, which T0 wrote last');
  expect(result.report).toContain('compareExchange Mutex@0 0, 2 -> 0  mutex.ts:');
  expect(result.report).toMatch(/T1 waits at mutex\.ts:\d+ on Mutex@8 \(slept on 3\)/);
});
