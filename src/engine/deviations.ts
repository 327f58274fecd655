/** The choices of an execution that differ from the base order, as they are made: three growing columns, nothing allocated for each. */
import type { Deviation } from '../schedule/deviation.ts';

export class Deviations {
  count = 0;
  #steps = new Int32Array(64);
  #threads = new Uint8Array(64);
  #checks = new Int32Array(64);

  add(step: number, thread: number, fingerprint: number): void {
    const i = this.count++;
    if (i === this.#steps.length) {
      this.#steps = grown(this.#steps, new Int32Array(i * 2));
      this.#threads = grown(this.#threads, new Uint8Array(i * 2));
      this.#checks = grown(this.#checks, new Int32Array(i * 2));
    }
    this.#checks[i] = fingerprint & 1023;
    this.#steps[i] = step;
    this.#threads[i] = thread;
  }

  list(): Deviation[] {
    return Array.from({ length: this.count }, (_, i) => ({
      at: this.#steps[i]!,
      thread: this.#threads[i]!,
      check: this.#checks[i]!,
    }));
  }
}

function grown<A extends Int32Array | Uint8Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
