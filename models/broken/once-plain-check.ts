/**
 * A Once that is checked twice, the first time plainly: double-checked initialisation.
 *
 * Fault ONCE-PLAIN. Every value is right, but who finds it done by a plain read is ordered after nothing: T0 run (store DONE); T1 reads the word, returns, and may see the
 * work as it was before. Only the order of accesses shows it.
 *
 * Odds: see properties/broken.ts
 */
import { ReentryError, TimeoutError } from '../../src/runtime/errors.ts';

// The word: FRESH, DONE, or the id of the thread that runs it.
const FRESH = 0;
const DONE = -1;

/** A Once that publishes nothing to who comes late. Lives in one cell. */
export class PlainCheckOnce {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #owner: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number, owner: number) {
    this.#view = view;
    this.#index = index;
    this.#owner = owner;
  }

  /** Makes the cell a Once that has not run. `owner` is the id of the thread that uses the handle, from 1 on. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, owner: number): PlainCheckOnce {
    Atomics.store(view, index, FRESH);
    return new PlainCheckOnce(view, index, owner);
  }

  /** A handle on a Once that was created elsewhere. Does not touch the cell. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number, owner: number): PlainCheckOnce {
    return new PlainCheckOnce(view, index, owner);
  }

  /**
   * Runs `action`, unless a run has succeeded; waits while another runs. True if it ran. Throws what `action` throws, ReentryError when this
   * thread runs it already, TimeoutError when another runs for longer than the limit.
   */
  run(action: () => void, timeoutMs: number = Infinity): boolean {
    // FAULT ONCE-PLAIN: this orders nothing. Load by Atomics.
    if (this.#view[this.#index] === DONE) return false;
    let expired = false;
    for (;;) {
      const seen = Atomics.load(this.#view, this.#index);
      if (seen === DONE) return false;
      if (seen === this.#owner) throw new ReentryError(`thread ${seen} runs the Once already`);
      if (seen === FRESH) {
        if (Atomics.compareExchange(this.#view, this.#index, FRESH, this.#owner) === FRESH) break;
        continue;
      }
      if (expired) throw new TimeoutError(`thread ${seen} was not through within ${timeoutMs} ms`);
      expired = Atomics.wait(this.#view, this.#index, seen, timeoutMs) === 'timed-out';
    }
    let next = FRESH;
    try {
      action();
      next = DONE;
    } finally {
      Atomics.store(this.#view, this.#index, next);
      Atomics.notify(this.#view, this.#index);
    }
    return true;
  }

  /** Whether a run has succeeded. */
  isDone(): boolean {
    return Atomics.load(this.#view, this.#index) === DONE;
  }
}
