/**
 * A supervisor that looks for a live worker, but not for one that is starting.
 *
 * Fault S11: concurrent starts of one id make two workers: T0 start(a): none is live, begins one; T1 start(a): none is live yet, begins
 * another.
 *
 * Odds: see properties/broken.ts
 */
import { ClosedError, type Supervised, type SupervisorOptions } from '../../src/runtime/index.ts';

/** May start an id twice. */
export class TwiceSupervisor {
  readonly #options: SupervisorOptions<Supervised>;
  readonly #live = new Map<string, Supervised>();
  readonly #wanted = new Set<string>();

  constructor(options: SupervisorOptions<Supervised>) {
    this.#options = options;
  }

  static create(options: SupervisorOptions<Supervised>): TwiceSupervisor {
    return new TwiceSupervisor(options);
  }

  async start(id: string): Promise<Supervised> {
    this.#wanted.add(id);
    for (;;) {
      if (!this.#wanted.has(id)) throw new ClosedError('stopped');
      const live = this.#live.get(id);
      if (live !== undefined) return live;
      // FAULT S11: another call may be starting it. Wait for that one.
      const worker = await this.#options.start(id).catch(() => undefined);
      if (worker === undefined) continue;
      this.#live.set(id, worker);
      void worker.ended.then(() => {
        if (this.#live.get(id) !== worker) return;
        this.#live.delete(id);
        if (this.#wanted.has(id)) void this.start(id).catch(() => {});
      });
    }
  }

  async stop(id: string): Promise<void> {
    this.#wanted.delete(id);
    await this.#live.get(id)?.shutdown();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#wanted].map((id) => this.stop(id)));
  }
}
