/**
 * A gatherer that keeps one list of answers for all rounds.
 *
 * Fault: late results leak into the next round. Shortest interleaving: round 1 is decided without c; round 2 begins; the answer of c to
 * round 1 comes, and counts in round 2.
 *
 * Odds: see properties/broken.ts
 */
import type { Askable, Clock, Gathered } from '../../src/runtime/index.ts';

/** Takes an old answer for a new one. */
export class LeakingGatherer {
  #results = new Map<string, unknown>();
  #errors = new Map<string, unknown>();
  #news: () => void = () => {};

  static create(): LeakingGatherer {
    return new LeakingGatherer();
  }

  async gather(
    workers: Iterable<readonly [string, Askable]>,
    handler: string,
    input: unknown,
    {
      windowMs,
      enough,
      clock,
    }: { readonly windowMs: number; readonly enough: number; readonly clock: Clock },
  ): Promise<Gathered<unknown>> {
    const asked = [...workers];
    this.#results = new Map();
    this.#errors = new Map();
    await new Promise<void>((resolve) => {
      const cancel = clock.after(windowMs, resolve);
      this.#news = () => {
        if (this.#results.size < enough && this.#results.size + this.#errors.size < asked.length) return;
        cancel();
        resolve();
      };
      for (const [id, worker] of asked) {
        worker.request(handler, input).then(
          (result) => {
            // FAULT GATHER-LEAK: by now these may be the results of a later round. Keep them by round.
            this.#results.set(id, result);
            this.#news();
          },
          (error) => {
            this.#errors.set(id, error);
            this.#news();
          },
        );
      }
    });
    const [results, errors] = [new Map(this.#results), new Map(this.#errors)];
    const missing = asked.map(([id]) => id).filter((id) => !results.has(id) && !errors.has(id));
    return { results, errors, missing };
  }
}
