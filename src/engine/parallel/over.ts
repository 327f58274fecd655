/** Thrown out of `Atomics.wait` into a thread whose execution is over. */
export class Over extends Error {
  override readonly name = 'Over';
}
