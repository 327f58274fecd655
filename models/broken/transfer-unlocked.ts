/**
 * A transfer between two cells that takes its batch for one atomic step.
 *
 * Fault A1. Shortest interleaving, 3 steps: T0 sub; T1 load, load: the amount is in neither cell; T0 add.
 *
 * Odds: see properties/broken.ts
 */
import { AtomicBatch } from '../../src/runtime/atomics/atomic-batch.ts';

/** Moves amounts from cell 1 to cell 2. */
export class UnlockedTransfer {
  readonly #batch: AtomicBatch;

  private constructor(view: Int32Array<SharedArrayBuffer>) {
    this.#batch = AtomicBatch.create(view, { capacity: 2 });
  }

  static create(_view: Int32Array<SharedArrayBuffer>): void {}

  static attach(view: Int32Array<SharedArrayBuffer>): UnlockedTransfer {
    return new UnlockedTransfer(view);
  }

  move(amount: number): void {
    this.#batch.sub(1, amount);
    this.#batch.add(2, amount);
    // FAULT A1: others see the cells between the two. Hold a Mutex.
    this.#batch.execute();
  }

  total(): number {
    const first = this.#batch.load(1);
    const second = this.#batch.load(2);
    this.#batch.execute();
    return this.#batch.result(first) + this.#batch.result(second);
  }
}
