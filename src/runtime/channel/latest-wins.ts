/**
 * Who is next: one thing is processed at a time, the latest few wait, and what is older is dropped. Plain and synchronous; the
 * counterpart of Inbox for one thread's objects. With a capacity of Infinity it is a queue: one at a time, in order.
 */

/** `offered = processed + dropped + queued`. What is being processed counts as processed. */
export interface LatestWinsStats {
  readonly offered: number;
  readonly processed: number;
  readonly dropped: number;
  readonly queued: number;
}

export class LatestWins<Item> {
  readonly #capacity: number;
  readonly #queue: Item[] = [];
  #busy = false;
  #processed = 0;
  #dropped = 0;

  /** @throws RangeError when the capacity is neither an integer from 1 nor Infinity */
  constructor(capacity: number = 1) {
    if (capacity !== Infinity && !(Number.isInteger(capacity) && capacity >= 1)) {
      throw new RangeError(`the capacity of a LatestWins is an integer from 1, or Infinity, got ${capacity}`);
    }
    this.#capacity = capacity;
  }

  /** Takes an item in. Says what to begin now, and what was dropped for it: the oldest that waits, never the newest. */
  offer(item: Item): { readonly begin: readonly Item[]; readonly dropped: readonly Item[] } {
    if (!this.#busy) {
      this.#busy = true;
      this.#processed += 1;
      return { begin: [item], dropped: [] };
    }
    this.#queue.push(item);
    const dropped = this.#queue.length > this.#capacity ? this.#queue.splice(0, 1) : [];
    this.#dropped += dropped.length;
    return { begin: [], dropped };
  }

  /** What was being processed is done. Says what to begin now: the oldest that waits. */
  done(): readonly Item[] {
    const begin = this.#queue.splice(0, 1);
    this.#busy = begin.length > 0;
    this.#processed += begin.length;
    return begin;
  }

  /** Takes back what waits and fits; it counts as dropped. */
  withdraw(fits: (item: Item) => boolean): readonly Item[] {
    const withdrawn = this.#queue.filter(fits);
    for (const item of withdrawn) this.#queue.splice(this.#queue.indexOf(item), 1);
    this.#dropped += withdrawn.length;
    return withdrawn;
  }

  stats(): LatestWinsStats {
    const [processed, dropped, queued] = [this.#processed, this.#dropped, this.#queue.length];
    return { offered: processed + dropped + queued, processed, dropped, queued };
  }
}
