/** What MpmcQueue, SpscRing and Inbox have in common, and then each one's own. */
import { describe, expect, it } from 'vitest';
import { type Codec, codecs } from '../codec.ts';
import {
  AlignmentError,
  BoundsError,
  ClosedError,
  NotCreatedError,
  PoisonedError,
  RoleTakenError,
} from '../errors.ts';
import { Inbox } from './inbox.ts';
import { MpmcQueue } from './mpmc-queue.ts';
import type { QueueHandle } from './queue-handle.ts';
import { SpscRing } from './spsc-ring.ts';

const cells = (count = 1024) => new Int32Array(new SharedArrayBuffer(count * 4));

/** Runs `step` when a thread is about to sleep, in place of the sleep: what other threads do meanwhile. */
function asleep<T>(step: (sleeps: number) => void, body: () => T): T {
  const { wait } = Atomics;
  let sleeps = 0;
  Atomics.wait = (() => {
    sleeps += 1;
    if (sleeps > 10) throw new Error('sleeps for ever');
    step(sleeps);
    return 'ok';
  }) as typeof wait;
  try {
    return body();
  } finally {
    Atomics.wait = wait;
  }
}

const pair = codecs.struct({ id: codecs.int32, at: codecs.float64 });

/** A codec that throws half-way through what it writes. */
const fragile: Codec<number> = {
  name: 'fragile',
  words: 1,
  write(words, index, value) {
    words[index] = value;
    if (value < 0) throw new TypeError('no such item');
  },
  read: (words, index) => words[index]!, // reserved
};

const rings = [
  ['MpmcQueue', MpmcQueue, 'an MpmcQueue'],
  ['SpscRing', SpscRing, 'an SpscRing'],
] as const;

describe.each([...rings, ['Inbox', Inbox, 'an Inbox']] as const)('W-11 %s', (name, Queue, primitive) => {
  const put = (queue: object, item: unknown) => {
    const call = (queue as Record<string, (item: unknown) => unknown>)[name === 'Inbox' ? 'offer' : 'tryPut'];
    return call!.call(queue, item); // each has one of the two
  };

  it('items leave in the order in which they came, round and round', () => {
    const queue = Queue.create(cells(), 16, 4, codecs.int32);
    const attached = Queue.attach(structuredClone(queue.handle), codecs.int32);
    const sharing = Queue.attach(queue.handle, codecs.int32);
    expect(attached.tryTake()).toBeUndefined();
    for (let round = 0; round < 3; round += 1) {
      for (const item of [1, 2, 3]) put(queue, 10 * round + item);
      expect([sharing.take(), sharing.tryTake(), sharing.takeFor(0)]).toEqual(
        [1, 2, 3].map((i) => 10 * round + i),
      );
      expect([sharing.tryTake(), sharing.takeFor(0), sharing.takeFor(1)]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    }
  });

  it('items are of any codec, and whole', () => {
    const queue = Queue.create(cells(), 0, 2, pair);
    put(queue, { id: 1, at: 0.5 });
    put(queue, { id: 2, at: -0.25 });
    expect([queue.take(), queue.take()]).toEqual([
      { id: 1, at: 0.5 },
      { id: 2, at: -0.25 },
    ]);
  });

  it('stays in its cells', () => {
    const view = cells(1024).fill(-7);
    const size = Queue.cells(2, pair);
    const queue = Queue.create(view, 16, 2, pair);
    for (let i = 0; i < 5; i += 1) {
      put(queue, { id: i, at: i });
      queue.take();
    }
    expect(size % 16).toBe(0);
    expect(view.subarray(0, 16).every((cell) => cell === -7)).toBe(true);
    expect(view.subarray(16 + size).every((cell) => cell === -7)).toBe(true);
  });

  it('W-17: attach touches no cell', () => {
    const view = cells();
    const handle: QueueHandle = { view, index: 0, capacity: 2, words: 1 };
    const queue = Queue.attach(handle, codecs.int32);
    expect(view.every((cell) => cell === 0)).toBe(true);
    const error = new NotCreatedError(
      `there is no ${name} of 2 items at index 0 (found: 0): one thread must create it first, and the others attach by its handle`,
    );
    expect(() => put(queue, 1)).toThrow(error);
    expect(() => queue.take()).toThrow(error);
    expect(() => queue.tryTake()).toThrow(error);
    expect(() => queue.takeFor(1)).toThrow(error);
    expect(() => queue.close()).toThrow(error);
    expect(view.every((cell) => cell === 0)).toBe(true);
    Queue.create(view, 0, 2, codecs.int32);
    put(queue, 1);
    expect(queue.take()).toBe(1);
  });

  it('a take that waits gets the next item, however often it wakes in vain', () => {
    const queue = Queue.create(cells(), 0, 2, codecs.int32);
    const partner = Queue.attach(queue.handle, codecs.int32);
    const step = (sleeps: number) => {
      if (sleeps === 3) put(partner, 7);
    };
    expect(asleep(step, () => queue.take())).toBe(7);
    expect(asleep(step, () => queue.takeFor(60_000))).toBe(7);
  });

  it('closing lets nothing in, and everything out', () => {
    const queue = Queue.create(cells(), 0, 4, codecs.int32);
    const partner = Queue.attach(queue.handle, codecs.int32);
    put(queue, 1);
    put(queue, 2);
    expect([partner.isClosed(), partner.close(), queue.close(), queue.isClosed()]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(() => put(queue, 3)).toThrow(
      new ClosedError(`the ${name} at index 0 is closed: nothing more goes in`),
    );
    expect([queue.take(), queue.takeFor(5)]).toEqual([1, 2]);
    const what =
      name === 'Inbox' ? 'everything in it has been taken' : 'everything that was put has been taken';
    const drained = new ClosedError(`the ${name} at index 0 is closed: ${what}`);
    expect(() => queue.take()).toThrow(drained);
    expect(() => queue.tryTake()).toThrow(drained);
    expect(() => queue.takeFor(5)).toThrow(drained);
  });

  it('closing ends a take that waits', () => {
    const queue = Queue.create(cells(), 0, 4, codecs.int32);
    expect(() =>
      asleep(
        () => queue.close(),
        () => queue.take(),
      ),
    ).toThrow(ClosedError);
    // Nobody is counted as a sleeper any more.
    const view = queue.handle.view;
    expect([view[33], view[49]]).toEqual([0, 0]);
  });

  it('an item that the codec refuses is not put, and leaves no place taken', () => {
    const queue = Queue.create(cells(), 0, 2, fragile);
    expect(() => put(queue, -1)).toThrow(new TypeError('no such item'));
    expect(queue.tryTake()).toBeUndefined();
    put(queue, 5);
    expect(queue.take()).toBe(5);
  });

  it.each([[-1], [NaN]])('B8: refuses a limit of %s', (limit) => {
    const queue = Queue.create(cells(), 0, 2, codecs.int32);
    expect(() => queue.takeFor(limit)).toThrow(RangeError);
  });

  it('refuses cells that are not there, not on a line, or of another kind', () => {
    const size = Queue.cells(4, codecs.int32);
    expect(() => Queue.create(cells(size), 16, 4, codecs.int32)).toThrow(
      new BoundsError(
        `${primitive} takes ${size} cells from index 16, but the view has ${size}: pass an integer index from 0 to 0`,
      ),
    );
    expect(() => Queue.create(cells(), 1, 4, codecs.int32)).toThrow(
      new AlignmentError(
        `${primitive} begins on a multiple of 64 bytes, but index 1 is byte 4 of the buffer: an Allocator gives such offsets`,
      ),
    );
    expect(() => Queue.create(new Int32Array(1024) as never, 0, 4, codecs.int32)).toThrow(TypeError);
  });

  it('refuses a codec of another size', () => {
    const queue = Queue.create(cells(), 0, 4, codecs.int32);
    expect(() => Queue.attach(queue.handle, pair as never)).toThrow(
      new TypeError(
        `the items of ${primitive} at index 0 have 1 words, but struct { id, at } has 3: ` +
          'attach with the codec that it was created with',
      ),
    );
  });

  it.each([[0], [-2], [1.5], [NaN], [2 ** 25]])('refuses a capacity of %s', (capacity) => {
    const kind = name === 'Inbox' ? 'an integer' : 'a power of two';
    expect(() => Queue.create(cells(), 0, capacity, codecs.int32)).toThrow(
      new RangeError(`the capacity of ${primitive} is ${kind} from 1 to 2^24 items, got ${capacity}`),
    );
  });
});

describe.each(rings)('W-11 %s', (name, Queue, primitive) => {
  it('is full at its capacity, 1 included', () => {
    for (const capacity of [1, 2, 4]) {
      const queue = Queue.create(cells(), 0, capacity, codecs.int32);
      for (let round = 0; round < 3; round += 1) {
        for (let i = 0; i < capacity; i += 1) expect(queue.tryPut(i)).toBe(true);
        expect([queue.tryPut(9), queue.putFor(9, 0), queue.putFor(9, 1), queue.size()]).toEqual([
          false,
          false,
          false,
          capacity,
        ]);
        for (let i = 0; i < capacity; i += 1) expect(queue.take()).toBe(i);
        expect(queue.size()).toBe(0);
      }
    }
  });

  it('a put that waits gets the next place', () => {
    const queue = Queue.create(cells(), 0, 1, codecs.int32);
    const partner = Queue.attach(queue.handle, codecs.int32);
    queue.put(1);
    expect(
      asleep(
        (sleeps) => sleeps === 2 && partner.take(),
        () => queue.put(2),
      ),
    ).toBeUndefined();
    expect(
      asleep(
        (sleeps) => sleeps === 2 && partner.take(),
        () => queue.putFor(3, 60_000),
      ),
    ).toBe(true);
    expect(partner.take()).toBe(3);
  });

  it('closing ends a put that waits, also when it is full', () => {
    const queue = Queue.create(cells(), 0, 1, codecs.int32);
    queue.put(1);
    expect(() =>
      asleep(
        () => queue.close(),
        () => queue.put(2),
      ),
    ).toThrow(ClosedError);
    expect(() => queue.put(2)).toThrow(ClosedError);
    expect(() => queue.putFor(2, -1)).toThrow(RangeError);
    expect([queue.take(), queue.handle.view[65]]).toEqual([1, 0]);
  });

  it('positions wrap', () => {
    const view = cells();
    const queue = Queue.create(view, 0, 2, codecs.int32);
    view[16] = -4; // tail and head: four steps before 2^32
    view[32] = -4;
    if (name === 'MpmcQueue') {
      view[80] = -4;
      view[82] = -2;
    }
    const attached = Queue.attach(queue.handle, codecs.int32);
    for (let i = 0; i < 7; i += 1) {
      expect([attached.tryPut(i), attached.tryPut(i + 100), attached.tryPut(0)]).toEqual([true, true, false]);
      expect([attached.take(), attached.take(), attached.tryTake()]).toEqual([i, i + 100, undefined]);
    }
  });

  it('refuses a capacity that is no power of two', () => {
    expect(() => Queue.create(cells(), 0, 3, codecs.int32)).toThrow(
      new RangeError(`the capacity of ${primitive} is a power of two from 1 to 2^24 items, got 3`),
    );
  });
});

describe('SpscRing', () => {
  it('finds out a second producer and a second consumer', () => {
    const ring = SpscRing.create(cells(), 0, 4, codecs.int32);
    const other = SpscRing.attach(ring.handle, codecs.int32);
    ring.put(1);
    other.take();
    ring.put(2);
    expect(() => ring.take()).toThrow(
      new RoleTakenError(
        'another handle has taken from the SpscRing at index 0: it has one consumer; ' +
          'attach anew when the side was handed over, or use an MpmcQueue',
      ),
    );
    const late = SpscRing.attach(ring.handle, codecs.int32);
    late.put(3);
    expect(() => ring.put(4)).toThrow(
      new RoleTakenError(
        'another handle has put into the SpscRing at index 0: it has one producer; ' +
          'attach anew when the side was handed over, or use an MpmcQueue',
      ),
    );
    expect([late.take(), late.take()]).toEqual([2, 4]); // the item in the way was overwritten, as documented
  });
});

describe('C-11 Inbox', () => {
  it('drops the oldest, and counts', () => {
    const inbox = Inbox.create(cells(), 0, 3, codecs.int32);
    expect([1, 2, 3, 4, 5].map((item) => inbox.offer(item))).toEqual([false, false, false, true, true]);
    expect(inbox.take()).toBe(3);
    expect(inbox.stats()).toEqual({ offered: 5, taken: 1, dropped: 2, queued: 2 });
    expect([inbox.offer(6), inbox.take(), inbox.take(), inbox.take(), inbox.tryTake()]).toEqual([
      false,
      4,
      5,
      6,
      undefined,
    ]);
  });

  it('of one item holds the latest', () => {
    const inbox = Inbox.create(cells(), 0, 1, codecs.int32);
    expect([inbox.offer(1), inbox.offer(2), inbox.take()]).toEqual([false, true, 2]);
  });

  it('an error leaves nothing locked', () => {
    const inbox = Inbox.create(cells(), 0, 1, codecs.int32);
    inbox.close();
    expect(() => inbox.offer(1)).toThrow(ClosedError);
    expect(() => inbox.take()).toThrow(ClosedError);
    expect(inbox.mutex.holder()).toBe(0);
  });

  it('R5: is poisoned when a thread dies inside', () => {
    const inbox = Inbox.create(cells(), 0, 1, codecs.int32, 5);
    const dying = Inbox.attach(inbox.handle, codecs.int32, 6);
    dying.mutex.lock();
    expect(inbox.mutex.poison(6)).toBe(true);
    for (const call of [
      () => inbox.offer(1),
      () => inbox.take(),
      () => inbox.takeFor(5),
      () => inbox.close(),
      () => inbox.isClosed(),
      () => inbox.stats(),
    ]) {
      expect(call).toThrow(PoisonedError);
    }
    expect(() => Inbox.attach(inbox.handle, codecs.int32, 0)).toThrow(RangeError);
  });
});
