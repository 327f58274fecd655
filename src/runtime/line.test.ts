import { expect, it } from 'vitest';
import { AlignmentError } from './errors.ts';
import { checkLine, wholeLines } from './line.ts';

it('rounds up to whole lines', () => {
  expect([0, 1, 16, 17].map(wholeLines)).toEqual([0, 16, 16, 32]);
});

it('accepts a cell on a line, and refuses others', () => {
  const buffer = new SharedArrayBuffer(256);
  checkLine(new Int32Array(buffer), 16, 'a ring');
  checkLine(new Int32Array(buffer, 60), 1, 'a ring');
  expect(() => checkLine(new Int32Array(buffer, 4), 16, 'a ring')).toThrow(
    new AlignmentError(
      'a ring begins on a multiple of 64 bytes, but index 16 is byte 68 of the buffer: an Allocator gives such offsets',
    ),
  );
});
