/**
 * Many threads at once, and hardly any memory. High contention (W-3): 8 to 32 threads move amounts between 1 to 16 cells, and the total stays. Memory pressure (W-2): the
 * region is nearly always full, and yet what could be given is given, and all that is given back is there again.
 */
import * as fc from 'fast-check';
import { checkAllocations } from '../models/allocator.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { type History, isPending, isThrew, type OperationRecord } from '../src/history/history.ts';
import { Allocator, AtomicInt32 } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;

interface Cell {
  add(value: number): number;
  sub(value: number): number;
}

export interface ContendedSubject {
  create(view: View, index: number, initial: number): Cell;
  attach(view: View, index: number): Cell;
}

/** Each cell begins with this. */
const initial = 100;

const contended: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.oneof({ weight: 2, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 16 })),
    fc.integer({ min: 8, max: 32 }),
    fc.integer({ min: 1, max: 2 }),
  )
  .chain(([cells, threads, moves]) => {
    const cell = fc.nat(cells - 1);
    const move = fc
      .tuple(cell, cell, fc.integer({ min: 1, max: 9 }))
      .map((args): Operation => ({ name: 'move', args }));
    const thread = fc.array(move, { minLength: moves, maxLength: moves });
    return fc.array(thread, { minLength: threads, maxLength: threads });
  })
  .map((threads) => ({ prefix: [], threads }));

/** The cells are as many as the plan names. */
const cellsOf = ({ threads }: Plan): number =>
  1 + Math.max(0, ...threads.flat().flatMap(({ args }) => (args as readonly number[]).slice(0, 2)));

export const highContention: Property<ContendedSubject> = {
  name: 'high-contention',
  about: '8 to 32 threads that move amounts between 1 to 16 cells lose nothing and make nothing',
  ids: ['W-3'],
  subject: AtomicInt32,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'high-contention',
        setup: (plan) => {
          const view = new Int32Array(new SharedArrayBuffer(4 * cellsOf(plan)));
          for (let cell = 0; cell < view.length; cell += 1) subject.create(view, cell, initial);
          return view;
        },
        attach: (view): readonly Cell[] => Array.from(view, (_, cell) => subject.attach(view, cell)),
        operations: {
          move: {
            run: (cells: readonly Cell[], from: number, to: number, amount: number): void => {
              cells[from]!.sub(amount); // the plan names cells that there are
              cells[to]!.add(amount);
            },
          },
        },
        threads: [8, 32],
        plans: contended,
        judge: ({ shared, stuck }) => {
          if (stuck) return 'a move never ended';
          const total = shared.reduce((sum, value) => sum + value, 0);
          return total === shared.length * initial
            ? undefined
            : `the cells hold ${total} in all, and began with ${shared.length * initial}`;
        },
        behaviours: true,
      }),
    ),
};

interface Blocks {
  readonly handle: unknown;
  allocate(bytes: number, options: { alignment: number }): number;
  free(offset: number): void;
  stats(): { readonly capacityBytes: number; readonly usedBytes: number };
}

export interface PressedSubject {
  create(buffer: SharedArrayBuffer): Blocks;
  attach(handle: unknown, owner?: number): Blocks;
}

interface Local {
  readonly allocator: Blocks;
  readonly mine: number[];
}

const lineBytes = 64;
const regionBytes = 10 * lineBytes;

export const memoryPressure: Property<PressedSubject> = {
  name: 'memory-pressure',
  about:
    'in a region that is nearly full, a request is refused only when nothing holds it, and what is freed can be had again',
  ids: ['W-2'],
  subject: Allocator as unknown as PressedSubject,
  needs: ['stats'],
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'memory-pressure',
        setup: () => subject.create(new SharedArrayBuffer(regionBytes)).handle,
        attach: (handle, thread): Local => ({ allocator: subject.attach(handle, thread + 1), mine: [] }),
        operations: {
          allocate: {
            args: fc.tuple(
              fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.constantFrom(65, 129, 8 * lineBytes)),
              fc.constantFrom(64, 64, 128),
            ),
            run: ({ allocator, mine }: Local, bytes: number, alignment: number) => {
              const offset = allocator.allocate(bytes, { alignment });
              mine.push(offset);
              return offset;
            },
            weight: 5,
          },
          free: {
            run: ({ allocator, mine }: Local) => {
              // The oldest: what is free then lies between what is not.
              const offset = mine.shift();
              if (offset !== undefined) allocator.free(offset);
              return offset;
            },
            weight: 3,
          },
        },
        threads: [2, 3],
        length: [3, 8],
        judge: ({ history, shared, stuck }) => {
          if (stuck) return 'allocator: a call never returned';
          const { capacityBytes, usedBytes } = subject.attach(shared, 99).stats();
          const start = regionBytes - capacityBytes;
          const blocks = blocksOf(history);
          const verdict = checkAllocations(withOffsets(history), { start, end: regionBytes });
          if (!verdict.ok) return `allocator: ${verdict.reason}`;
          const needless = history
            .map((each) => faultOfRefusal(each, blocks, start))
            .find((fault) => fault !== undefined);
          if (needless !== undefined) return `allocator: ${needless}`;
          const live = blocks
            .filter(({ freed }) => freed === undefined)
            .reduce((sum, { end, offset }) => sum + end - offset, 0);
          return usedBytes === live
            ? undefined
            : `allocator: ${usedBytes} bytes are in use, and ${live} were not given back`;
        },
        behaviours: true,
      }),
    ),
};

/** `free` frees the thread's oldest block; its result says which. */
function withOffsets(history: History): History {
  return history
    .filter(({ name, result }) => name !== 'free' || typeof result === 'number')
    .map((each) => (each.name === 'free' ? { ...each, args: [each.result], result: undefined } : each));
}

interface Block {
  readonly offset: number;
  /** The first byte after its last line. */
  readonly end: number;
  readonly allocated: OperationRecord;
  readonly freed: OperationRecord | undefined;
}

function blocksOf(history: History): readonly Block[] {
  return history
    .filter(({ name, result }) => name === 'allocate' && typeof result === 'number')
    .map((allocated) => {
      const offset = allocated.result as number;
      const lines = Math.ceil((allocated.args[0] as number) / lineBytes);
      // Threads free what is their own.
      const freed = history.find(
        ({ thread, name, result, called }) =>
          thread === allocated.thread && name === 'free' && result === offset && called > allocated.returned,
      );
      return { offset, end: offset + lines * lineBytes, allocated, freed };
    });
}

/** A refusal was needless when some run of lines was free from its call to its return, whatever the others did. */
function faultOfRefusal(
  refused: OperationRecord,
  blocks: readonly Block[],
  start: number,
): string | undefined {
  if (refused.name !== 'allocate' || isPending(refused) || !isThrew(refused.result)) return undefined;
  const [bytes, alignment] = refused.args as readonly [number, number];
  const taken = blocks.filter(
    ({ allocated, freed }) =>
      allocated.called < refused.returned && (freed === undefined || freed.returned > refused.called),
  );
  for (let offset = start; offset + bytes <= regionBytes; offset += lineBytes) {
    const isFree = taken.every((block) => block.end <= offset || block.offset >= offset + bytes);
    if (offset % alignment === 0 && isFree)
      return `T${refused.thread} was refused ${bytes} bytes, and those from ${offset} were free all the time`;
  }
  return undefined;
}
