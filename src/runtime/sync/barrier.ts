/**
 * A reusable (cyclic) barrier in one packed word, so that an arrival learns its generation and its place by one
 * read-modify-write; two words, read one after the other, let the generation turn in between. Breaking is that of
 * `java.util.concurrent.CyclicBarrier`: for each generation either all parties pass or none does.
 * Departure: the last arrival leads (there is no barrier action), and an arrival too many is an error of its own.
 */
import { checkInt32Cells } from '../cell.ts';
import { BrokenBarrierError, NotCreatedError, TimeoutError, TooManyPartiesError } from '../errors.ts';
import { checkTimeout, deadlineAfter } from '../timeout.ts';
import { type SleepEnd, sleep, sleepAsync } from './sleep.ts';

// Cell 0: { arrived: bits 18 to 31, generation: bits 6 to 17, resets: bits 1 to 5, broken: bit 0 }
//   arrived     threads counted in since the generation (or the last reset) began. On top, so that arrivals at a broken
//               barrier, which nobody counts out, run off the word and never into the other fields.
//   generation  + 1 by the last arrival of each round, and by nothing else: another generation means "released".
//   resets      + 1 by each reset: the same generation with other resets means "broken since".
//   broken      set by abort and by a wait that gives up; cleared by reset only.
// Cell 1: parties, constant after create.
const BROKEN = 1;
const RESET = 1 << 1;
const RESETS = 31 << 1;
const GENERATION_SHIFT = 6;
const GENERATIONS = 4095 << GENERATION_SHIFT;
const ARRIVED_SHIFT = 18;
const ARRIVAL = 1 << ARRIVED_SHIFT;
const MAXIMUM_PARTIES = 8191;
const CELLS = 2;
/** What the leader gets for an arrival: no word of a barrier that is not broken. */
const LED = BROKEN;

/** What a thread is in one generation: exactly one thread is its leader. */
export type BarrierRole = 'leader' | 'follower';

/**
 * A point at which a fixed number of threads wait for each other, time and again. Lives in two neighbouring cells of an
 * `Int32Array` over shared memory; the object is a handle. Send view and index to other threads, and let them attach.
 *
 * Everything written by any party before its `wait` is visible to all after theirs.
 *
 * Use it from `parties` threads. Others cannot all be told apart (a stranger may be the first of the next round); those
 * that arrive when the round is complete get TooManyPartiesError.
 */
export class Barrier {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  /** The parties, once they were read; 0 before. */
  #parties: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number, parties: number) {
    checkInt32Cells(view, index, CELLS, 'a Barrier');
    this.#view = view;
    this.#index = index;
    this.#parties = parties;
  }

  /**
   * Makes two cells, at `index` and `index + 1`, a barrier for `parties` threads. One thread creates; the others attach.
   *
   * @throws RangeError when the parties are no integer from 1 to 8,191
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the cells leave the view
   */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, parties: number): Barrier {
    if (!Number.isInteger(parties) || parties < 1 || parties > MAXIMUM_PARTIES) {
      throw new RangeError(
        `a Barrier has from 1 to ${MAXIMUM_PARTIES} parties, got ${parties}: pass the number of threads that meet there`,
      );
    }
    const barrier = new Barrier(view, index, parties);
    Atomics.store(view, index, 0);
    Atomics.store(view, index + 1, parties);
    return barrier;
  }

  /** A handle on a barrier that was created elsewhere. Does not touch the cells. Throws TypeError, BoundsError as `create`. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): Barrier {
    return new Barrier(view, index, 0);
  }

  /**
   * Arrives, and blocks until all parties have. The last to arrive returns 'leader', the others 'follower'.
   * A wait that lasts longer than `timeoutMs` milliseconds breaks the barrier for all.
   *
   * Cost: leader 2 atomic operations and a notify; follower 2 and a sleep, more if it is disturbed.
   *
   * @throws RangeError when the limit is negative or NaN, before it arrives
   * @throws TimeoutError when the limit passed
   * @throws BrokenBarrierError when the barrier is broken, or breaks or is reset during the wait
   * @throws TooManyPartiesError when all parties are there already; they pass undisturbed
   * @throws NotCreatedError when nobody created a barrier in these cells, before it arrives
   * @throws TypeError on threads that must not block, unless they arrive last; that breaks the barrier, too: use
   *   {@link Barrier.waitAsync} there
   */
  wait(timeoutMs: number = Infinity): BarrierRole {
    checkTimeout(timeoutMs);
    const deadline = deadlineAfter(timeoutMs);
    const arrival = this.#arrive();
    if (arrival === LED) return 'leader';
    let seen = arrival;
    let end: SleepEnd = 'woken';
    for (;;) {
      if (end !== 'woken') this.#giveUp(seen, end, timeoutMs);
      // Partner: the notify of release, abort, reset or of a partner that gave up. Returns at once when another
      // thread arrived since the word was seen.
      else end = sleep(this.#view, this.#index, seen, deadline);
      seen = Atomics.load(this.#view, this.#index);
      if (this.#isReleased(seen, arrival)) return 'follower';
    }
  }

  /**
   * As {@link Barrier.wait}, without blocking the thread, for threads that must not. It has arrived when the call returns;
   * the promise resolves when all parties have. A pending call keeps the process alive. Rejects as `wait` throws.
   */
  async waitAsync(timeoutMs: number = Infinity): Promise<BarrierRole> {
    checkTimeout(timeoutMs);
    const deadline = deadlineAfter(timeoutMs);
    const arrival = this.#arrive();
    if (arrival === LED) return 'leader';
    let seen = arrival;
    let end: SleepEnd = 'woken';
    for (;;) {
      if (end !== 'woken') this.#giveUp(seen, end, timeoutMs);
      else end = await sleepAsync(this.#view, this.#index, seen, deadline);
      seen = Atomics.load(this.#view, this.#index);
      if (this.#isReleased(seen, arrival)) return 'follower';
    }
  }

  /** Counts this thread in, and returns the word as it then was; the last of the parties releases all, and gets LED. */
  #arrive(): number {
    const parties = this.parties();
    // Partner: the arrivals before this one, whose writes the leader must see, and the leader's compare-exchange that
    // opened this generation.
    const arrival = (Atomics.add(this.#view, this.#index, ARRIVAL) + ARRIVAL) | 0;
    if ((arrival & BROKEN) !== 0) throw this.#brokenError();
    const place = arrival >>> ARRIVED_SHIFT;
    if (place > parties) {
      // Not counted out again: that could hit the next generation. The leader's release, or a reset, drops the count.
      throw new TooManyPartiesError(
        `${place} threads arrived at the Barrier at index ${this.#index}, which has ${parties} parties: ` +
          'use it from that many threads, or create it for more',
      );
    }
    if (place < parties) return arrival;
    this.#release(arrival);
    return LED;
  }

  /** Breaks the barrier: all who wait, and all who come later, get BrokenBarrierError, until `reset`. */
  abort(): void {
    // Partner: the load of each follower, the compare-exchange of the leader, the add of later arrivals.
    Atomics.or(this.#view, this.#index, BROKEN);
    Atomics.notify(this.#view, this.#index);
  }

  /**
   * Opens the barrier for a new round, broken or not. Threads that still wait get BrokenBarrierError, and so does who
   * was broken before and has not noticed yet; dead threads are forgotten. The generation stays.
   */
  reset(): void {
    for (;;) {
      const seen = Atomics.load(this.#view, this.#index);
      const opened = (seen & GENERATIONS) | ((seen + RESET) & RESETS);
      // Partner: the load of each follower, the compare-exchange of the leader, which must not release any more.
      if (Atomics.compareExchange(this.#view, this.#index, seen, opened) === seen) break;
    }
    Atomics.notify(this.#view, this.#index);
  }

  /** Number of the current generation, 0 to 4,095, then 0 again. One atomic load. */
  generation(): number {
    return (Atomics.load(this.#view, this.#index) & GENERATIONS) >>> GENERATION_SHIFT;
  }

  /** Whether the barrier is broken. One atomic load. */
  isBroken(): boolean {
    return (Atomics.load(this.#view, this.#index) & BROKEN) !== 0;
  }

  /**
   * The number of threads that meet here. One atomic load the first time in an attached handle, none later.
   *
   * @throws NotCreatedError when nobody created a barrier in these cells
   */
  parties(): number {
    if (this.#parties > 0) return this.#parties;
    // Partner: the second store of create.
    const parties = Atomics.load(this.#view, this.#index + 1);
    if (parties < 1 || parties > MAXIMUM_PARTIES) {
      throw new NotCreatedError(
        `there is no Barrier at index ${this.#index} (parties: ${parties}): one thread must call Barrier.create first`,
      );
    }
    this.#parties = parties;
    return parties;
  }

  /** The last arrival opens the next generation and wakes the others. */
  #release(arrival: number): void {
    let seen = arrival;
    for (;;) {
      // No store: it would erase a break that came after the arrival.
      const next = (seen & RESETS) | ((seen + (1 << GENERATION_SHIFT)) & GENERATIONS);
      // Partner: the load of each follower, which must see the writes of all parties.
      const found = Atomics.compareExchange(this.#view, this.#index, seen, next);
      if (found === seen) break;
      // Changed by a break, by a reset, or by an arrival too many, which is dropped with the rest.
      if (((found ^ arrival) & (RESETS | BROKEN)) !== 0) throw this.#brokenError();
      seen = found;
    }
    Atomics.notify(this.#view, this.#index);
  }

  /** Whether the generation of `arrival` is over, to judge by the word `seen`. Throws when it never will be. */
  #isReleased(seen: number, arrival: number): boolean {
    // Partner: the leader's compare-exchange. A wake-up alone proves nothing; the generation does. It is looked at
    // first: who was released stays so, even if the next generation broke before this thread ran again.
    if (((seen ^ arrival) & GENERATIONS) !== 0) return true;
    if (((seen ^ arrival) & (RESETS | BROKEN)) !== 0) throw this.#brokenError();
    return false;
  }

  /** Breaks the barrier for all, and throws why; does nothing when the word is no longer `seen`. */
  #giveUp(seen: number, end: 'late' | Error, timeoutMs: number): void {
    // Only from the word that was just seen: the release may have come at the last moment.
    if (Atomics.compareExchange(this.#view, this.#index, seen, seen | BROKEN) !== seen) return;
    Atomics.notify(this.#view, this.#index);
    if (end !== 'late') throw end;
    throw new TimeoutError(
      `the parties of the Barrier at index ${this.#index} did not all arrive within ${timeoutMs} ms: ` +
        'it is broken; call reset() once the cause is gone',
    );
  }

  #brokenError(): BrokenBarrierError {
    return new BrokenBarrierError(
      `the Barrier at index ${this.#index} is broken: it was aborted or reset, or a party gave up waiting; ` +
        'call reset() once all parties know',
    );
  }
}
