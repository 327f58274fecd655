/**
 * Broken memories, atomics, batches, queues and thread-local storage do what they should while their threads take turns at
 * whole calls, but for those whose fault needs no interleaving: of these the fault is shown.
 */
import { describe, expect, it } from 'vitest';
import { codecs } from '../../src/runtime/codec.ts';
import {
  ClosedError,
  CountOverflowError,
  CountUnderflowError,
  EmptyBatchError,
  NotCreatedError,
  OutOfMemoryError,
  RoleTakenError,
} from '../../src/runtime/errors.ts';
import { Allocator } from '../../src/runtime/memory/allocator.ts';
import { ZeroAlignmentAllocator } from './allocator-zero-alignment.ts';
import { RepeatingBatch } from './batch-repeating.ts';
import { UncheckedCounter } from './counter-unchecked.ts';
import { PlainFlag } from './flag-plain.ts';
import { TwoStepFlag } from './flag-two-steps.ts';
import { StaleTakeInbox } from './inbox-stale-take.ts';
import { CopyingMemory } from './memory-copying.ts';
import { FlooringMemory } from './memory-flooring.ts';
import { roundedAtomics } from './padded-rounded.ts';
import { EarlyWakeQueue } from './queue-early-close.ts';
import { KeptWakeUpQueue } from './queue-kept-wake-up.ts';
import { SleptOverQueue } from './queue-slept-over.ts';
import { LosingQueue } from './queue-unclaimed.ts';
import { EarlyIndexRing } from './spsc-early-index.ts';
import { SlotVariable } from './thread-slots.ts';
import { KeptSlotSlots } from './tls-kept-slot.ts';
import { UnboundedKeySlots } from './tls-unbounded-key.ts';
import { UnlockedTransfer } from './transfer-unlocked.ts';
import { signedUint32 } from './uint32-signed.ts';

const cells = (count = 64) => new Int32Array(new SharedArrayBuffer(count * 4));

/** Runs `step` when a thread is about to sleep, in place of the sleep: what other threads do meanwhile. */
function asleep<T>(step: () => unknown, body: () => T): T {
  const { wait } = Atomics;
  Atomics.wait = (() => {
    step();
    return 'ok';
  }) as typeof wait;
  try {
    return body();
  } finally {
    Atomics.wait = wait;
  }
}

describe.each([
  ['Q1', LosingQueue],
  ['Q2', EarlyWakeQueue],
  ['Q3', EarlyIndexRing],
  ['Q4', KeptWakeUpQueue],
  ['Q5', SleptOverQueue],
] as const)('%s %o', (_id, Queue) => {
  const make = () => {
    const first = Queue.create(cells(), 0, 2, codecs.int32);
    return [first, Queue.attach(first.handle, codecs.int32)] as const;
  };

  it('is a queue of two, round and round', () => {
    const [queue, partner] = make();
    for (let round = 0; round < 3; round += 1) {
      queue.put(1);
      expect([queue.tryPut(2), queue.tryPut(3), queue.putFor(3, 1)]).toEqual([true, false, false]);
      expect([partner.take(), partner.takeFor(1), partner.tryTake(), partner.takeFor(1)]).toEqual([
        1,
        2,
        undefined,
        undefined,
      ]);
    }
  });

  it('waits for items and for space', () => {
    const [queue, partner] = make();
    expect(
      asleep(
        () => partner.put(1),
        () => queue.take(),
      ),
    ).toBe(1);
    queue.put(1);
    queue.put(2);
    asleep(
      () => partner.take(),
      () => queue.put(3),
    );
    expect([partner.take(), partner.take()]).toEqual([2, 3]);
  });

  it('closes', () => {
    const [queue, partner] = make();
    queue.put(1);
    expect([partner.isClosed(), partner.close(), partner.close(), queue.isClosed()]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(() => queue.put(2)).toThrow(ClosedError);
    expect(partner.take()).toBe(1);
    expect(() => partner.take()).toThrow(ClosedError);
    const [other, closer] = make();
    expect(() =>
      asleep(
        () => closer.close(),
        () => other.take(),
      ),
    ).toThrow(ClosedError);
  });
});

it('X2 StaleTakeInbox drops the oldest, waits, closes and counts', () => {
  const inbox = StaleTakeInbox.create(cells(), 0, 2, codecs.int32);
  const partner = StaleTakeInbox.attach(inbox.handle, codecs.int32, 2);
  expect([inbox.offer(1), inbox.offer(2), inbox.offer(3)]).toEqual([false, false, true]);
  expect([partner.take(), partner.tryTake(), partner.tryTake(), partner.takeFor(1)]).toEqual([
    2,
    3,
    undefined,
    undefined,
  ]);
  expect(
    asleep(
      () => partner.offer(4),
      () => inbox.take(),
    ),
  ).toBe(4);
  expect(inbox.stats()).toEqual({ offered: 4, taken: 3, dropped: 1, queued: 0 });
  expect([partner.close(), inbox.close(), inbox.isClosed()]).toEqual([true, false, true]);
  expect(() => inbox.offer(5)).toThrow(ClosedError);
  expect(() => inbox.take()).toThrow(ClosedError);
});

describe('thread-local storage', () => {
  it.each([
    ['T1', UnboundedKeySlots],
    ['T4', KeptSlotSlots],
  ] as const)('%s gives each thread its own values', (_id, Slots) => {
    const first = Slots.create(cells(), 0, { threads: 2, bytesPerThread: 64 });
    const second = Slots.attach(first.handle);
    const mine = SlotVariable.create(first, codecs.int32);
    const theirs = SlotVariable.attach(second, mine.key, codecs.int32);
    expect(() => mine.get()).toThrow(NotCreatedError);
    expect([first.claim(), second.claim(1)]).toEqual([0, 1]);
    mine.set(0);
    expect([mine.get(), mine.has(), theirs.get()]).toEqual([0, true, undefined]);
    expect([mine.delete(), mine.delete()]).toEqual([true, false]);
    expect(() => first.claim()).toThrow(RoleTakenError);
    first.release();
    first.release();
    expect(() => first.claim(1)).toThrow(RoleTakenError);
    expect(first.claim()).toBe(0);
  });

  it("T1: key 8 of rows of 8 is the next thread's key 0", () => {
    const first = UnboundedKeySlots.create(cells(), 0, { threads: 2, bytesPerThread: 64 });
    const second = UnboundedKeySlots.attach(first.handle);
    const variables = Array.from({ length: 9 }, () => SlotVariable.create(first, codecs.int32));
    first.claim();
    second.claim();
    variables[8]?.set(5);
    expect(SlotVariable.attach(second, { offset: 0, words: 1 }, codecs.int32).get()).toBe(5);
  });

  it('T4: the next thread of an id sees what the last one set', () => {
    const slots = KeptSlotSlots.create(cells(), 0, { threads: 2, bytesPerThread: 64 });
    const variable = SlotVariable.create(slots, codecs.int32);
    slots.claim();
    variable.set(5);
    slots.release();
    slots.claim();
    expect(variable.get()).toBe(5);
    for (let i = 0; i < 7; i += 1) slots.allocateKey(1);
    expect(() => slots.allocateKey(1)).toThrow(OutOfMemoryError);
  });
});

it.each([
  ['F1', TwoStepFlag],
  ['F-PLAIN', PlainFlag],
] as const)('%s %o sets, clears and waits', (_id, Flag) => {
  const view = cells();
  const flag = Flag.create(view, 1);
  expect([
    flag.set(),
    flag.set(),
    flag.wait(),
    flag.clear(),
    flag.clear(),
    flag.isSet(),
    flag.wait(1),
  ]).toEqual([true, false, true, true, false, false, false]);
  expect(
    asleep(
      () => Flag.attach(view, 1).set(),
      () => flag.wait(),
    ),
  ).toBe(true);
});

it('N1 UncheckedCounter counts in its range', () => {
  const counter = UncheckedCounter.create(cells(), 0, 2);
  expect([counter.increment(1), counter.decrement(3), UncheckedCounter.attach(cells(), 0).value()]).toEqual([
    3, 0, 0,
  ]);
  expect(() => counter.decrement(1)).toThrow(CountUnderflowError);
  counter.increment(2 ** 31 - 1);
  expect(() => counter.increment(1)).toThrow(CountOverflowError);
});

it('U1: signedUint32 is right below 2^31, and negative above', () => {
  const cell = signedUint32.create(cells(), 0);
  expect([cell.add(2 ** 31), cell.load()]).toEqual([0, -(2 ** 31)]);
});

it('A2: RepeatingBatch does what AtomicBatch does, and does it again', () => {
  const view = cells();
  const batch = RepeatingBatch.create(view);
  expect(() => batch.execute()).toThrow(EmptyBatchError);
  batch.store(0, 12);
  batch.sub(0, 2);
  batch.and(0, 6);
  batch.or(0, 9);
  batch.xor(0, 1);
  batch.exchange(0, 5);
  batch.compareExchange(0, 5, 7);
  batch.load(0);
  batch.add(1, 1);
  expect(batch.execute()).toBe(9);
  expect(Array.from({ length: 9 }, (_, i) => batch.result(i))).toEqual([12, 12, 10, 2, 11, 10, 5, 7, 0]);
  batch.execute();
  expect(view[1]).toBe(2);
});

it('A1: UnlockedTransfer moves what it should', () => {
  const view = cells();
  UnlockedTransfer.create(view);
  const transfer = UnlockedTransfer.attach(view);
  transfer.move(5);
  expect([transfer.total(), view[1], view[2]]).toEqual([0, -5, 5]);
});

it('K1: two atomics that were rounded up to 128 are one', () => {
  const allocator = Allocator.create(new SharedArrayBuffer(4096));
  allocator.allocate(64); // at 128
  const [a, b] = [64, 64].map(() => roundedAtomics.int32.create(allocator, 0, { paddingBytes: 128 }));
  a?.add(1);
  expect([a?.handle.offset, b?.handle.offset, b?.load()]).toEqual([256, 256, 1]);
  const wide = roundedAtomics.int64.create(allocator, 3n, {});
  expect(wide.load()).toBe(3n);
  wide.free(allocator);
  expect(allocator.stats().blocks).toBe(3);
});

it('G1: CopyingMemory is two memories once it has grown', () => {
  const memory = CopyingMemory.create({ initialBytes: 65_536, maximumBytes: 131_072 });
  const other = CopyingMemory.attach(memory.handle);
  memory.writeInt32(4, 7);
  expect([other.readInt32(4), memory.grow(1), memory.grow(65_537), memory.int32(4, 1)[0]]).toEqual([
    7, 65_536, 131_072, 7,
  ]);
  expect(() => memory.grow(131_073)).toThrow(OutOfMemoryError);
  other.writeInt32(4, 8);
  expect([memory.readInt32(4), other.byteLength]).toEqual([7, 65_536]);
});

it('G2: FlooringMemory takes offset 5 for cell 1, and any offset', () => {
  const memory = FlooringMemory.create({ initialBytes: 65_536, maximumBytes: 131_072 });
  FlooringMemory.attach(memory.handle).writeInt32(5, 7);
  expect([
    memory.readInt32(4),
    memory.int32(4, 1)[0],
    memory.readInt32(1e6),
    memory.grow(65_537),
    memory.byteLength,
  ]).toEqual([7, 7, 0, 131_072, 131_072]);
});

it('L3: ZeroAlignmentAllocator gives NaN for an alignment of 0', () => {
  const allocator = ZeroAlignmentAllocator.create(new SharedArrayBuffer(512));
  const attached = ZeroAlignmentAllocator.attach(allocator.handle);
  expect([
    allocator.allocate(1),
    attached.allocate(1, { alignment: 128 }),
    allocator.allocate(1, { alignment: 0 }),
  ]).toEqual([64, 128, NaN]);
  allocator.free(64);
  expect(() => allocator.allocate(1000)).toThrow(OutOfMemoryError);
});
