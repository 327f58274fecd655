import { expect, it } from 'vitest';
import { BoundsError } from '../errors.ts';
import { fence } from './fence.ts';

it('W-3: leaves the word as it is', () => {
  const view = new Int32Array(new SharedArrayBuffer(8));
  view[1] = -7;
  fence(view, 1);
  expect([...view]).toEqual([0, -7]);
});

it('W-3: refuses a word outside the view', () => {
  expect(() => fence(new Int32Array(new SharedArrayBuffer(8)), 2)).toThrow(
    new BoundsError(
      'a fence takes a cell from index 2, but the view has 2: pass an integer index from 0 to 1',
    ),
  );
});
