/**
 * Takes two try-locks, and steps back when the other one is taken: two threads that want them in either order can step back for each other for ever.
 *
 * Shortest interleaving: T0 takes 0; T1 takes 1; each finds the other's taken; each gives its own back; again.
 */
const FREE = 0;
const TAKEN = 1;

/** Takes both cells, `mine` first, or gives up after so many attempts; says whether it did. Gives both back at once. */
export function visitBoth(
  view: Int32Array<SharedArrayBuffer>,
  mine: number,
  other: number,
  attempts: number,
): boolean {
  for (let i = 0; i < attempts; i++) {
    if (Atomics.compareExchange(view, mine, FREE, TAKEN) !== FREE) continue;
    const both = Atomics.compareExchange(view, other, FREE, TAKEN) === FREE;
    if (both) Atomics.store(view, other, FREE);
    // FAULT: whoever steps back must do so for a time of its own; the same for both brings them back to where they were.
    Atomics.store(view, mine, FREE);
    if (both) return true;
  }
  return false;
}
