/**
 * Keeps workers alive: those that are wanted, one an id. A thin shell of promises and one timer; what is to be done is decided by
 * SupervisorState.
 */
import { ClosedError } from '../errors.ts';
import { tell } from '../tell.ts';
import { checkTimeout } from '../timeout.ts';
import { type Clock, systemClock } from './clock.ts';
import { Deferred } from './deferred.ts';
import {
  type SlotLife,
  type SupervisorCommand,
  type SupervisorPolicy,
  SupervisorState,
} from './supervisor-state.ts';

/** What is supervised: a ManagedWorker, or anything that ends. */
export interface Supervised {
  /** Resolves when it is gone; never rejects. */
  readonly ended: Promise<unknown>;
  /** Ends it; resolves when it is gone. */
  shutdown(): Promise<unknown>;
}

export interface SupervisorOptions<W extends Supervised> extends Partial<SupervisorPolicy> {
  /** Starts the worker of an id; resolves when it serves, and leaves nothing behind when it rejects. */
  readonly start: (id: string) => Promise<W>;
  /** Is told of each worker that could not be started or ended unasked; it will be restarted. */
  readonly onFailure?: (id: string, reason: unknown) => void;
  readonly clock?: Clock;
}

export interface SupervisorStats {
  readonly wanted: number;
  readonly live: number;
  readonly restarts: number;
}

const defaults: SupervisorPolicy = {
  backOffMs: 100,
  maxBackOffMs: 30_000,
  stableAfterMs: 10_000,
  recycleAfterMs: Infinity,
};

/**
 * A desired set of workers by id. A worker that ends unasked is started again after a back-off, which doubles with each failure in a row;
 * one that has reached its age is replaced (stopped first: there is never more than one worker of an id). Restarts keep the process
 * alive no more than the workers do.
 */
export class Supervisor<W extends Supervised> {
  readonly #options: SupervisorOptions<W>;
  readonly #clock: Clock;
  readonly #state: SupervisorState;
  readonly #live = new Map<string, W>();
  /** Who waits for a worker of an id. */
  readonly #waiting = new Map<string, Deferred<W>>();
  /** Who waits for the end of a worker that was stopped. */
  readonly #stops = new Map<string, Deferred<void>>();
  #cancelTimer: () => void = () => {};
  #closed = false;

  /** @throws RangeError when a time of the policy is negative or NaN */
  constructor(options: SupervisorOptions<W>) {
    const policy: SupervisorPolicy = {
      backOffMs: options.backOffMs ?? defaults.backOffMs,
      maxBackOffMs: options.maxBackOffMs ?? defaults.maxBackOffMs,
      stableAfterMs: options.stableAfterMs ?? defaults.stableAfterMs,
      recycleAfterMs: options.recycleAfterMs ?? defaults.recycleAfterMs,
    };
    for (const ms of Object.values(policy) as number[]) checkTimeout(ms);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#state = new SupervisorState(policy);
  }

  /**
   * Wants a worker of this id, and resolves with it when it serves, however often it had to be started. All who ask get the same one.
   *
   * Rejects with ClosedError when the id is stopped, or the supervisor closed, before that.
   */
  start(id: string): Promise<W> {
    if (this.#closed)
      return Promise.reject(new ClosedError('the supervisor is closed: it starts nothing more'));
    this.#run(this.#state.want(id));
    const live = this.#live.get(id);
    if (live !== undefined) return Promise.resolve(live);
    const waiting = this.#waiting.get(id) ?? new Deferred<W>();
    this.#waiting.set(id, waiting);
    return waiting.promise;
  }

  /** Wants it no more; resolves when it is gone. */
  async stop(id: string): Promise<void> {
    this.#run(this.#state.unwant(id));
    this.#waiting.get(id)?.reject(new ClosedError(`worker ${id} was stopped before it served`));
    this.#waiting.delete(id);
    if (this.#state.slot(id)?.state !== 'stopping') return;
    const stopped = this.#stops.get(id) ?? new Deferred();
    this.#stops.set(id, stopped);
    await stopped.promise;
  }

  /** The worker of an id, if it serves now. */
  get(id: string): W | undefined {
    return this.#live.get(id);
  }

  /** The workers that serve now, by id. */
  get live(): ReadonlyMap<string, W> {
    return this.#live;
  }

  /** How the worker of an id is doing; undefined when there is none. */
  slot(id: string): SlotLife | undefined {
    return this.#state.slot(id);
  }

  stats(): SupervisorStats {
    return { wanted: this.#state.wanted.length, live: this.#live.size, restarts: this.#state.restarts };
  }

  /** Stops all, starts nothing more; resolves when all are gone. May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
    // Those that are being replaced, or were stopped before, are not gone either.
    await Promise.all(this.#state.ids.map((id) => this.stop(id)));
    this.#cancelTimer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #run(commands: readonly SupervisorCommand[]): void {
    for (const { do: what, id, generation } of commands) {
      if (what === 'start') void this.#bring(id, generation);
      // One that is still starting is ended when it is there.
      else void this.#live.get(id)?.shutdown();
      this.#live.delete(id);
    }
    this.#cancelTimer();
    const due = this.#state.nextDue();
    // A restart that is due keeps nobody alive: the program may end before it.
    this.#cancelTimer = this.#clock.after(
      due === Infinity ? Infinity : Math.max(0, due - this.#clock.now()),
      () => this.#run(this.#state.tick(this.#clock.now())),
      true,
    );
  }

  async #bring(id: string, generation: number): Promise<void> {
    let worker: W;
    try {
      worker = await this.#options.start(id);
      if (worker?.ended === undefined)
        throw new TypeError(
          `start of worker ${id} brought ${String(worker)}: give what has ended and shutdown`,
        );
    } catch (error) {
      this.#fails(id, error);
      this.#gone(id, generation);
      return;
    }
    this.#run(this.#state.started(id, generation, this.#clock.now()));
    const slot = this.#state.slot(id);
    const wanted = slot?.state === 'live' && slot.generation === generation;
    if (wanted) {
      this.#live.set(id, worker);
      this.#waiting.get(id)?.resolve(worker);
      this.#waiting.delete(id);
    }
    if (!wanted) void worker.shutdown();
    const reason = await worker.ended;
    if (this.#state.slot(id)?.state === 'live') this.#fails(id, reason);
    if (this.#live.get(id) === worker) this.#live.delete(id);
    this.#gone(id, generation);
  }

  #fails(id: string, reason: unknown): void {
    tell(() => this.#options.onFailure?.(id, reason));
  }

  #gone(id: string, generation: number): void {
    this.#run(this.#state.ended(id, generation, this.#clock.now()));
    this.#stops.get(id)?.resolve();
    this.#stops.delete(id);
  }
}
