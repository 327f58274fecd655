/** Atomic cells of 64-bit integers: arguments are bigints, converted as by ToBigInt64; sums wrap. */
import type { CompleteSpecification } from '../src/linearize/specification.ts';
import { type Arithmetic, atomicCell, atomicCells } from './atomic-cell.ts';

const int64: Arithmetic<bigint> = {
  wrap: (value) => BigInt.asIntN(64, value),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

/** One cell. For its operations see `atomicCell`. */
export function atomicInt64(initial: bigint = 0n): CompleteSpecification<bigint> {
  return atomicCell('atomic int64', int64, initial);
}

/** Several cells; the index of the cell comes before the other arguments. */
export function atomicInt64Cells(initial: readonly bigint[]): CompleteSpecification<readonly bigint[]> {
  return atomicCells('atomic int64 cells', int64, initial);
}
