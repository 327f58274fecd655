/**
 * Which threads go round in a loop that only looks. After the spin-assume of GenMC (Kokologiannakis, Ren and Vafeiadis, "Dynamic partial order reductions for
 * spinloops", FMCAD 2021): a round without effect that is followed by another one changes nothing, so executions with such rounds need not be explored; a thread that is about to begin
 * one is held for the rest of the execution, and the other order of its read and the write that it waits for is explored on its own.
 *
 * Which loops these are is learnt, not proved: the first time a thread repeats itself it is run on alone. A loop that ends by itself was no waiting; one whose
 * thread the engine sets aside (`src/engine/virtual.ts`) was.
 */
import type { ExecutedStep } from '../../instrument/executed-step.ts';
import { LOAD, NOTIFY, type Step } from '../../instrument/step.ts';
import type { SchedulerView } from '../strategy.ts';

/** Repeated steps, at the end of an execution, that make a loop one that waits: as many as the engine needs to set a thread aside. */
export const leastRounds = 16;

export class SpinWatch {
  /** Loops taken for waiting, as thread and site. */
  readonly #loops: Set<number> = new Set();
  /** For each thread, the steps since it last had an effect: site, kind, buffer, offset. */
  readonly #seen: number[][] = [];

  constructor(threads: number) {
    for (let t = 0; t < threads; t++) this.#seen.push([]);
  }

  reset(): void {
    for (const seen of this.#seen) if (seen.length > 0) seen.length = 0;
  }

  /** A step of an event without effect. */
  note({ thread, site, kind, buffer, byteOffset }: ExecutedStep): void {
    if (kind < LOAD || kind > NOTIFY || buffer === -1) return;
    const seen = this.#seen[thread]!;
    if (!includes(seen, site, kind, buffer, byteOffset)) seen.push(site, kind, buffer, byteOffset);
  }

  /** The thread changed something, or somebody else let it go on. */
  clear(thread: number): void {
    const seen = this.#seen[thread]!;
    if (seen.length > 0) seen.length = 0;
  }

  /** Whether the pending step of a thread begins another round. */
  repeats(thread: number, view: SchedulerView): boolean {
    const seen = this.#seen[thread]!;
    if (seen.length === 0) return false;
    const { kind, site }: Step = view.pending[thread]!;
    if (kind < LOAD || kind > NOTIFY || !seen.includes(site)) return false;
    const buffer = view.bufferOf(thread);
    return buffer !== -1 && includes(seen, site, kind, buffer, view.offsetOf(thread));
  }

  isWaiting(thread: number, site: number): boolean {
    return this.#loops.has(site * 256 + thread);
  }

  learn(thread: number, site: number): void {
    this.#loops.add(site * 256 + thread);
  }

  save(): number[] {
    return [...this.#loops];
  }

  restore(loops: readonly number[]): void {
    for (const loop of loops) this.#loops.add(loop);
  }
}

function includes(
  seen: readonly number[],
  site: number,
  kind: number,
  buffer: number,
  offset: number,
): boolean {
  for (let i = 0; i < seen.length; i += 4)
    if (seen[i] === site && seen[i + 1] === kind && seen[i + 2] === buffer && seen[i + 3] === offset)
      return true;
  return false;
}
