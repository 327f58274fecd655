/**
 * Waits for what workers have done, on the thread that owns a pool. After something has happened it looks by `setImmediate` for a moment, since a
 * wake-up across threads costs more than most small tasks; then it sleeps, by one `waitAsync` for all workers.
 */
import { Patience } from './patience.ts';
import type { Hold, PoolPlatform } from './platform.ts';
import type { TaskBoard } from './task-board.ts';

/** What the lookout asks of its pool, and tells it. */
export interface Watched {
  /** Settles what has ended; says whether there was anything. */
  collect(): boolean;
  /** Something has ended, or may have: deal, and look again. */
  onChange(): void;
  /** Does what is to be done now: deals, and looks whether anything can go on. */
  attend(): void;
  /** Whether results may come within the time that looking takes. */
  isBusy(): boolean;
  /** Whether the process must not end. */
  isNeeded(): boolean;
}

export class Lookout {
  readonly #board: TaskBoard;
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #patience: Patience;
  readonly #watched: Watched;
  readonly #platform: PoolPlatform;
  readonly #hold: Hold;
  #looking = false;
  #sleeping = false;
  #since = 0;
  #lookMs = 0;

  constructor(
    board: TaskBoard,
    view: Int32Array<SharedArrayBuffer>,
    spinMs: number,
    platform: PoolPlatform,
    watched: Watched,
  ) {
    this.#board = board;
    this.#view = view;
    this.#patience = new Patience(spinMs);
    this.#watched = watched;
    this.#platform = platform;
    this.#hold = platform.hold();
  }

  /** The pool is gone. */
  end(): void {
    this.#hold.end();
  }

  /** Something was begun: look for what comes of it. */
  look(): void {
    if (this.#looking) return;
    if (this.#sleeping) {
      // A wait by itself keeps nothing alive.
      this.keepAlive();
      this.#board.wake();
      return;
    }
    this.#looking = true;
    this.#begin();
    this.#platform.soon(this.#once);
  }

  #begin(): void {
    this.#lookMs = this.#watched.isBusy() ? this.#patience.begin() : 0;
    if (this.#lookMs > 0) this.#since = this.#platform.now();
  }

  /** Keeps the process alive while it is needed, by the pool's own word. */
  keepAlive(): void {
    this.#hold.set(this.#watched.isNeeded());
  }

  readonly #once = (): void => {
    if (this.#watched.collect()) {
      if (this.#lookMs > 0) this.#patience.paid();
      this.#watched.onChange();
      this.#begin();
      this.#platform.soon(this.#once);
      return;
    }
    if (this.#lookMs > 0 && this.#watched.isBusy()) {
      if (this.#platform.now() - this.#since < this.#lookMs) {
        this.#platform.soon(this.#once);
        return;
      }
      this.#patience.inVain();
    }
    this.#looking = false;
    this.#sleep();
  };

  #sleep(): void {
    const epoch = this.#board.announceSleep();
    if (this.#watched.collect()) {
      this.#board.endSleep();
      this.#watched.onChange();
      return;
    }
    // Workers have woken nobody before the announcement: when one said that its task waits, say.
    this.#watched.attend();
    this.keepAlive();
    const wait = this.#platform.waitAsync(this.#view, this.#board.eventCell, epoch);
    this.#sleeping = true;
    if (wait !== undefined) void wait.then(this.#awake);
    else this.#awake();
  }

  readonly #awake = (): void => {
    this.#sleeping = false;
    this.#board.endSleep();
    this.#watched.onChange();
  };
}
