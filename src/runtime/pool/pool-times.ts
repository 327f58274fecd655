/** What a pool measures of its tasks: how long they were queued, how long they ran. */
import { Histogram, type HistogramSummary } from '../histogram.ts';

export class PoolTimes {
  readonly #queueDelay = new Histogram();
  readonly #runTime = new Histogram();
  #meanMs = 0;
  #busyMs = 0;
  #livedMs = 0;

  /** Of late: the last tasks weigh more. 0 before the first. */
  get meanMs(): number {
    return this.#meanMs;
  }

  /** How many tasks last so long together; undefined before the first. */
  tasksIn(ms: number): number | undefined {
    return this.#meanMs > 0 ? Math.ceil(ms / this.#meanMs) : undefined;
  }

  /** All in milliseconds of one clock. */
  task(submitted: number, started: number, ended: number): void {
    const ranMs = Math.max(0, ended - started);
    this.#queueDelay.record(started - submitted);
    this.#runTime.record(ranMs);
    this.#busyMs += ranMs;
    this.#meanMs = this.#meanMs === 0 ? ranMs : 0.9 * this.#meanMs + 0.1 * ranMs;
  }

  /** A worker is gone that had been there for so long. */
  worker(livedMs: number): void {
    this.#livedMs += livedMs;
  }

  /** @param livingMs how long those who are there have been there, together */
  summary(livingMs: number): {
    readonly queueDelay: HistogramSummary;
    readonly runTime: HistogramSummary;
    readonly utilisation: number;
  } {
    const livedMs = this.#livedMs + livingMs;
    return {
      queueDelay: this.#queueDelay.toJSON(),
      runTime: this.#runTime.toJSON(),
      utilisation: livedMs > 0 ? Math.min(1, this.#busyMs / livedMs) : 0,
    };
  }
}
