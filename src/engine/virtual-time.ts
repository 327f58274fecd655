/**
 * The clock and the chance of an execution. The clock stands still but for time-outs that fire, time that passes while everybody spins, and a
 * microsecond for each look at it, counted by thread: how often one thread looks does not change what another one sees. Chance is a stream of numbers by thread,
 * the same in every execution.
 */
import { RandomSource } from '../strategy/random-source.ts';

/** Milliseconds that a look at the clock takes. */
const tick = 0.001;

export class VirtualTime {
  /** Milliseconds since the execution began. */
  clock = 0;
  /** How often each thread looked; the last is for `setup` and `check`. */
  readonly looks: Int32Array;
  readonly #streams: (RandomSource | undefined)[] = [];
  readonly #drawn: Uint8Array;
  /** Whether the execution has asked for either: most do not, and filling two arrays takes a thirtieth of a short one. */
  #asked = false;

  constructor(threads: number) {
    this.looks = new Int32Array(threads + 1);
    this.#drawn = new Uint8Array(threads + 1);
  }

  reset(): void {
    this.clock = 0;
    if (!this.#asked) return;
    this.#asked = false;
    this.looks.fill(0);
    this.#drawn.fill(0);
  }

  now(thread: number): number {
    this.#asked = true;
    return this.clock + ++this.looks[thread]! * tick;
  }

  /** In [0, 1). */
  draw(thread: number): number {
    this.#asked = true;
    let stream = this.#streams[thread];
    if (stream === undefined) {
      stream = new RandomSource();
      this.#streams[thread] = stream;
    }
    if (this.#drawn[thread] === 0) {
      this.#drawn[thread] = 1;
      stream.seed(0x7470, thread);
    }
    return stream.next() / 4294967296;
  }

  /** The threads have ended: who looks from here on sees what is later than all they saw. */
  settle(): void {
    if (!this.#asked) return;
    let most = 0;
    for (const looks of this.looks) if (looks > most) most = looks;
    this.looks[this.looks.length - 1] = most;
  }
}
