/**
 * A sound barrier of the simplest kind, from which broken ones are derived: a mutex around a few fields, and a number to sleep on. Each broken
 * twin overrides one method. The same rules as the Barrier of the runtime; one too many is the first of the next round.
 */
import { BrokenBarrierError, TimeoutError } from '../../src/runtime/errors.ts';
import { Mutex } from '../../src/runtime/sync/mutex.ts';

type View = Int32Array<SharedArrayBuffer>;

// Cells from the index on. All but the number to sleep on are plain fields under the mutex.
const MONITOR = 0;
const ARRIVED = 1;
const GENERATION = 2;
const BROKEN = 3;
const PARTIES = 4;
const TURN = 5;
const CELLS = 6;

/** Makes six cells a barrier, of whatever number of parties. */
export function initialise(view: View, index: number, parties: number): void {
  for (let cell = 0; cell < CELLS; cell += 1) Atomics.store(view, index + cell, 0);
  view[index + PARTIES] = parties;
}

export class MonitorBarrier {
  readonly #view: View;
  readonly #index: number;
  readonly #monitor: Mutex;

  constructor(view: View, index: number, owner: number) {
    this.#view = view;
    this.#index = index;
    this.#monitor = Mutex.attach(view, index + MONITOR, owner);
  }

  /** Makes six cells a barrier. Throws RangeError when the parties are no integer from 1 on. */
  static create(view: View, index: number, parties: number, owner: number = 63): MonitorBarrier {
    if (!Number.isInteger(parties) || parties < 1)
      throw new RangeError(
        `a barrier has 1 party or more, got ${parties}: create it for the threads that meet there`,
      );
    initialise(view, index, parties);
    return new this(view, index, owner);
  }

  /** A handle on a barrier that was created elsewhere. */
  static attach(view: View, index: number, owner: number = 63): MonitorBarrier {
    return new this(view, index, owner);
  }

  /** Arrives, and blocks until all parties have, for so long at most; else it breaks the barrier. */
  wait(limitMs: number = Infinity): 'leader' | 'follower' {
    this.checkLimit(limitMs);
    const generation = this.arrive();
    return generation === 'leader' ? 'leader' : this.follow(generation, limitMs);
  }

  /** Breaks the barrier for all. */
  abort(): void {
    this.#monitor.lock();
    this.#set(BROKEN, 1);
    this.#wakeAll();
    this.#monitor.unlock();
  }

  protected checkLimit(limitMs: number): void {
    if (!(limitMs >= 0))
      throw new RangeError(
        `a limit is a number of milliseconds from 0 on, got ${limitMs}: pass nothing for none`,
      );
  }

  /** Counts the thread in: it leads, or is in the generation of this number. */
  protected arrive(): 'leader' | number {
    this.#monitor.lock();
    try {
      if (this.#get(BROKEN) === 1) throw this.#broken();
      this.#set(ARRIVED, this.#get(ARRIVED) + 1);
      if (this.#get(ARRIVED) !== this.#get(PARTIES)) return this.#get(GENERATION);
      this.#set(ARRIVED, 0);
      this.#set(GENERATION, this.#get(GENERATION) + 1);
      this.#wakeAll();
      return 'leader';
    } finally {
      this.#monitor.unlock();
    }
  }

  /** Sleeps until the generation is over. */
  protected follow(generation: number, limitMs: number): 'follower' {
    const deadline = performance.now() + limitMs;
    for (let late = false; ; ) {
      const turn = Atomics.load(this.#view, this.#index + TURN);
      if (this.#isOver(generation, late)) return 'follower';
      const remainingMs = limitMs === Infinity ? Infinity : deadline - performance.now();
      late =
        remainingMs <= 0 || Atomics.wait(this.#view, this.#index + TURN, turn, remainingMs) === 'timed-out';
    }
  }

  #isOver(generation: number, late: boolean): boolean {
    this.#monitor.lock();
    try {
      if (this.#get(GENERATION) !== generation) return true;
      if (this.#get(BROKEN) === 1) throw this.#broken();
      if (!late) return false;
      this.#set(BROKEN, 1);
      this.#wakeAll();
      throw new TimeoutError('not all parties of the barrier arrived in time');
    } finally {
      this.#monitor.unlock();
    }
  }

  #broken(): BrokenBarrierError {
    return new BrokenBarrierError('the barrier was aborted, or a party gave up');
  }

  #wakeAll(): void {
    Atomics.add(this.#view, this.#index + TURN, 1);
    Atomics.notify(this.#view, this.#index + TURN);
  }

  #get(field: number): number {
    return this.#view[this.#index + field]!; // the view has the cells of the barrier
  }

  #set(field: number, value: number): void {
    this.#view[this.#index + field] = value;
  }
}
