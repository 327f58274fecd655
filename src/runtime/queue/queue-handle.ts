import { checkInt32Cells } from '../cell.ts';
import type { Codec } from '../codec.ts';
import { NotCreatedError } from '../errors.ts';
import { checkLine } from '../line.ts';

/** What other threads attach to a queue by: a plain object that structured clone carries over. */
export interface QueueHandle {
  readonly view: Int32Array<SharedArrayBuffer>;
  /** The queue's first cell in the view. */
  readonly index: number;
  /** Most items in it. */
  readonly capacity: number;
  /** Int32 words of an item. */
  readonly words: number;
}

const MAXIMUM_CAPACITY = 2 ** 24;

/** Checks a capacity in items: an integer from 1, a power of two where positions are masked. Throws RangeError. */
export function checkCapacity(capacity: number, powerOfTwo: boolean, primitive: string): void {
  const inRange = Number.isInteger(capacity) && capacity >= 1 && capacity <= MAXIMUM_CAPACITY;
  if (inRange && (!powerOfTwo || (capacity & (capacity - 1)) === 0)) return;
  const kind = powerOfTwo ? 'a power of two' : 'an integer';
  throw new RangeError(`the capacity of ${primitive} is ${kind} from 1 to 2^24 items, got ${capacity}`);
}

/**
 * Checks where a queue lies, and that its items are what the codec reads. Touches no cell.
 *
 * @throws TypeError when the view is no Int32Array over shared memory, or the codec is for items of another size
 * @throws BoundsError when the cells leave the view
 * @throws AlignmentError when the first cell does not begin a cache line
 */
export function checkQueue(
  handle: QueueHandle,
  codec: Codec<unknown>,
  cells: number,
  primitive: string,
): void {
  const { view, index, words } = handle;
  checkInt32Cells(view, index, cells, primitive);
  checkLine(view, index, primitive);
  if (codec.words !== words) {
    throw new TypeError(
      `the items of ${primitive} at index ${index} have ${words} words, but ${codec.name} has ${codec.words}: ` +
        'attach with the codec that it was created with',
    );
  }
}

/**
 * Checks that somebody created a queue of this shape there. The first two cells hold its shape, constant after create.
 * One atomic load.
 *
 * @throws NotCreatedError when nobody did
 */
export function checkCreated({ view, index, capacity, words }: QueueHandle, primitive: string): void {
  // Partner: the store of writeShape.
  const found = Atomics.load(view, index);
  if (found === capacity && view[index + 1] === words) return;
  throw new NotCreatedError(
    `there is no ${primitive} of ${capacity} items at index ${index} (found: ${found}): one thread must create it first, ` +
      'and the others attach by its handle',
  );
}

/** Ends the creation of a queue: what `checkCreated` looks for. */
export function writeShape({ view, index, capacity, words }: QueueHandle): void {
  view[index + 1] = words;
  Atomics.store(view, index, capacity);
}
