/** Atomic cells of 32-bit integers: arguments are numbers, converted as by ToInt32; sums wrap. */
import type { CompleteSpecification } from '../src/linearize/specification.ts';
import { type Arithmetic, atomicCell, atomicCells } from './atomic-cell.ts';

const int32: Arithmetic<number> = {
  wrap: (value) => value | 0,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

/** One cell. For its operations see `atomicCell`. */
export function atomicInt32(initial: number = 0): CompleteSpecification<number> {
  return atomicCell('atomic int32', int32, initial);
}

/** Several cells; the index of the cell comes before the other arguments. */
export function atomicInt32Cells(initial: readonly number[]): CompleteSpecification<readonly number[]> {
  return atomicCells('atomic int32 cells', int32, initial);
}
