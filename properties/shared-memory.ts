/**
 * Growth (W-1): a memory that grows stays one memory. What any thread writes, in the old part or the new, all threads read, with
 * views made before and after; the size that one thread sees, all see; accesses out of bounds or not aligned are refused.
 */
import * as fc from 'fast-check';
import { sharedMemory } from '../models/shared-memory.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import { SharedMemory } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

interface Memory {
  readonly handle: unknown;
  readonly byteLength: number;
  grow(minimumBytes: number): number;
  int32(offset: number, length: number): Int32Array;
  readInt32(offset: number): number;
  writeInt32(offset: number, value: number): void;
}

export interface MemorySubject {
  create(options: { initialBytes: number; maximumBytes: number }): Memory;
  attach(handle: never): Memory;
}

interface Local {
  readonly memory: Memory;
  readonly early: Int32Array;
}

const page = 65_536;
const initialBytes = page;
const maximumBytes = 3 * page;

const sizes = fc.constantFrom(1, page, page + 1, 2 * page, 3 * page, 3 * page + 1);
/** Cells that meet, before and after the first growth, and offsets that are wrong. */
const offset = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 4, page - 4, page, 2 * page) },
  { weight: 2, arbitrary: fc.constantFrom(1, 5, -4, page - 2, 3 * page) },
);

export const memoryGrowth: Property<MemorySubject> = {
  name: 'memory-growth',
  about:
    'a SharedMemory that grows is one memory for all threads, and refuses what is out of bounds or not aligned',
  ids: ['W-1'],
  subject: SharedMemory as unknown as MemorySubject,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'memory-growth',
        setup: () => subject.create({ initialBytes, maximumBytes }).handle,
        attach: (handle): Local => {
          const memory = subject.attach(handle as never);
          return { memory, early: memory.int32(0, 1) };
        },
        operations: {
          grow: {
            args: fc.tuple(sizes),
            run: ({ memory }: Local, bytes: number) => memory.grow(bytes),
            weight: 2,
          },
          write: {
            args: fc.tuple(offset, fc.integer({ min: 1, max: 9 })),
            run: ({ memory }: Local, at: number, value: number) => memory.writeInt32(at, value),
            weight: 3,
          },
          read: {
            args: fc.tuple(offset),
            run: ({ memory }: Local, at: number) => memory.readInt32(at),
            weight: 3,
          },
          view: { args: fc.tuple(offset), run: ({ memory }: Local, at: number) => memory.int32(at, 1)[0] },
          /** By a view that was made before anything grew. */
          add: {
            args: fc.tuple(fc.integer({ min: 1, max: 9 })),
            run: ({ early }: Local, value: number) => Atomics.add(early, 0, value),
            weight: 3,
          },
          size: { run: ({ memory }: Local) => memory.byteLength },
        },
        threads: [2, 3],
        length: [2, 5],
        // Its methods are plain accesses, which whoever shares the memory must order.
        races: false,
        specification: sharedMemory(initialBytes, maximumBytes, page),
        behaviours: true,
      }),
    ),
};
