/**
 * What a supervisor does next: the workers that are wanted against those that are there. Plain and synchronous: events in, commands out;
 * no worker, no timer, no promise.
 */

/** Of one id. Generations tell the workers of an id apart: what an old one reports changes nothing. */
export type SlotLife =
  | { readonly state: 'starting'; readonly generation: number; readonly failures: number }
  | { readonly state: 'live'; readonly generation: number; readonly failures: number; readonly since: number }
  | { readonly state: 'waiting'; readonly failures: number; readonly until: number }
  | { readonly state: 'stopping'; readonly generation: number };

export type SupervisorCommand =
  | { readonly do: 'start'; readonly id: string; readonly generation: number }
  | { readonly do: 'stop'; readonly id: string; readonly generation: number };

export interface SupervisorPolicy {
  /** Wait before the first restart, in milliseconds; each further failure in a row doubles it. */
  readonly backOffMs: number;
  readonly maxBackOffMs: number;
  /** A worker that has lived so long counts as sound: its next failure is a first one. */
  readonly stableAfterMs: number;
  /** Age at which a worker is replaced; Infinity for never. */
  readonly recycleAfterMs: number;
}

/**
 * One slot an id, so one worker an id at most, whoever asks how often. Invariants: an id that is wanted has a slot; a slot that is neither
 * wanted nor stopping does not exist; of an id, at most one generation has been started and has not ended.
 */
export class SupervisorState {
  readonly #policy: SupervisorPolicy;
  readonly #wanted = new Set<string>();
  readonly #slots = new Map<string, SlotLife>();
  #generation = 0;
  #restarts = 0;

  constructor(policy: SupervisorPolicy) {
    this.#policy = policy;
  }

  /** Restarts so far: after failures and for age. */
  get restarts(): number {
    return this.#restarts;
  }

  get wanted(): readonly string[] {
    return [...this.#wanted];
  }

  /** All ids that are wanted or have a slot. */
  get ids(): readonly string[] {
    return [...new Set([...this.#wanted, ...this.#slots.keys()])];
  }

  /** The slot of an id; undefined when there is none. */
  slot(id: string): SlotLife | undefined {
    return this.#slots.get(id);
  }

  want(id: string): SupervisorCommand[] {
    if (this.#wanted.has(id)) return [];
    this.#wanted.add(id);
    return this.#slots.has(id) ? [] : [this.#start(id, 0)]; // one that is stopping starts again when it has ended
  }

  unwant(id: string): SupervisorCommand[] {
    this.#wanted.delete(id);
    const slot = this.#slots.get(id);
    if (slot === undefined || slot.state === 'stopping') return [];
    if (slot.state === 'waiting') {
      this.#slots.delete(id);
      return [];
    }
    return [this.#stop(id, slot.generation)];
  }

  started(id: string, generation: number, now: number): SupervisorCommand[] {
    const slot = this.#slots.get(id);
    if (slot?.state === 'starting' && slot.generation === generation) {
      this.#slots.set(id, { state: 'live', generation, failures: slot.failures, since: now });
    }
    return [];
  }

  /** A worker is gone: its start failed, it crashed, or it was stopped. */
  ended(id: string, generation: number, now: number): SupervisorCommand[] {
    const slot = this.#slots.get(id);
    if (slot === undefined || slot.state === 'waiting' || slot.generation !== generation) return [];
    this.#slots.delete(id);
    if (!this.#wanted.has(id)) return [];
    this.#restarts += 1;
    if (slot.state === 'stopping') return [this.#start(id, 0)];
    const { backOffMs, maxBackOffMs, stableAfterMs } = this.#policy;
    const sound = slot.state === 'live' && now - slot.since >= stableAfterMs;
    const failures = sound ? 1 : slot.failures + 1;
    const waitMs = Math.min(maxBackOffMs, backOffMs * 2 ** Math.min(failures - 1, 1000));
    this.#slots.set(id, { state: 'waiting', failures, until: now + waitMs });
    return [];
  }

  /** Does what has become due. */
  tick(now: number): SupervisorCommand[] {
    const commands: SupervisorCommand[] = [];
    for (const [id, slot] of [...this.#slots]) {
      if (slot.state === 'waiting' && slot.until <= now) commands.push(this.#start(id, slot.failures));
      if (slot.state === 'live' && slot.since + this.#policy.recycleAfterMs <= now) {
        commands.push(this.#stop(id, slot.generation));
      }
    }
    return commands;
  }

  /** When `tick` has something to do next; Infinity for never. */
  nextDue(): number {
    let due = Infinity;
    for (const slot of this.#slots.values()) {
      if (slot.state === 'waiting') due = Math.min(due, slot.until);
      if (slot.state === 'live') due = Math.min(due, slot.since + this.#policy.recycleAfterMs);
    }
    return due;
  }

  #start(id: string, failures: number): SupervisorCommand {
    this.#generation += 1;
    this.#slots.set(id, { state: 'starting', generation: this.#generation, failures });
    return { do: 'start', id, generation: this.#generation };
  }

  #stop(id: string, generation: number): SupervisorCommand {
    this.#slots.set(id, { state: 'stopping', generation });
    return { do: 'stop', id, generation };
  }
}
