/** Submissions that wait for room in a pool that is full, in their order. */

interface Waiting {
  /** Tries; says whether there was room, or nothing to try any more. */
  readonly submit: () => boolean;
  readonly reject: (error: unknown) => void;
  readonly release: () => void;
}

export class WaitingRoom {
  readonly #waiting: Waiting[] = [];
  readonly #onLeave: () => void;

  /** @param onLeave called when one has left without having been let in */
  constructor(onLeave: () => void) {
    this.#onLeave = onLeave;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Waits, unless the signal fires: then it is rejected with its reason. */
  enter(submit: () => boolean, reject: (error: unknown) => void, signal: AbortSignal | undefined): void {
    const leave = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      reject(signal?.reason);
      this.#onLeave();
    };
    const waiting = { submit, reject, release: () => signal?.removeEventListener('abort', leave) };
    signal?.addEventListener('abort', leave, { once: true });
    this.#waiting.push(waiting);
  }

  /** Lets in as many as there is room for. */
  admit(hasRoom: () => boolean): void {
    while (this.#waiting.length > 0 && hasRoom()) {
      const [first] = this.#waiting as [Waiting]; // not empty
      if (!first.submit()) return;
      this.#waiting.shift();
      first.release();
    }
  }

  rejectAll(error: Error): void {
    for (const { reject, release } of this.#waiting.splice(0)) {
      release();
      reject(error);
    }
  }
}
