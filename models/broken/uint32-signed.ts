/**
 * An unsigned integer whose operations answer what `Atomics` does on an Int32Array.
 *
 * Fault U1: from 2^31 on, values are negative. No interleaving needed.
 *
 * Odds: see properties/broken.ts
 */
import { AtomicInt32 } from '../../src/runtime/atomics/atomic-int32.ts';

// FAULT U1: the bits are read as signed. Add `>>> 0`.
/** As AtomicUint32 below 2^31. */
export const signedUint32: {
  create(view: Int32Array<SharedArrayBuffer>, index: number): AtomicInt32;
  attach(view: Int32Array<SharedArrayBuffer>, index: number): AtomicInt32;
} = {
  create: (view, index) => AtomicInt32.create(view, index),
  attach: (view, index) => AtomicInt32.attach(view, index),
};
