/**
 * How long it pays to look for something before sleeping on it. Where the other side runs on a core of its own, looking finds it in a fraction of the
 * time that a wake-up takes; where both share a core, looking only keeps the other side from running. So what happened
 * decides, as in the adaptive mutexes of Solaris and glibc: each time that looking was in vain, it is left out longer, up to `mostLeftOut` times.
 */

const mostLeftOut = 31;

export class Patience {
  readonly #mostMs: number;
  #leaveOut = 0;
  #left = 0;

  /** @param mostMs how long to look at most, in milliseconds; 0 for not at all */
  constructor(mostMs: number) {
    this.#mostMs = mostMs;
  }

  /** How long to look this time, in milliseconds; 0 when it is left out. */
  begin(): number {
    if (this.#left === 0) return this.#mostMs;
    this.#left -= 1;
    return 0;
  }

  /** Looking has found something. */
  paid(): void {
    this.#leaveOut = 0;
    this.#left = 0;
  }

  /** Time was up, and there was nothing. */
  inVain(): void {
    this.#leaveOut = Math.min(2 * this.#leaveOut + 1, mostLeftOut);
    this.#left = this.#leaveOut;
  }
}
