import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundsError, EmptyBatchError, OutOfMemoryError } from '../errors.ts';
import { AtomicBatch } from './atomic-batch.ts';
import type { KernelMemory } from './batch-kernel.ts';

declare const WebAssembly: {
  readonly Memory: new (shape: { initial: number; maximum: number; shared: true }) => KernelMemory;
};

const PAGE = 65_536;
const makeMemory = () => new WebAssembly.Memory({ initial: 2, maximum: 4, shared: true });
const int32 = (memory: KernelMemory, offset = 0, length = 8) =>
  new Int32Array(memory.buffer as SharedArrayBuffer, offset, length);

const names = ['store', 'add', 'sub', 'and', 'or', 'xor', 'exchange'] as const;
type Call =
  | readonly ['load', number]
  | readonly [(typeof names)[number], number, number]
  | readonly ['compareExchange', number, number, number];

const cell = fc.nat(7);
const value = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer());
const calls: fc.Arbitrary<readonly Call[]> = fc.array(
  fc.oneof(
    fc.tuple(fc.constant('load' as const), cell),
    fc.tuple(fc.constantFrom(...names), cell, value),
    fc.tuple(fc.constant('compareExchange' as const), cell, value, value),
  ),
  { minLength: 1, maxLength: 40 },
);

function queue(batch: AtomicBatch, list: readonly Call[]): void {
  for (const call of list) {
    if (call[0] === 'load') batch.load(call[1]);
    else if (call[0] === 'compareExchange') batch.compareExchange(call[1], call[2], call[3]);
    else batch[call[0]](call[1], call[2]);
  }
}

function run(batch: AtomicBatch, list: readonly Call[]): number[] {
  queue(batch, list);
  const count = batch.execute();
  return Array.from({ length: count }, (_, operation) => batch.result(operation));
}

/** What `Atomics` answers, one call after the other. */
function expected(view: Int32Array<SharedArrayBuffer>, list: readonly Call[]): number[] {
  return list.map((call) => {
    if (call[0] === 'load') return Atomics.load(view, call[1]);
    if (call[0] === 'compareExchange') return Atomics.compareExchange(view, call[1], call[2], call[3]);
    return Atomics[call[0]](view, call[1], call[2]);
  });
}

describe('W-5 AtomicBatch', () => {
  it('in JavaScript and in WebAssembly, does what Atomics does, call by call', () => {
    const memory = makeMemory();
    const plain = new Int32Array(new SharedArrayBuffer(32));
    const views = [new Int32Array(new SharedArrayBuffer(64), 32), int32(memory, 192)] as const;
    const batches = [
      AtomicBatch.create(views[0], { capacity: 40 }),
      AtomicBatch.create(views[1], { capacity: 40, kernel: { memory, offset: PAGE } }),
    ];
    fc.assert(
      fc.property(calls, (list) => {
        const results = expected(plain, list);
        batches.forEach((batch, i) => {
          expect(run(batch, list)).toEqual(results);
          expect([...views[i]!]).toEqual([...plain]); // two of each
        });
      }),
      { numRuns: 1000 },
    );
    // The kernel wrote nowhere else.
    expect(
      [...new Uint8Array(memory.buffer, 0, 192), ...new Uint8Array(memory.buffer, 224, 64)].every(
        (b) => b === 0,
      ),
    ).toBe(true);
    expect(new Uint8Array(memory.buffer, PAGE + 640).every((byte) => byte === 0)).toBe(true);
  });

  describe.each([['JavaScript'], ['WebAssembly']])('in %s', (where) => {
    const make = (capacity: number) => {
      const memory = makeMemory();
      const view = int32(memory);
      const kernel = where === 'WebAssembly' ? { kernel: { memory, offset: PAGE } } : {};
      return { view, batch: AtomicBatch.create(view, { capacity, ...kernel }) };
    };

    it('A2: runs once, and needs a refill', () => {
      const { view, batch } = make(4);
      const empty = new EmptyBatchError(
        'nothing is queued in the AtomicBatch: a batch runs once, queue it again',
      );
      expect(() => batch.execute()).toThrow(empty);
      expect([batch.add(1, 5), batch.load(1), batch.size]).toEqual([0, 1, 2]);
      expect([batch.execute(), batch.size, batch.result(0), batch.result(1)]).toEqual([2, 0, 0, 5]);
      expect(() => batch.execute()).toThrow(empty);
      expect([batch.result(0), view[1]]).toEqual([0, 5]);
      expect([batch.add(1, 5), batch.execute(), batch.result(0), view[1]]).toEqual([0, 1, 5, 10]);
    });

    it('results are there from the run to the next queueing', () => {
      const { batch } = make(4);
      const none =
        'there are no results to read number 0 of: call execute() first, and read before queueing again';
      expect(() => batch.result(0)).toThrow(new BoundsError(none));
      batch.load(0);
      expect(() => batch.result(0)).toThrow(new BoundsError(none));
      batch.execute();
      expect(batch.result(0)).toBe(0);
      for (const operation of [1, -1, 0.5]) {
        expect(() => batch.result(operation)).toThrow(
          new BoundsError(`the last execute has results 0 to 0, got ${operation}`),
        );
      }
      batch.load(0);
      expect(() => batch.result(0)).toThrow(BoundsError);
    });

    it('is full at its capacity, and stays what it was', () => {
      const { batch } = make(2);
      batch.store(0, 1);
      batch.add(0, 1);
      expect(() => batch.load(0)).toThrow(
        new OutOfMemoryError(
          'the AtomicBatch is full with 2 operations: execute it, or create it with a larger capacity',
          16,
          0,
          0,
        ),
      );
      expect([batch.execute(), batch.result(1)]).toEqual([2, 1]);
    });

    it.each([[-1], [8], [0.5], [NaN]])('refuses index %s', (index) => {
      const { batch } = make(2);
      expect(() => batch.load(index)).toThrow(
        new BoundsError(
          `an AtomicBatch on a view of 8 cells got index ${index}: pass an integer from 0 to 7`,
        ),
      );
      expect(batch.size).toBe(0);
    });
  });

  it('refuses what makes no sense', () => {
    const view = new Int32Array(new SharedArrayBuffer(32));
    for (const capacity of [0, 1.5, 2 ** 20 + 1]) {
      expect(() => AtomicBatch.create(view, { capacity })).toThrow(
        new RangeError(`the capacity of an AtomicBatch is an integer from 1 to 2^20, got ${capacity}`),
      );
    }
    expect(() => AtomicBatch.create(new Int32Array(8) as never)).toThrow(TypeError);
    expect(() => AtomicBatch.create(view.subarray(0, 0))).toThrow(BoundsError);
    const memory = makeMemory();
    expect(() => AtomicBatch.create(view, { kernel: { memory, offset: 0 } })).toThrow(
      new TypeError(
        'the kernel of an AtomicBatch works in its WebAssembly.Memory only, but the view is of another buffer: ' +
          'make the view of memory.buffer (anew when the memory has grown)',
      ),
    );
    for (const offset of [2, -4, 2 * PAGE - 12, NaN]) {
      expect(() => AtomicBatch.create(int32(memory), { capacity: 1, kernel: { memory, offset } })).toThrow(
        new BoundsError(
          `the records of an AtomicBatch take 16 bytes from offset ${offset}, a multiple of 4, but the memory has ${2 * PAGE} bytes`,
        ),
      );
    }
  });
});
