/** Submissions that wait for room in a pool that is full, in their order. */
import { onAbort } from '../abort.ts';
import { Fifo } from '../fifo.ts';

interface Waiting {
  /** Tries; says whether there was room, or nothing to try any more. */
  readonly submit: () => boolean;
  readonly reject: (error: unknown) => void;
  readonly release: () => void;
  /** Whether it waits no more. */
  isGone: boolean;
}

export class WaitingRoom {
  readonly #waiting = new Fifo<Waiting>();
  #size = 0;
  readonly #onLeave: () => void;

  /** @param onLeave called when one has left without having been let in */
  constructor(onLeave: () => void) {
    this.#onLeave = onLeave;
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** Waits, unless the signal fires: then it is rejected with its reason. */
  enter(submit: () => boolean, reject: (error: unknown) => void, signal: AbortSignal | undefined): void {
    const leave = (): void => {
      this.#remove(waiting);
      reject(signal?.reason);
      this.#onLeave();
    };
    const waiting: Waiting = { submit, reject, release: onAbort(signal, leave), isGone: false };
    this.#waiting.push(waiting);
    this.#size += 1;
  }

  /** Lets in as many as there is room for. */
  admit(hasRoom: () => boolean): void {
    while (this.#size > 0 && hasRoom()) {
      const first = this.#waiting.first!; // of #size
      if (!first.isGone && !this.#enters(first)) return;
      this.#waiting.shift();
      this.#remove(first);
    }
  }

  rejectAll(error: Error): void {
    for (const waiting of this.#waiting.clear()) {
      if (waiting.isGone) continue;
      this.#remove(waiting);
      waiting.reject(error);
    }
  }

  #enters({ submit, reject }: Waiting): boolean {
    try {
      return submit();
    } catch (error) {
      // Its arguments cannot be read, say.
      reject(error);
      return true;
    }
  }

  #remove(waiting: Waiting): void {
    if (waiting.isGone) return;
    waiting.isGone = true;
    waiting.release();
    this.#size -= 1;
  }
}
