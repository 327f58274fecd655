/**
 * A growable memory of Int32 words, all 0 at first, seen alike by all: checks bounds and alignment of each access.
 * Sizes and offsets are bytes.
 */
import { threw } from '../src/history/history.ts';
import { type CompleteSpecification, type Effect, specification } from '../src/linearize/specification.ts';

export interface SharedMemoryState {
  readonly bytes: number;
  /** The words that are not 0, by offset. */
  readonly words: Readonly<Record<number, number>>;
}

/**
 * - `grow(bytes) -> size` in whole pages; OutOfMemoryError above the maximum. Never shrinks.
 * - `write(offset, value)`, `read(offset) -> value`: AlignmentError unless the offset is a multiple of 4, BoundsError
 *   outside the memory. `view(offset) -> value`: the same, by a view that is made for it.
 * - `add(value) -> old value`: to the word at 0. `size() -> bytes`.
 */
export function sharedMemory(
  initialBytes: number,
  maximumBytes: number,
  pageBytes: number,
): CompleteSpecification<SharedMemoryState> {
  const read = (state: SharedMemoryState, offset: number): Effect<SharedMemoryState> => ({
    state,
    result: fault(state, offset) ?? state.words[offset] ?? 0,
  });
  return specification<SharedMemoryState>({
    name: 'shared memory',
    initial: () => ({ bytes: initialBytes, words: {} }),
    operations: {
      grow: (state, [least]: readonly [number]) => {
        if (least <= state.bytes) return { state, result: state.bytes };
        const bytes = Math.ceil(least / pageBytes) * pageBytes;
        if (bytes > maximumBytes) return { state, result: threw('OutOfMemoryError') };
        return { state: { ...state, bytes }, result: bytes };
      },
      write: (state, [offset, value]: readonly [number, number]) => {
        const result = fault(state, offset);
        if (result !== undefined) return { state, result };
        return { state: { ...state, words: { ...state.words, [offset]: value } }, result };
      },
      read: (state, [offset]: readonly [number]) => read(state, offset),
      view: (state, [offset]: readonly [number]) => read(state, offset),
      add: (state, [value]: readonly [number]) => {
        const old = state.words[0] ?? 0;
        return { state: { ...state, words: { ...state.words, 0: old + value } }, result: old };
      },
      size: (state) => ({ state, result: state.bytes }),
    },
  });
}

function fault({ bytes }: SharedMemoryState, offset: number): unknown {
  if (offset < 0) return threw('BoundsError');
  if (offset % 4 !== 0) return threw('AlignmentError');
  return offset + 4 > bytes ? threw('BoundsError') : undefined;
}
