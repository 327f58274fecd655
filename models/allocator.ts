/**
 * An allocator of blocks of one region, checked directly: which block it gives is its own affair, so there is no
 * sequential specification to compare with, only what must hold of every choice.
 *
 * Not checked: whether an OutOfMemoryError was due, for that depends on the fragmentation the allocator allows.
 */

import { type History, isPending, isThrew, type OperationRecord } from '../src/history/history.ts';
import { formatValue } from '../src/history/value.ts';

/** Offsets in bytes. */
export interface Region {
  readonly start: number;
  /** The first offset after the region. */
  readonly end: number;
}

export type AllocationsVerdict =
  | { readonly ok: true /** Allocations that gave a block. */; readonly allocations: number }
  | {
      readonly ok: false;
      readonly reason: string;
      /** The operations that show it: indices into the history. */
      readonly operations: readonly number[];
    };

interface Block {
  readonly index: number;
  readonly offset: number;
  readonly end: number;
}

/**
 * Checks a history of `allocate(size, alignment) -> offset | threw(OutOfMemoryError)` and `free(offset)`:
 * - blocks are inside the region, at a multiple of their alignment;
 * - no two blocks overlap while both are live for certain: from the return of `allocate` to the call of `free`;
 * - a request that makes no sense (a size or an alignment that is no positive integer, an alignment that is no power of two) is
 *   refused, by a RangeError or AlignmentError;
 * - a `free` that returned freed a live block; one that threw is taken to have done nothing.
 *
 * Throws an Error on operations of other names. Cost O(n * live blocks).
 */
export function checkAllocations(history: History, region: Region): AllocationsVerdict {
  const live = new Map<number, Block>();
  let allocations = 0;
  for (const index of eventsOf(history)) {
    const operation = history[index]!; // events are of the history
    if (operation.name === 'free') {
      const offset = Number(operation.args[0]);
      const found = live.delete(offset);
      if (!found && !isPending(operation))
        return fail(`T${operation.thread} freed ${offset}, where no block is`, index);
      continue;
    }
    const [size, alignment] = operation.args as readonly [number, number];
    const offset = operation.result;
    if (!isSensible(size, alignment)) {
      if (isThrew(offset) && (offset.threw === 'RangeError' || offset.threw === 'AlignmentError')) continue;
      const request = `${size} bytes aligned to ${alignment}`;
      return fail(`T${operation.thread} asked for ${request} and got ${formatValue(offset)}`, index);
    }
    if (typeof offset !== 'number' || !Number.isInteger(offset)) {
      return fail(`T${operation.thread} got ${formatValue(offset)}, which is no offset`, index);
    }
    const block = { index, offset, end: offset + size };
    if (offset < region.start || block.end > region.end) {
      return fail(`${describe(block)} is not inside ${region.start} to ${region.end}`, index);
    }
    if (offset % alignment !== 0) return fail(`${describe(block)} is not aligned to ${alignment}`, index);
    for (const other of live.values()) {
      if (overlap(block, other))
        return fail(`${describe(other)} and ${describe(block)} overlap`, other.index, index);
    }
    live.set(offset, block);
    allocations++;
  }
  return { ok: true, allocations };
}

/** The operations that count, by the position at which they do: allocations at their return, frees at their call. */
function eventsOf(history: History): number[] {
  const positions = new Map<number, number>();
  history.forEach((operation, index) => {
    if (operation.name === 'free') {
      if (!isThrew(operation.result)) positions.set(index, operation.called);
    } else if (operation.name === 'allocate') {
      if (!isPending(operation) && !isOutOfMemory(operation)) positions.set(index, operation.returned);
    } else {
      throw new Error(`an allocator has no operation "${operation.name}", only allocate and free`);
    }
  });
  return [...positions].sort(([, a], [, b]) => a - b).map(([index]) => index);
}

function isSensible(size: number, alignment: number): boolean {
  const whole = Number.isInteger(size) && size >= 1 && Number.isInteger(alignment) && alignment >= 1;
  return whole && Number.isInteger(Math.log2(alignment));
}

function isOutOfMemory({ result }: OperationRecord): boolean {
  return isThrew(result) && result.threw === 'OutOfMemoryError';
}

/** A block without bytes overlaps only a block at the same offset: offsets are what `free` knows blocks by. */
function overlap(a: Block, b: Block): boolean {
  return (
    a.offset === b.offset || (a.offset < b.end && b.offset < a.end && a.offset < a.end && b.offset < b.end)
  );
}

function describe({ offset, end }: Block): string {
  return `block ${offset} to ${end}`;
}

function fail(reason: string, ...operations: number[]): AllocationsVerdict {
  return { ok: false, reason, operations: operations.sort((a, b) => a - b) };
}
