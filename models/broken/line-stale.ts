/**
 * A line that says it has dropped the oldest, and drops the newest.
 *
 * Fault X2, of one thread's objects: what was dropped is processed after all: offer 1 begins; 2 and 3 wait; 2 is reported as dropped, 3 is
 * taken out; then 2 begins.
 *
 * Odds: see properties/broken.ts
 */
import { LatestWins, type LatestWinsStats } from '../../src/runtime/index.ts';

/** Processes what it dropped. */
export class StaleLine {
  readonly #line = new LatestWins<number>(Infinity);
  readonly #capacity: number;
  readonly #waiting: number[] = [];

  private constructor(capacity: number) {
    this.#capacity = capacity;
  }

  static create(capacity: number): StaleLine {
    return new StaleLine(capacity);
  }

  offer(item: number): { begin: readonly number[]; dropped: readonly number[] } {
    const { begin } = this.#line.offer(item);
    if (begin.length > 0) return { begin, dropped: [] };
    this.#waiting.push(item);
    if (this.#waiting.length <= this.#capacity) return { begin, dropped: [] };
    const oldest = this.#waiting[0]!; // one was pushed just now
    // FAULT X2: the newest is taken out, and the oldest is said to be. Take out the one that is dropped.
    this.#line.withdraw((each) => each === this.#waiting.at(-1));
    this.#waiting.pop();
    return { begin, dropped: [oldest] };
  }

  done(): readonly number[] {
    this.#waiting.shift();
    return this.#line.done();
  }

  withdraw(fits: (item: number) => boolean): readonly number[] {
    const withdrawn = this.#line.withdraw(fits);
    for (const item of withdrawn) this.#waiting.splice(this.#waiting.indexOf(item), 1);
    return withdrawn;
  }

  stats(): LatestWinsStats {
    return this.#line.stats();
  }
}
