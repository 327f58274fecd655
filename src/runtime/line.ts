import { AlignmentError } from './errors.ts';

/** Bytes of a cache line, and the same in Int32 cells. */
export const LINE_BYTES = 64;
export const LINE_CELLS = 16;

/** So many cells, rounded up to whole lines. */
export function wholeLines(cells: number): number {
  return Math.ceil(cells / LINE_CELLS) * LINE_CELLS;
}

/**
 * Checks that a cell begins a cache line of its buffer. Reads the view's shape only.
 *
 * @param primitive what the cells are for; the message names it
 * @throws AlignmentError when it does not
 */
export function checkLine(view: Int32Array<SharedArrayBuffer>, index: number, primitive: string): void {
  const offset = view.byteOffset + index * view.BYTES_PER_ELEMENT;
  if (offset % LINE_BYTES === 0) return;
  throw new AlignmentError(
    `${primitive} begins on a multiple of ${LINE_BYTES} bytes, but index ${index} is byte ${offset} of the buffer: ` +
      'an Allocator gives such offsets',
  );
}
