/**
 * An event count (see event-count.ts) that counts its wake-ups, after `signals` in Vyukov's event count of Eigen
 * (`EventCount.h`). A thread that was woken needs some 50 microseconds until it runs. Until then it is known here to be on its
 * way, and further changes, a thousand perhaps, need not wake anybody: two loads each in place of an add and a notify.
 * Departure: sleepers are not told apart; whoever takes a wake-up that was meant for another one looks in its place.
 */
import { sleepAsync } from '../sync/sleep.ts';

// Cells from the index on:
//   0 due       wake-ups that were given, and not taken yet. Who sleeps, sleeps on this cell, and on the value 0.
//   1 sleepers  threads between `enter` and `leave`.
// Invariant: while a thread is asleep, `due` is at most the number of threads that were notified and have not come to take
// their wake-up, plus the notifies that are yet to follow their wake-ups. Because a thread falls asleep at 0 only, each
// wake-up is followed by a notify, and a notified thread takes one as long as there are any.
const SLEEPERS = 1;

/**
 * The sleeping side: `enter()`, then time and again a look at the condition and `sleep()`; at last `leave()`.
 * The waking side: change the condition by an atomic operation, then `wake`.
 *
 * No change goes unseen, because of the single order of atomic operations. Who enters after `wake` has read the sleepers looks
 * later still. As for those before: if a wake-up is given, somebody takes it, and looks. If all that are there have one due
 * already, then either nobody is asleep, and who is about to sleep finds it; or, by the invariant, a thread or a notify is on
 * its way, and that thread looks after it has taken its wake-up. One look for each change may not be enough where changes
 * take effect out of turn: who leaves must then pass on what it leaves behind, by another `wake`.
 */
export class WakeUps {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  /** A handle; touches no cell. Zero is a new one. */
  constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  /** Announces that this thread may sleep. */
  enter(): void {
    // Partner: the load of the sleepers in wake.
    Atomics.add(this.#view, this.#index + SLEEPERS, 1);
  }

  leave(): void {
    Atomics.sub(this.#view, this.#index + SLEEPERS, 1);
  }

  /** Sleeps until a wake-up is due, and takes it, or until the limit in milliseconds. Says nothing about the condition. */
  sleep(timeoutMs: number): void {
    // Partner: the compare-exchange and the notify of wake.
    if (Atomics.wait(this.#view, this.#index, 0, timeoutMs) !== 'timed-out') this.#take();
  }

  /** As {@link WakeUps.sleep} without a limit, without blocking the thread. */
  async sleepAsync(): Promise<void> {
    // Partner: as in sleep. All that sleep so in one thread are notified together, and each takes a wake-up if there is one.
    await sleepAsync(this.#view, this.#index, 0);
    this.#take();
  }

  /**
   * Gives a wake-up to `count` of those who sleep or are about to, unless all of them have one due.
   * One atomic load if there are none, two if they have.
   */
  wake(count: number): void {
    // Partner: the add in enter.
    const sleepers = Atomics.load(this.#view, this.#index + SLEEPERS);
    if (sleepers === 0) return;
    for (;;) {
      // Partner: the compare-exchange of who takes one.
      const due = Atomics.load(this.#view, this.#index);
      if (due >= sleepers) return;
      const next = Math.min(due + count, sleepers);
      if (Atomics.compareExchange(this.#view, this.#index, due, next) !== due) continue;
      // A thread that dies here would leave a sleeper behind; engines end threads at calls and loops only.
      Atomics.notify(this.#view, this.#index, next - due);
      return;
    }
  }

  /** Takes a wake-up. There may be none: then another thread took it, and looks. */
  #take(): void {
    for (;;) {
      const due = Atomics.load(this.#view, this.#index);
      if (due === 0 || Atomics.compareExchange(this.#view, this.#index, due, due - 1) === due) return;
    }
  }
}
