import { BoundsError } from './errors.ts';

/**
 * Checks that `view` is an `Int32Array` over shared memory and that the `count` cells from `index` on lie inside it.
 * Reads the view's shape only, never its cells.
 *
 * @param primitive what the cells are for; the messages name it
 * @throws TypeError when the view is of another kind or not shared
 * @throws BoundsError when the cells leave the view, or the index is no integer
 */
export function checkInt32Cells(
  view: Int32Array<SharedArrayBuffer>,
  index: number,
  count: number,
  primitive: string,
): void {
  checkView(view, 'Int32Array', primitive);
  checkIndex(view.length, index, count, primitive);
}

/** As {@link checkInt32Cells}, for one cell of a `BigInt64Array`. */
export function checkInt64Cell(
  view: BigInt64Array<SharedArrayBuffer>,
  index: number,
  primitive: string,
): void {
  checkView(view, 'BigInt64Array', primitive);
  checkIndex(view.length, index, 1, primitive);
}

/** Checks how many threads a `notify` is to wake. Throws RangeError when that is negative or NaN. */
export function checkWakeCount(count: number): void {
  if (count >= 0) return;
  throw new RangeError(`the number of threads to wake is 0 or more, got ${count}: pass nothing to wake all`);
}

/** Whether `value` is a SharedArrayBuffer, of whichever realm. */
export function isShared(value: unknown): value is SharedArrayBuffer {
  return Object.prototype.toString.call(value) === '[object SharedArrayBuffer]';
}

function checkView(view: ArrayBufferView, kind: string, primitive: string): void {
  const actual = Object.prototype.toString.call(view).slice(8, -1);
  if (actual !== kind) {
    throw new TypeError(`${primitive} lives in ${kind} over a SharedArrayBuffer, got ${actual}`);
  }
  if (!isShared(view.buffer)) {
    throw new TypeError(
      `${primitive} needs memory that threads share, got ${kind} over a plain ArrayBuffer: ` +
        'make the view over a SharedArrayBuffer',
    );
  }
}

function checkIndex(length: number, index: number, count: number, primitive: string): void {
  if (Number.isInteger(index) && index >= 0 && index + count <= length) return;
  const cells = count === 1 ? 'a cell' : `${count} cells`;
  throw new BoundsError(
    `${primitive} takes ${cells} from index ${index}, but the view has ${length}: ` +
      (length < count
        ? `give it a view of at least ${count}`
        : `pass an integer index from 0 to ${length - count}`),
  );
}
