/**
 * A batch that keeps its queue when it is run.
 *
 * Fault A2: a second run takes effect a second time, and with a refill in between what was queued before runs again too. No interleaving needed.
 *
 * Odds: see properties/broken.ts
 */
import { AtomicBatch } from '../../src/runtime/atomics/atomic-batch.ts';
import { EmptyBatchError } from '../../src/runtime/errors.ts';

type Call = readonly [
  name: 'load' | 'store' | 'add' | 'sub' | 'and' | 'or' | 'xor' | 'exchange',
  index: number,
  value: number,
];

/** A batch whose operations take effect each time that it is run. */
export class RepeatingBatch {
  readonly #batch: AtomicBatch;
  readonly #queue: (Call | readonly ['compareExchange', number, number, number])[] = [];

  private constructor(view: Int32Array<SharedArrayBuffer>) {
    this.#batch = AtomicBatch.create(view);
  }

  static create(view: Int32Array<SharedArrayBuffer>): RepeatingBatch {
    return new RepeatingBatch(view);
  }

  load(index: number): number {
    return this.#queue.push(['load', index, 0]) - 1;
  }

  store(index: number, value: number): number {
    return this.#queue.push(['store', index, value]) - 1;
  }

  add(index: number, value: number): number {
    return this.#queue.push(['add', index, value]) - 1;
  }

  sub(index: number, value: number): number {
    return this.#queue.push(['sub', index, value]) - 1;
  }

  and(index: number, value: number): number {
    return this.#queue.push(['and', index, value]) - 1;
  }

  or(index: number, value: number): number {
    return this.#queue.push(['or', index, value]) - 1;
  }

  xor(index: number, value: number): number {
    return this.#queue.push(['xor', index, value]) - 1;
  }

  exchange(index: number, value: number): number {
    return this.#queue.push(['exchange', index, value]) - 1;
  }

  compareExchange(index: number, expected: number, replacement: number): number {
    return this.#queue.push(['compareExchange', index, expected, replacement]) - 1;
  }

  execute(): number {
    if (this.#queue.length === 0) throw new EmptyBatchError('nothing is queued');
    for (const call of this.#queue) {
      if (call[0] === 'compareExchange') this.#batch.compareExchange(call[1], call[2], call[3]);
      else this.#batch[call[0]](call[1], call[2]);
    }
    // FAULT A2: the queue stays, and runs again. Empty it.
    return this.#batch.execute();
  }

  result(operation: number): number {
    return this.#batch.result(operation);
  }
}
