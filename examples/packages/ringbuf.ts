/** Programs over `ringbuf.js` 0.4.0 from npm, unmodified: a ring for one producer and one consumer. What came of them is in docs/packages.md. */
import { RingBuffer } from 'ringbuf.js';
import type { Program } from 'threadproof';

function ring(storage: SharedArrayBuffer): RingBuffer {
  return new RingBuffer(storage, Uint8Array);
}

function expect(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

/** Three batches through a ring of three places: the consumer gets a prefix of what was pushed, in order. */
export const ordered: Program<SharedArrayBuffer, SharedArrayBuffer, number[]> = {
  threads: 2,
  setup: () => RingBuffer.getStorageForCapacity(3, Uint8Array),
  thread(id, storage): number[] {
    const buffer = ring(storage);
    const seen: number[] = [];
    if (id === 0) {
      let next = 1;
      for (let batch = 0; batch < 3; batch++) {
        const pushed = buffer.push(Uint8Array.of(next, next + 1));
        for (let i = 0; i < pushed; i++) seen.push(next++);
      }
      return seen;
    }
    for (let batch = 0; batch < 3; batch++) {
      const into = new Uint8Array(2);
      const popped = buffer.pop(into);
      seen.push(...into.subarray(0, popped));
    }
    return seen;
  },
  check(_storage, [pushed, popped]): void {
    expect(pushed!.join().startsWith(popped!.join()), `pushed ${pushed!.join()}, popped ${popped!.join()}`);
  },
};

/** Two producers, against the rule of the package ("single producer"): a byte that was accepted is lost. */
export const producers: Program<SharedArrayBuffer, SharedArrayBuffer, number> = {
  threads: 2,
  setup: () => RingBuffer.getStorageForCapacity(4, Uint8Array),
  thread(id, storage): number {
    const buffer = ring(storage);
    return buffer.push(Uint8Array.of(id + 1));
  },
  check(storage, results): void {
    const accepted = results[0]! + results[1]!;
    const held = ring(storage).availableRead();
    expect(held === accepted, `${accepted} bytes were accepted, the ring holds ${held}`);
  },
};
