/** The allocator never hands out memory twice (W-2): blocks that are live at one time are disjoint, aligned and inside the region. */
import * as fc from 'fast-check';
import { checkAllocations } from '../models/allocator.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { History } from '../src/history/history.ts';
import { Allocator } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

interface Blocks {
  allocate(bytes: number, options: { alignment: number }): number;
  free(offset: number): void;
}

export interface AllocatorSubject<Handle = unknown> {
  create(buffer: SharedArrayBuffer): { readonly handle: Handle };
  attach(handle: Handle, owner?: number): Blocks;
}

interface Local {
  readonly allocator: Blocks;
  /** Blocks of this thread that are live. */
  readonly mine: number[];
}

const regionBytes = 4096;

/** `free` frees the thread's latest block; which one that is, only the execution knows: its result says it. */
function withOffsets(history: History): History {
  return history
    .filter(({ name, result }) => name !== 'free' || typeof result === 'number')
    .map((operation) =>
      operation.name === 'free' ? { ...operation, args: [operation.result], result: undefined } : operation,
    );
}

export const allocatorDisjoint: Property<AllocatorSubject> = {
  name: 'allocator-disjoint',
  about:
    'blocks that are live together never overlap, keep their alignment and stay inside the region; nonsense is refused',
  ids: ['W-2'],
  subject: Allocator as unknown as AllocatorSubject,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'allocator-disjoint',
        setup: () => subject.create(new SharedArrayBuffer(regionBytes)).handle,
        attach: (handle, thread): Local => ({ allocator: subject.attach(handle, thread + 1), mine: [] }),
        operations: {
          allocate: {
            args: fc.tuple(
              fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(64, 1000, 3000)),
              fc.oneof({ weight: 9, arbitrary: fc.constantFrom(1, 8, 64, 128) }, fc.constantFrom(0, 3)),
            ),
            run: (local: Local, bytes: number, alignment: number) => {
              const offset = local.allocator.allocate(bytes, { alignment });
              local.mine.push(offset);
              return offset;
            },
            weight: 3,
          },
          free: {
            run: (local: Local) => {
              const offset = local.mine.pop();
              if (offset !== undefined) local.allocator.free(offset);
              return offset;
            },
            weight: 2,
          },
        },
        threads: [2, 3],
        length: [1, 4],
        judge: ({ history, stuck }) => {
          if (stuck) return 'allocator: a call never returned';
          const verdict = checkAllocations(withOffsets(history), { start: 0, end: regionBytes });
          return verdict.ok ? undefined : `allocator: ${verdict.reason}`;
        },
        behaviours: true,
      }),
    ),
};
