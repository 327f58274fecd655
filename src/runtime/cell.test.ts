import { expect, it } from 'vitest';
import { checkInt32Cells, checkInt64Cell, isShared } from './cell.ts';
import { BoundsError } from './errors.ts';

const view = new Int32Array(new SharedArrayBuffer(16));

it('accepts cells inside the view', () => {
  checkInt32Cells(view, 0, 4, 'x');
  checkInt32Cells(view, 3, 1, 'x');
  checkInt64Cell(new BigInt64Array(new SharedArrayBuffer(8)), 0, 'x');
});

it.each([[-1], [4], [1.5], [NaN], [Infinity]])('refuses index %s with the range', (index) => {
  expect(() => checkInt32Cells(view, index, 1, 'a Lock')).toThrow(
    new BoundsError(
      `a Lock takes a cell from index ${index}, but the view has 4: pass an integer index from 0 to 3`,
    ),
  );
  expect(() => checkInt64Cell(new BigInt64Array(new SharedArrayBuffer(16)), index, 'a Cell')).toThrow(
    BoundsError,
  );
});

it('counts all cells of a primitive', () => {
  expect(() => checkInt32Cells(view, 3, 2, 'a Lock')).toThrow(
    'a Lock takes 2 cells from index 3, but the view has 4: pass an integer index from 0 to 2',
  );
  expect(() => checkInt32Cells(view.subarray(0, 1), 0, 2, 'a Lock')).toThrow('give it a view of at least 2');
});

it('refuses memory that is not shared, and views of other kinds', () => {
  const plain = new Int32Array(4) as unknown as Int32Array<SharedArrayBuffer>;
  expect(() => checkInt32Cells(plain, 0, 1, 'a Lock')).toThrow(
    'a Lock needs memory that threads share, got Int32Array over a plain ArrayBuffer',
  );
  const other = new Uint8Array(new SharedArrayBuffer(8)) as unknown as Int32Array<SharedArrayBuffer>;
  expect(() => checkInt32Cells(other, 0, 1, 'a Lock')).toThrow(
    'a Lock lives in Int32Array over a SharedArrayBuffer, got Uint8Array',
  );
  const none = undefined as unknown as BigInt64Array<SharedArrayBuffer>;
  expect(() => checkInt64Cell(none, 0, 'a Cell')).toThrow(
    'a Cell lives in BigInt64Array over a SharedArrayBuffer, got Undefined',
  );
  expect(isShared(new ArrayBuffer(1))).toBe(false);
  expect(isShared(new SharedArrayBuffer(1))).toBe(true);
});
