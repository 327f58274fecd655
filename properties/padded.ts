/**
 * Padded atomics (W-4): the lines of two of them that are live together never overlap, whatever their padding, and what is written to
 * one is never read from another.
 */
import * as fc from 'fast-check';
import { checkAllocations } from '../models/allocator.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { History } from '../src/history/history.ts';
import { Allocator, PaddedAtomicInt32, PaddedAtomicInt64 } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

interface Padded {
  readonly handle: { readonly buffer: SharedArrayBuffer; readonly offset: number };
  add(value: unknown): unknown;
  load(): unknown;
  free(allocator: Allocator): void;
}

export interface PaddedSubject {
  readonly int32: { create(allocator: Allocator, initial: number, options: object): Padded };
  readonly int64: { create(allocator: Allocator, initial: bigint, options: object): Padded };
}

interface Local {
  readonly allocator: Allocator;
  readonly mine: { readonly atomic: Padded; readonly wide: boolean; value: number }[];
}

const bytes = 4096;

/** As a history of an allocator, which gives whole lines. */
function asAllocations(history: History): History {
  return history.flatMap((operation) => {
    const { name, args, result } = operation;
    if (name === 'create') return [{ ...operation, name: 'allocate', args: [args[1], args[1]] }];
    if (name === 'free' && typeof result === 'number') {
      return [{ ...operation, args: [result], result: undefined }];
    }
    return [];
  });
}

export const paddedLines: Property<PaddedSubject> = {
  name: 'padded-lines',
  about:
    'a padded atomic has its cache line for itself: no two share one, and none reads what another was given',
  ids: ['W-4'],
  subject: { int32: PaddedAtomicInt32, int64: PaddedAtomicInt64 },
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'padded-lines',
        setup: () => Allocator.create(new SharedArrayBuffer(bytes), { owner: 99 }).handle,
        attach: (handle, thread): Local => ({ allocator: Allocator.attach(handle, thread + 1), mine: [] }),
        operations: {
          create: {
            args: fc.tuple(fc.boolean(), fc.constantFrom(64, 128)),
            run: ({ allocator, mine }: Local, wide: boolean, paddingBytes: number) => {
              const atomic: Padded = wide
                ? subject.int64.create(allocator, 5n, { paddingBytes })
                : subject.int32.create(allocator, 5, { paddingBytes });
              mine.push({ atomic, wide, value: 5 });
              return atomic.handle.offset;
            },
            weight: 3,
          },
          /** Counts in all of the thread's own; answers whether each held what it was given. */
          count: {
            run: ({ mine }: Local) => {
              let right = true;
              for (const own of mine) {
                if (Number(own.atomic.add(own.wide ? 1n : 1)) !== own.value) right = false;
                own.value += 1;
                if (Number(own.atomic.load()) !== own.value) right = false;
              }
              return right;
            },
            weight: 2,
          },
          free: {
            run: ({ allocator, mine }: Local) => {
              const own = mine.pop();
              if (own === undefined) return undefined;
              own.atomic.free(allocator);
              return own.atomic.handle.offset;
            },
          },
        },
        threads: [2, 3],
        length: [1, 4],
        judge: ({ history, stuck }) => {
          if (stuck) return 'padded: a call never returned';
          const stranger = history.find(({ name, result }) => name === 'count' && result !== true);
          if (stranger !== undefined) return `padded: T${stranger.thread} reads what it did not write`;
          const verdict = checkAllocations(asAllocations(history), { start: 0, end: bytes });
          return verdict.ok ? undefined : `padded: ${verdict.reason}`;
        },
        behaviours: true,
      }),
    ),
};
