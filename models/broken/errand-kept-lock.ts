/**
 * Runs an errand under two try-locks, and steps back when the inner one is taken. Whoever is told to stop in between keeps it: the others step back for
 * ever, one after another, each of them writing.
 *
 * Shortest interleaving: T3 says stop; T0 takes both locks, sees it, and leaves with the inner one.
 */
const FREE = 0;
const TAKEN = 1;
const OUTER = 1;
const INNER = 2;

/** `view`: whether to stop, the outer lock, the inner lock. True when the errand was run. */
export function runErrand(view: Int32Array<SharedArrayBuffer>, isPatient: boolean): boolean {
  for (;;) {
    if (Atomics.compareExchange(view, OUTER, FREE, TAKEN) !== FREE) continue;
    if (Atomics.compareExchange(view, INNER, FREE, TAKEN) === FREE) {
      // FAULT: who is told to stop must give back what he has.
      if (!isPatient && Atomics.load(view, 0) === 1) {
        Atomics.store(view, OUTER, FREE);
        return false;
      }
      Atomics.store(view, INNER, FREE);
      Atomics.store(view, OUTER, FREE);
      return true;
    }
    Atomics.store(view, OUTER, FREE);
  }
}
