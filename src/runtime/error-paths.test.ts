/**
 * Every error that the runtime raises: its class, its message, and that nothing is left behind by the call that failed: no lock, no count, no
 * allocation, no key. The law is the same for all of them: the shared memory is, byte for byte, what it was before the call. The few that change
 * something by design say what.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import * as runtime from './index.ts';

type View = Int32Array<SharedArrayBuffer>;
type AnyClass = abstract new (...args: never[]) => Error;

interface Scene {
  /** All shared memory of the scene. */
  readonly memory: SharedArrayBuffer;
  /** The call that fails. */
  act(): unknown;
  /** What it leaves behind by design. Default: nothing, the memory is as it was. */
  leaves?(): void;
}

type Row = readonly [what: string, Class: AnyClass, message: string, scene: () => Scene];

const cells = (count = 256): View => new Int32Array(new SharedArrayBuffer(4 * count));
const on = (view: View, act: () => unknown, leaves?: () => void): Scene => ({
  memory: view.buffer,
  act,
  ...(leaves === undefined ? {} : { leaves }),
});
/** Where nothing is, which is what most calls are refused in. */
const nowhere = (act: (view: View) => unknown): (() => Scene) => {
  return () => {
    const view = cells();
    return on(view, () => act(view));
  };
};
/** For arguments that the compiler would refuse. */
const wrongly = (value: unknown): never => value as never;

/** Runs `step` when the thread is about to sleep, in place of the sleep: what others do meanwhile. */
function asleep<T>(step: () => 'timed-out' | undefined, body: () => T): T {
  const { wait } = Atomics;
  Atomics.wait = (() => step() ?? 'ok') as typeof wait;
  try {
    return body();
  } finally {
    Atomics.wait = wait;
  }
}
const late = (): 'timed-out' => 'timed-out';
const meanwhile =
  (...acts: (() => unknown)[]) =>
  (): undefined => {
    for (const act of acts) act();
  };
/** As on a thread that must not block. */
const unable = (): never => {
  throw new TypeError('Atomics.wait cannot be called in this context');
};

const {
  AlignmentError,
  AtomicBatch,
  AtomicCounter,
  AtomicFlag,
  AtomicInt32,
  AtomicInt64,
  AtomicUint32,
  Allocator,
  Barrier,
  BoundsError,
  BrokenBarrierError,
  ClosedError,
  Condition,
  CountOverflowError,
  CountUnderflowError,
  codecs,
  DeadlockError,
  DebugMutex,
  DebugRwLock,
  DoubleFreeError,
  EmptyBatchError,
  ForeignPointerError,
  Inbox,
  Latch,
  LockGraph,
  MpmcQueue,
  Mutex,
  NotCreatedError,
  NotOwnerError,
  Once,
  OutOfMemoryError,
  PaddedAtomicInt32,
  PaddedAtomicInt64,
  PoisonedError,
  ReentryError,
  RelockError,
  RoleTakenError,
  RwLock,
  Semaphore,
  SharedMemory,
  SpscRing,
  ThreadLocal,
  ThreadRuntime,
  ThreadStorage,
  TimeoutError,
  TooManyPartiesError,
  TooManyThreadsError,
} = runtime;

/** What lives in Int32 cells, and how many it takes. */
const inCells: readonly (readonly [
  name: string,
  cells: number,
  make: (view: View, index: number) => unknown,
])[] = [
  ['an AtomicInt32', 1, (view, index) => AtomicInt32.create(view, index)],
  ['an AtomicUint32', 1, (view, index) => AtomicUint32.create(view, index)],
  ['an AtomicFlag', 1, (view, index) => AtomicFlag.create(view, index)],
  ['an AtomicCounter', 1, (view, index) => AtomicCounter.create(view, index)],
  ['a fence', 1, (view, index) => runtime.fence(view, index)],
  ['a Mutex', 1, (view, index) => Mutex.create(view, index)],
  ['a Condition', 2, (view, index) => Condition.create(view, index)],
  ['a Barrier', 2, (view, index) => Barrier.create(view, index, 2)],
  ['an RwLock', 4, (view, index) => RwLock.create(view, index)],
  ['a Semaphore', 3, (view, index) => Semaphore.create(view, index, 1)],
  ['a Latch', 1, (view, index) => Latch.create(view, index, 1)],
  ['a Once', 1, (view, index) => Once.create(view, index)],
  ['a LockGraph', 564, (view, index) => LockGraph.create(view, index)],
  ['an MpmcQueue', 96, (view, index) => MpmcQueue.create(view, index, 1, codecs.int32)],
  ['an SpscRing', 64, (view, index) => SpscRing.create(view, index, 1, codecs.int32)],
  ['an Inbox', 64, (view, index) => Inbox.create(view, index, 1, codecs.int32)],
];

const places: readonly Row[] = inCells.flatMap(([name, count, make]): Row[] => [
  [
    `${name} past the end`,
    BoundsError,
    `${name} takes ${count === 1 ? 'a cell' : `${count} cells`} from index ${count + 1}, but the view has ${count}: pass an integer index from 0 to 0`,
    () => {
      const view = cells(count);
      return on(view, () => make(view, count + 1));
    },
  ],
  [
    `${name} in too small a view`,
    BoundsError,
    `from index 0, but the view has ${count - 1}: give it a view of at least ${count}`,
    () => {
      const view = cells(count - 1);
      return on(view, () => make(view, 0));
    },
  ],
  [
    `${name} in plain memory`,
    TypeError,
    `${name} needs memory that threads share, got Int32Array over a plain ArrayBuffer`,
    nowhere(() => make(wrongly(new Int32Array(1024)), 0)),
  ],
  [
    `${name} in another kind of view`,
    TypeError,
    `${name} lives in Int32Array over a SharedArrayBuffer, got Uint8Array`,
    nowhere(({ buffer }) => make(wrongly(new Uint8Array(buffer)), 0)),
  ],
]);

const inUse = (): View => cells(1024).fill(0x55);

const limits: readonly Row[] = (
  [
    ['Mutex.lockFor', (view) => Mutex.create(view, 0).lockFor(-1)],
    ['Barrier.wait', (view) => Barrier.create(view, 0, 2).wait(-1)],
    ['RwLock.lockSharedFor', (view) => RwLock.create(view, 0).lockSharedFor(-1)],
    ['RwLock.lockExclusiveFor', (view) => RwLock.create(view, 0).lockExclusiveFor(-1)],
    ['Semaphore.acquireFor', (view) => Semaphore.create(view, 0, 1).acquireFor(-1)],
    ['Latch.waitFor', (view) => Latch.create(view, 0, 1).waitFor(-1)],
    ['Once.run', (view) => Once.create(view, 0).run(() => {}, -1)],
    ['MpmcQueue.putFor', (view) => MpmcQueue.create(view, 0, 1, codecs.int32).putFor(1, -1)],
    ['MpmcQueue.takeFor', (view) => MpmcQueue.create(view, 0, 1, codecs.int32).takeFor(-1)],
    ['SpscRing.putFor', (view) => SpscRing.create(view, 0, 1, codecs.int32).putFor(1, -1)],
    ['SpscRing.takeFor', (view) => SpscRing.create(view, 0, 1, codecs.int32).takeFor(-1)],
    ['Inbox.takeFor', (view) => Inbox.create(view, 0, 1, codecs.int32).takeFor(-1)],
    ['AtomicFlag.wait', (view) => AtomicFlag.create(view, 0).wait(-1)],
    ['AtomicInt32.wait', (view) => AtomicInt32.create(view, 0).wait(0, -1)],
    ['AtomicUint32.wait', (view) => AtomicUint32.create(view, 0).wait(0, -1)],
  ] as const satisfies readonly (readonly [string, (view: View) => unknown])[]
).map(
  ([name, call]): Row => [
    `${name} with a limit of -1`,
    RangeError,
    'a time limit is a number of milliseconds from 0 on, got -1: pass Infinity (or nothing) to wait without limit',
    () => {
      const view = cells(1024);
      // What create writes is no part of the call: made once before, it writes the same again.
      try {
        call(view);
      } catch {}
      return on(view, () => call(view));
    },
  ],
);

const owners: readonly Row[] = (
  [
    ['a Mutex handle', (view, owner) => Mutex.create(view, 0, owner)],
    ['an RwLock handle', (view, owner) => RwLock.create(view, 0, owner)],
    ['a Once handle', (view, owner) => Once.create(view, 0, owner)],
  ] as const satisfies readonly (readonly [string, (view: View, owner: number) => unknown])[]
).map(
  ([name, make]): Row => [
    `${name} of owner 0`,
    RangeError,
    `the owner of ${name} is a thread id from 1 to 268435455, got 0: pass a positive integer that no other thread uses, or nothing`,
    () => {
      const view = inUse();
      return on(view, () => make(view, 0));
    },
  ],
);

const atomics: readonly Row[] = [
  [
    'AtomicInt32 of a fraction',
    TypeError,
    'an AtomicInt32 starts from an integer, got 0.5: round it first',
    nowhere((view) => AtomicInt32.create(view, 0, 0.5)),
  ],
  [
    'AtomicUint32 of a fraction',
    TypeError,
    'an AtomicUint32 starts from an integer, got 0.5: round it first',
    nowhere((view) => AtomicUint32.create(view, 0, 0.5)),
  ],
  [
    'AtomicInt64 of a number',
    TypeError,
    'an AtomicInt64 starts from a bigint, got 1: write 0n for 0',
    nowhere(({ buffer }) => AtomicInt64.create(new BigInt64Array(buffer), 0, wrongly(1))),
  ],
  [
    'AtomicInt64 past the end',
    BoundsError,
    'an AtomicInt64 takes a cell from index 128, but the view has 128',
    nowhere(({ buffer }) => AtomicInt64.create(new BigInt64Array(buffer), 128)),
  ],
  [
    'AtomicInt32.notify of -1',
    RangeError,
    'the number of threads to wake is 0 or more, got -1: pass nothing to wake all',
    nowhere((view) => AtomicInt32.create(view, 0).notify(-1)),
  ],
  [
    'AtomicUint32.notify of -1',
    RangeError,
    'the number of threads to wake is 0 or more, got -1: pass nothing to wake all',
    nowhere((view) => AtomicUint32.create(view, 0).notify(-1)),
  ],
  [
    'AtomicInt64.notify of NaN',
    RangeError,
    'the number of threads to wake is 0 or more, got NaN: pass nothing to wake all',
    nowhere(({ buffer }) => AtomicInt64.create(new BigInt64Array(buffer), 0).notify(Number.NaN)),
  ],
  [
    'AtomicInt64.wait with a limit of NaN',
    RangeError,
    'a time limit is a number of milliseconds from 0 on, got NaN',
    nowhere(({ buffer }) => AtomicInt64.create(new BigInt64Array(buffer), 0).wait(0n, Number.NaN)),
  ],
  [
    'AtomicFlag.wait where there is none',
    NotCreatedError,
    'there is no AtomicFlag at index 0 (found: 85): one thread must call AtomicFlag.create first',
    () => {
      const view = inUse();
      return on(view, () => AtomicFlag.attach(view, 0).wait());
    },
  ],
  [
    'AtomicCounter of -1',
    RangeError,
    'an AtomicCounter starts from an integer from 0 to 2147483647, got -1',
    nowhere((view) => AtomicCounter.create(view, 0, -1)),
  ],
  [
    'AtomicCounter.increment by 0',
    RangeError,
    'an AtomicCounter counts by an integer from 1 to 2147483647, got 0',
    nowhere((view) => AtomicCounter.create(view, 0).increment(0)),
  ],
  [
    'AtomicCounter that would overflow',
    CountOverflowError,
    'the AtomicCounter at index 0 is at 2147483647: 1 more is above 2147483647',
    () => {
      const view = cells();
      const counter = AtomicCounter.create(view, 0, 2 ** 31 - 1);
      return on(view, () => counter.increment());
    },
  ],
  [
    'AtomicCounter that would underflow',
    CountUnderflowError,
    'the AtomicCounter at index 0 is at 1: 2 less is below 0',
    () => {
      const view = cells();
      const counter = AtomicCounter.create(view, 0, 1);
      return on(view, () => counter.decrement(2));
    },
  ],
  [
    'AtomicBatch of capacity 0',
    RangeError,
    'the capacity of an AtomicBatch is an integer from 1 to 2^20, got 0',
    nowhere((view) => AtomicBatch.create(view, { capacity: 0 })),
  ],
  [
    'AtomicBatch.execute of nothing',
    EmptyBatchError,
    'nothing is queued in the AtomicBatch: a batch runs once, queue it again',
    nowhere((view) => AtomicBatch.create(view).execute()),
  ],
  [
    'AtomicBatch.execute twice',
    EmptyBatchError,
    'nothing is queued in the AtomicBatch: a batch runs once, queue it again',
    () => {
      const view = cells();
      const batch = AtomicBatch.create(view);
      batch.add(0, 1);
      batch.execute();
      return on(view, () => batch.execute());
    },
  ],
  [
    'AtomicBatch.result before execute',
    BoundsError,
    'there are no results to read number 0 of: call execute() first, and read before queueing again',
    nowhere((view) => {
      const batch = AtomicBatch.create(view);
      batch.result(batch.load(0));
    }),
  ],
  [
    'AtomicBatch.result of a number too high',
    BoundsError,
    'the last execute has results 0 to 0, got 1',
    nowhere((view) => {
      const batch = AtomicBatch.create(view);
      batch.load(0);
      batch.execute();
      batch.result(1);
    }),
  ],
  [
    'Histogram.record of no duration',
    RangeError,
    'a duration is a finite number of milliseconds, got NaN',
    nowhere(() => new runtime.Histogram().record(NaN)),
  ],
  [
    'Histogram.percentile above 100',
    RangeError,
    'a percentile is a number from 0 to 100, got 101',
    nowhere(() => new runtime.Histogram().percentile(101)),
  ],
  [
    'AtomicBatch.add past the end',
    BoundsError,
    'an AtomicBatch on a view of 256 cells got index 256: pass an integer from 0 to 255',
    nowhere((view) => AtomicBatch.create(view).add(256, 1)),
  ],
  [
    'AtomicBatch that is full',
    OutOfMemoryError,
    'the AtomicBatch is full with 1 operations: execute it, or create it with a larger capacity',
    nowhere((view) => {
      const batch = AtomicBatch.create(view, { capacity: 1 });
      batch.add(0, 1);
      batch.add(0, 1);
    }),
  ],
  [
    'AtomicBatch with the kernel of another memory',
    TypeError,
    'the kernel of an AtomicBatch works in its WebAssembly.Memory only, but the view is of another buffer: make the view of memory.buffer (anew when the memory has grown)',
    nowhere((view) =>
      AtomicBatch.create(view, { kernel: { memory: { buffer: cells().buffer }, offset: 0 } }),
    ),
  ],
  [
    'AtomicBatch with records past the end',
    BoundsError,
    'the records of an AtomicBatch take 16 bytes from offset 2, a multiple of 4, but the memory has 1024 bytes',
    nowhere((view) => AtomicBatch.create(view, { capacity: 1, kernel: { memory: view, offset: 2 } })),
  ],
  [
    'padded atomic of a fraction',
    TypeError,
    'a PaddedAtomicInt32 starts from an integer, got 0.5: round it first',
    () => {
      const { allocator, view } = region();
      return on(view, () => PaddedAtomicInt32.create(allocator, 0.5));
    },
  ],
  [
    'padded atomic of a number',
    TypeError,
    'a PaddedAtomicInt64 starts from a bigint, got 1: write 0n for 0',
    () => {
      const { allocator, view } = region();
      return on(view, () => PaddedAtomicInt64.create(allocator, wrongly(1)));
    },
  ],
  [
    'padded atomic of 32 bytes',
    RangeError,
    'a padding is 64 or 128 bytes, got 32',
    () => {
      const { allocator, view } = region();
      return on(view, () => PaddedAtomicInt32.create(allocator, 0, { paddingBytes: wrongly(32) }));
    },
  ],
  [
    'padded atomic in a full region',
    OutOfMemoryError,
    'cannot allocate 64 bytes aligned to 64: 0 bytes are free, 0 of them in one piece; free some, or create the allocator in a larger region',
    () => {
      const { allocator, view } = region(3);
      allocator.allocate(64);
      return on(view, () => PaddedAtomicInt32.create(allocator));
    },
  ],
];

/** An allocator in a region of so many lines. */
function region(lines = 8) {
  const view = cells(16 * lines);
  return { view, allocator: Allocator.create(view.buffer) };
}

const memory: readonly Row[] = [
  [
    'SharedMemory of 0 bytes',
    RangeError,
    'initialBytes is a size in bytes, got 0: pass an integer of at least 1',
    nowhere(() => SharedMemory.create({ initialBytes: 0 })),
  ],
  [
    'SharedMemory of more than 4 GiB',
    RangeError,
    'maximumBytes is at most 4294967296 bytes (4 GiB), got 4294967297',
    nowhere(() => SharedMemory.create({ maximumBytes: 2 ** 32 + 1 })),
  ],
  [
    'SharedMemory whose maximum is below its size',
    RangeError,
    'maximumBytes (65536) is below initialBytes (131072): raise it, or begin smaller',
    nowhere(() => SharedMemory.create({ initialBytes: 131_072, maximumBytes: 65_536 })),
  ],
  [
    'SharedMemory that the system refuses',
    OutOfMemoryError,
    'the system refuses a memory of 65536 bytes that may grow to 65536 (RangeError: Array buffer allocation failed): ask for less',
    nowhere(() => {
      const { SharedArrayBuffer: real } = globalThis;
      globalThis.SharedArrayBuffer = class {
        constructor() {
          throw new RangeError('Array buffer allocation failed');
        }
      } as never;
      try {
        SharedMemory.create({ initialBytes: 1, maximumBytes: 1 });
      } finally {
        globalThis.SharedArrayBuffer = real;
      }
    }),
  ],
  [
    'SharedMemory of a plain buffer',
    TypeError,
    'a SharedMemory handle holds a SharedArrayBuffer, got [object ArrayBuffer]: pass the .handle of a SharedMemory, as it was sent',
    nowhere(() => SharedMemory.attach({ buffer: wrongly(new ArrayBuffer(8)) })),
  ],
  [
    'SharedMemory.grow to 0',
    RangeError,
    'minimumBytes is a size in bytes, got 0: pass an integer of at least 1',
    nowhere(({ buffer }) => SharedMemory.attach({ buffer }).grow(0)),
  ],
  [
    'SharedMemory.grow past its maximum',
    OutOfMemoryError,
    'the memory of 65536 bytes cannot grow to 131072: its maximumBytes allows 65536 at most; create it with a larger maximumBytes, or free some of it',
    () => {
      const shared = SharedMemory.create({ initialBytes: 1, maximumBytes: 1 });
      return { memory: shared.buffer, act: () => shared.grow(65_537) };
    },
  ],
  [
    'a view at a negative offset',
    BoundsError,
    'int32 takes an offset in bytes, got -4: pass an integer of 0 or more',
    nowhere(({ buffer }) => SharedMemory.attach({ buffer }).int32(-4, 1)),
  ],
  [
    'a view of a negative length',
    BoundsError,
    'int8 takes a length in elements, got -1: pass an integer of 0 or more',
    nowhere(({ buffer }) => SharedMemory.attach({ buffer }).int8(0, -1)),
  ],
  [
    'G2: a write that is not aligned',
    AlignmentError,
    'offset 5 is no multiple of 4, the size of int32 in bytes: the nearest are 4 and 8',
    nowhere(({ buffer }) => SharedMemory.attach({ buffer }).writeInt32(5, 1)),
  ],
  [
    'G2: a write past the end',
    BoundsError,
    '8 bytes of float64 from offset 1024 end at 1032, but the memory has 1024 bytes: stay inside it, or grow it first',
    nowhere(({ buffer }) => SharedMemory.attach({ buffer }).writeFloat64(1024, 1)),
  ],
  [
    'Allocator in a plain buffer',
    TypeError,
    'an Allocator lives in a SharedArrayBuffer, got [object ArrayBuffer]: pass the buffer of a SharedMemory',
    nowhere(() => Allocator.create(wrongly(new ArrayBuffer(1024)))),
  ],
  [
    'Allocator at a negative offset',
    BoundsError,
    'the region of an Allocator has an offset and a size in bytes, got -64 and 1088: pass integers of 0 or more',
    nowhere(({ buffer }) => Allocator.create(buffer, { offset: -64 })),
  ],
  [
    'Allocator that is not aligned',
    AlignmentError,
    'the region of an Allocator begins on a multiple of 64 bytes, got 8',
    nowhere(({ buffer }) => Allocator.create(buffer, { offset: 8 })),
  ],
  [
    'Allocator in too small a region',
    BoundsError,
    'the region of an Allocator has 191 bytes: give it 192 or more (header, map, one line)',
    nowhere(({ buffer }) => Allocator.create(buffer, { byteLength: 191 })),
  ],
  [
    'Allocator past the end',
    BoundsError,
    'the region of an Allocator ends at 1088, but the buffer has 1024 bytes: stay inside it, or grow it first',
    nowhere(({ buffer }) => Allocator.create(buffer, { offset: 64, byteLength: 1024 })),
  ],
  [
    'allocate of 0 bytes',
    RangeError,
    'an allocation has a size in bytes, got 0: pass an integer of at least 1',
    () => {
      const { allocator, view } = region();
      return on(view, () => allocator.allocate(0));
    },
  ],
  [
    'L3: allocate aligned to 0',
    AlignmentError,
    'an alignment is a power of two from 1 to 2^30, got 0: pass 64 for a cache line, or nothing',
    () => {
      const { allocator, view } = region();
      return on(view, () => allocator.allocate(8, { alignment: 0 }));
    },
  ],
  [
    'allocate of more than is free',
    OutOfMemoryError,
    'cannot allocate 385 bytes aligned to 64: 384 bytes are free, 384 of them in one piece',
    () => {
      const { allocator, view } = region();
      return on(view, () => allocator.allocate(385));
    },
  ],
  [
    'allocate where there is none',
    NotCreatedError,
    'there is no Allocator of 6 lines at offset 0 (found: 0): one thread must call Allocator.create first, and the others attach by its handle',
    () => {
      const view = cells(128);
      return on(view, () =>
        Allocator.attach({ buffer: view.buffer, offset: 0, byteLength: 512 }).allocate(1),
      );
    },
  ],
  [
    'allocate where a thread died inside',
    PoisonedError,
    'is poisoned: thread 9 died while it held it',
    () => {
      const { allocator, view } = region();
      Allocator.attach(allocator.handle, 9).mutex.lock();
      allocator.mutex.poison(9);
      return on(view, () => allocator.allocate(1));
    },
  ],
  [
    'free of another allocator’s block',
    ForeignPointerError,
    'offset 64 is none that this allocator returns: those are multiples of 64 from 128 to 448; free it where it was allocated',
    () => {
      const { allocator, view } = region();
      return on(view, () => allocator.free(64));
    },
  ],
  [
    'free inside a block',
    ForeignPointerError,
    'offset 192 lies inside a block: free takes the offset that allocate returned',
    () => {
      const { allocator, view } = region();
      allocator.allocate(128);
      return on(view, () => allocator.free(192));
    },
  ],
  [
    'free twice',
    DoubleFreeError,
    'nothing is allocated at offset 128: it was freed already, or never allocated; free each block once',
    () => {
      const { allocator, view } = region();
      allocator.free(allocator.allocate(1));
      return on(view, () => allocator.free(128));
    },
  ],
];

/** A mutex in cell 0 that thread 9 holds, and the handle of thread 1. */
function heldMutex() {
  const view = cells();
  const mutex = Mutex.create(view, 0, 1);
  const other = Mutex.attach(view, 0, 9);
  other.lock();
  return { view, mutex, other };
}

const locks: readonly Row[] = [
  [
    'Mutex.lock by its holder',
    RelockError,
    'thread 1 holds the Mutex at index 0 already: unlock it before it is locked again',
    () => {
      const view = cells();
      const mutex = Mutex.create(view, 0, 1);
      mutex.lock();
      return on(view, () => mutex.lock());
    },
  ],
  [
    'M2: Mutex.unlock by another',
    NotOwnerError,
    'thread 1 unlocks the Mutex at index 0, but thread 9 holds it: only the holder may unlock, once',
    () => {
      const { view, mutex } = heldMutex();
      return on(view, () => mutex.unlock());
    },
  ],
  [
    'Mutex.unlock twice',
    NotOwnerError,
    'but it is free: only the holder may unlock, once',
    nowhere((view) => Mutex.create(view, 0, 1).unlock()),
  ],
  [
    'Mutex.lock of a dead holder',
    PoisonedError,
    'the Mutex at index 0 is poisoned: thread 9 died while it held it; repair what it guards, then call clearPoison()',
    () => {
      const { view, mutex } = heldMutex();
      mutex.poison(9);
      return on(view, () => mutex.lock());
    },
  ],
  [
    'Mutex.lock whose holder dies during the wait',
    PoisonedError,
    'thread 9 died while it held it',
    () => {
      const { view, mutex } = heldMutex();
      return on(
        view,
        () =>
          asleep(
            meanwhile(() => mutex.poison(9)),
            () => mutex.lock(),
          ),
        () => expect([mutex.clearPoison(), view[0]]).toEqual([true, 0]),
      );
    },
  ],
  [
    'Mutex.lock on a thread that must not block',
    TypeError,
    'cannot be called in this context',
    () => {
      const { view, mutex, other } = heldMutex();
      return on(
        view,
        () => asleep(unable, () => mutex.lock()),
        // The mark costs the holder one notify; the lock is free after it.
        () => {
          other.unlock();
          expect(view[0]).toBe(0);
        },
      );
    },
  ],
  [
    'Condition.wait without the mutex',
    NotOwnerError,
    'thread 1 unlocks the Mutex at index 0',
    () => {
      const view = cells();
      const mutex = Mutex.create(view, 0, 1);
      const condition = Condition.create(view, 2);
      return on(view, () => condition.wait(mutex));
    },
  ],
  [
    'Condition.waitFor with a limit of -1',
    RangeError,
    'a time limit is a number of milliseconds from 0 on, got -1',
    () => {
      const view = cells();
      const mutex = Mutex.create(view, 0, 1);
      const condition = Condition.create(view, 2);
      mutex.lock();
      return on(view, () => condition.waitFor(mutex, -1));
    },
  ],
  [
    'Condition.wait on a thread that must not block',
    TypeError,
    'cannot be called in this context',
    () => {
      const view = cells();
      const mutex = Mutex.create(view, 0, 1);
      const condition = Condition.create(view, 2);
      mutex.lock();
      return on(
        view,
        () => asleep(unable, () => condition.wait(mutex)),
        () => expect([view[0], view[3]]).toEqual([0, 0]),
      );
    },
  ],
  [
    'Condition.wait whose mutex is poisoned meanwhile',
    PoisonedError,
    'thread 9 died while it held it',
    () => {
      const view = cells();
      const mutex = Mutex.create(view, 0, 1);
      const condition = Condition.create(view, 2);
      mutex.lock();
      const death = meanwhile(
        () => Mutex.attach(view, 0, 9).lock(),
        () => Mutex.attach(view, 0, 2).poison(9),
      );
      return on(
        view,
        () => asleep(death, () => condition.wait(mutex)),
        () => expect([mutex.isPoisoned(), mutex.holder(), view[3]]).toEqual([true, 9, 0]),
      );
    },
  ],
  [
    'RwLock.lockShared by who holds it',
    RelockError,
    'thread 1 holds the RwLock at index 0 already (shared): unlock it before it is locked again, or call tryUpgrade() or downgrade()',
    () => {
      const view = cells();
      const lock = RwLock.create(view, 0, 1);
      lock.lockShared();
      return on(view, () => lock.lockShared());
    },
  ],
  [
    'R2: RwLock.unlockShared twice',
    NotOwnerError,
    'thread 1 unlocks (shared) the RwLock at index 0, but its handle holds nothing: only who holds a share may',
    () => {
      const view = cells();
      const lock = RwLock.create(view, 0, 1);
      RwLock.attach(view, 0, 2).lockShared();
      lock.lockShared();
      lock.unlockShared();
      return on(view, () => lock.unlockShared());
    },
  ],
  [
    'R3: RwLock.unlockExclusive by another',
    NotOwnerError,
    'thread 1 unlocks (exclusive) the RwLock at index 0, but its handle holds nothing: only who holds it alone may',
    () => {
      const view = cells();
      RwLock.create(view, 0, 9).lockExclusive();
      return on(view, () => RwLock.attach(view, 0, 1).unlockExclusive());
    },
  ],
  [
    'RwLock.lockShared of a dead writer',
    PoisonedError,
    'the RwLock at index 0 is poisoned: thread 9 died while it held it alone; repair what it guards, then call clearPoison()',
    () => {
      const view = cells();
      const lock = RwLock.create(view, 0, 1);
      RwLock.attach(view, 0, 9).lockExclusive();
      lock.poison(9);
      return on(view, () => lock.lockShared());
    },
  ],
  [
    'R6: RwLock.lockShared by reader number 128',
    TooManyThreadsError,
    '127 readers are inside or wait at the RwLock at index 0 already, the most that it can count: use it from fewer threads at a time',
    () => {
      const view = cells();
      RwLock.create(view, 0);
      for (let owner = 1; owner <= 127; owner += 1) RwLock.attach(view, 0, owner).lockShared();
      return on(view, () => RwLock.attach(view, 0, 128).lockShared());
    },
  ],
  ...(['lockShared', 'lockExclusive'] as const).map(
    (method): Row => [
      `RwLock.${method} on a thread that must not block`,
      TypeError,
      'cannot be called in this context',
      () => {
        const view = cells();
        RwLock.create(view, 0, 9).lockExclusive();
        return on(view, () => asleep(unable, () => RwLock.attach(view, 0, 1)[method]()));
      },
    ],
  ),
  [
    'B4: Barrier of 0 parties',
    RangeError,
    'a Barrier has from 1 to 8191 parties, got 0: pass the number of threads that meet there',
    () => {
      const view = inUse();
      return on(view, () => Barrier.create(view, 0, 0));
    },
  ],
  [
    'Barrier.wait where there is none',
    NotCreatedError,
    'there is no Barrier at index 0 (parties: 0): one thread must call Barrier.create first',
    nowhere((view) => Barrier.attach(view, 0).wait()),
  ],
  [
    'Barrier.wait that lasts too long',
    TimeoutError,
    'the parties of the Barrier at index 0 did not all arrive within 5 ms: it is broken; call reset() once the cause is gone',
    () => {
      const view = cells();
      const barrier = Barrier.create(view, 0, 2);
      return on(
        view,
        () => asleep(late, () => barrier.wait(5)),
        () => expect(barrier.isBroken()).toBe(true),
      );
    },
  ],
  [
    'Barrier.wait at a broken barrier',
    BrokenBarrierError,
    'the Barrier at index 0 is broken: it was aborted or reset, or a party gave up waiting; call reset() once all parties know',
    () => {
      const view = cells();
      const barrier = Barrier.create(view, 0, 2);
      barrier.abort();
      return on(
        view,
        () => barrier.wait(),
        () => {
          barrier.reset();
          expect(view[0]! >>> 18).toBe(0); // nobody is counted any more; the view has the cell
        },
      );
    },
  ],
  [
    'B3: Barrier.wait by one too many',
    TooManyPartiesError,
    '3 threads arrived at the Barrier at index 0, which has 2 parties: use it from that many threads, or create it for more',
    () => {
      const view = cells();
      const barrier = Barrier.create(view, 0, 2);
      const { compareExchange } = Atomics;
      return on(
        view,
        () => {
          // A third arrives after the second was counted, before it releases.
          let error: unknown;
          Atomics.compareExchange = ((...args: Parameters<typeof compareExchange>) => {
            Atomics.compareExchange = compareExchange;
            try {
              barrier.wait();
            } catch (caught) {
              error = caught;
            }
            return compareExchange(...args);
          }) as typeof compareExchange;
          try {
            asleep(
              meanwhile(() => barrier.wait()),
              () => barrier.wait(),
            );
          } finally {
            Atomics.compareExchange = compareExchange;
          }
          throw error;
        },
        () => expect([view[0], barrier.generation()]).toEqual([1 << 6, 1]),
      );
    },
  ],
  [
    'B6: Barrier.wait on a thread that must not block',
    TypeError,
    'cannot be called in this context',
    () => {
      const view = cells();
      const barrier = Barrier.create(view, 0, 2);
      return on(
        view,
        () => asleep(unable, () => barrier.wait()),
        () => expect(barrier.isBroken()).toBe(true),
      );
    },
  ],
  [
    'Semaphore of 0 permits at most',
    RangeError,
    'a Semaphore has at most 1 to 2147483647 permits, got 0: pass an integer of that range, or nothing',
    nowhere((view) => Semaphore.create(view, 0, 0, 0)),
  ],
  [
    'Semaphore that begins above its maximum',
    RangeError,
    'a Semaphore begins with 0 to 1 permits, got 2: pass an integer of that range',
    nowhere((view) => Semaphore.create(view, 0, 2, 1)),
  ],
  [
    'Semaphore.acquire of 0',
    RangeError,
    'a thread acquires 0 permits of the Semaphore at index 0: pass an integer from 1 to 2',
    () => {
      const view = cells();
      const semaphore = Semaphore.create(view, 0, 1, 2);
      return on(view, () => semaphore.acquire(0));
    },
  ],
  [
    'Semaphore.release of one too many',
    CountOverflowError,
    'the Semaphore at index 0 has 2 free permits of at most 2, and cannot take 1 more: release as often as you acquired, or create it with a larger maximum',
    () => {
      const view = cells();
      const semaphore = Semaphore.create(view, 0, 2, 2);
      return on(view, () => semaphore.release());
    },
  ],
  [
    'Semaphore.acquire where there is none',
    NotCreatedError,
    'there is no Semaphore at index 0 (maximum: 0): one thread must call Semaphore.create first',
    nowhere((view) => Semaphore.attach(view, 0).acquire()),
  ],
  [
    'Semaphore.acquire on a thread that must not block',
    TypeError,
    'cannot be called in this context',
    () => {
      const view = cells();
      const semaphore = Semaphore.create(view, 0, 1);
      return on(view, () => asleep(unable, () => semaphore.acquire(2)));
    },
  ],
  [
    'Latch of -1',
    RangeError,
    'a Latch counts down from 0 to 1073741823, got -1: pass the number of events that it waits for',
    nowhere((view) => Latch.create(view, 0, -1)),
  ],
  [
    'Latch.countDown by 0',
    RangeError,
    'a Latch counts down by 1 or more, got 0: pass the number of events that happened',
    () => {
      const view = cells();
      const latch = Latch.create(view, 0, 1);
      return on(view, () => latch.countDown(0));
    },
  ],
  [
    'Latch.countDown by more than is left',
    CountUnderflowError,
    'the Latch at index 0 has 1 left to count and cannot count down by 2: create it for as many events as happen',
    () => {
      const view = cells();
      const latch = Latch.create(view, 0, 1);
      return on(view, () => latch.countDown(2));
    },
  ],
  [
    'Latch.wait where there is none',
    NotCreatedError,
    'there is no Latch at index 0 (word: 0): one thread must call Latch.create first',
    nowhere((view) => Latch.attach(view, 0).wait()),
  ],
  [
    'Once.run whose action throws',
    Error,
    'of the action',
    () => {
      const view = cells();
      const once = Once.create(view, 0, 1);
      return on(view, () =>
        once.run(() => {
          throw new Error('of the action');
        }),
      );
    },
  ],
  [
    'Once.run inside its own action',
    ReentryError,
    'thread 1 runs the Once at index 0 already: its action must not run it again',
    () => {
      const view = cells();
      const once = Once.create(view, 0, 1);
      return on(view, () => once.run(() => void once.run(() => {})));
    },
  ],
  [
    'Once.run that waits too long',
    TimeoutError,
    'thread 9 did not finish its run of the Once at index 0 within 5 ms: wait longer, or call abandon() when that thread has died',
    () => {
      const view = cells();
      const once = Once.create(view, 0, 1);
      return on(view, () => {
        let error: unknown;
        const running = (): never => {
          try {
            asleep(late, () => once.run(() => {}, 5));
          } catch (caught) {
            error = caught;
          }
          throw new Error('so that it has not run');
        };
        expect(() => Once.attach(view, 0, 9).run(running)).toThrow('so that it has not run');
        throw error;
      });
    },
  ],
  [
    'Once.run where there is none',
    NotCreatedError,
    'there is no Once at index 0 (word: 0): one thread must call Once.create first',
    nowhere((view) => Once.attach(view, 0).run(() => {})),
  ],
];

/** Locks 0 and 1 in debug mode, for thread 1 and thread 9. The graph is first, then the locks. */
function graphed(options = { threads: 2, locks: 2 }) {
  const at = LockGraph.cells(options);
  const view = cells(at + 8);
  const graphs = [1, 9].map((owner) =>
    owner === 1 ? LockGraph.create(view, 0, options, owner) : LockGraph.attach(view, 0, owner),
  );
  Mutex.create(view, at, 1);
  RwLock.create(view, at + 2, 1);
  const [mine, others] = graphs.map((graph, i) => ({
    graph,
    mutex: new DebugMutex(graph, Mutex.attach(view, at, i === 0 ? 1 : 9), 0, 'accounts'),
    rwLock: new DebugRwLock(graph, RwLock.attach(view, at + 2, i === 0 ? 1 : 9), 1, 'index'),
  }));
  return { view, mine: mine!, others: others! }; // of two graphs
}

const debug: readonly Row[] = [
  [
    'LockGraph of 0 threads',
    RangeError,
    'a LockGraph has from 1 to 4096 threads, got 0: pass how many there are',
    nowhere(() => LockGraph.cells({ threads: 0 })),
  ],
  [
    'DebugMutex of a number too high',
    BoundsError,
    'the LockGraph has locks 0 to 1, got 2: number the locks from 0, or create the graph for more',
    () => {
      const { view, mine } = graphed();
      return on(view, () => new DebugMutex(mine.graph, Mutex.attach(view, 0, 1), 2));
    },
  ],
  [
    'DebugMutex where there is no graph',
    NotCreatedError,
    'there is no LockGraph at index 2: one thread must call LockGraph.create first',
    nowhere((view) => new DebugMutex(LockGraph.attach(view, 0, 1), Mutex.attach(view, 200, 1), 0)),
  ],
  [
    'DebugMutex.lock by its holder',
    RelockError,
    'thread 1 holds the Mutex',
    () => {
      const { view, mine } = graphed();
      mine.mutex.lock();
      return on(view, () => mine.mutex.lock());
    },
  ],
  [
    'DebugMutex.unlock by another',
    NotOwnerError,
    'only the holder may unlock',
    () => {
      const { view, mine, others } = graphed();
      mine.mutex.lock();
      return on(
        view,
        () => others.mutex.unlock(),
        () => expect(mine.mutex.holder()).toBe(1),
      );
    },
  ],
  [
    'DebugMutex.lock that closes a circle',
    DeadlockError,
    'deadlock: thread 1 holds index and waits for accounts; thread 9 holds accounts and waits for index: take locks in one order everywhere, or with a time limit',
    () => {
      const { view, mine, others } = graphed();
      mine.rwLock.lockExclusive();
      others.mutex.lock();
      let error: unknown;
      const circle = (): 'timed-out' | undefined => {
        if (error !== undefined) throw new Error('it sleeps once too often');
        try {
          mine.mutex.lock();
        } catch (caught) {
          error = caught;
        }
        mine.rwLock.unlock();
        return undefined;
      };
      return on(
        view,
        () => {
          asleep(circle, () => others.rwLock.lockExclusive());
          throw error;
        },
        () => {
          // Nothing was taken by who was refused; who waited has it now.
          expect([mine.mutex.holder(), mine.rwLock.hold, others.rwLock.hold]).toEqual([
            9,
            'none',
            'exclusive',
          ]);
        },
      );
    },
  ],
  [
    'DebugMutex.lock by a thread too many',
    TooManyThreadsError,
    '1 threads hold or await locks in the LockGraph already: create it for more threads',
    () => {
      const { view, mine, others } = graphed({ threads: 1, locks: 2 });
      others.mutex.lock();
      return on(view, () => mine.rwLock.lockShared());
    },
  ],
];

const queues: readonly Row[] = (
  [
    ['MpmcQueue', MpmcQueue],
    ['SpscRing', SpscRing],
    ['Inbox', Inbox],
  ] as const
).flatMap(([name, Queue]): Row[] => {
  const made = () => {
    const view = cells(1024);
    return {
      view,
      queue: Queue.create(view, 0, 1, codecs.int32) as runtime.Inbox<number> & runtime.SpscRing<number>,
    };
  };
  const put = (queue: runtime.Inbox<number> & runtime.SpscRing<number>, item: number) =>
    name === 'Inbox' ? queue.offer(item) : queue.put(item);
  return [
    [
      `${name} of capacity 0`,
      RangeError,
      `the capacity of an ${name} is ${name === 'Inbox' ? 'an integer' : 'a power of two'} from 1 to 2^24 items, got 0`,
      nowhere((view) => Queue.create(view, 0, 0, codecs.int32)),
    ],
    [
      `${name} that begins inside a line`,
      AlignmentError,
      `an ${name} begins on a multiple of 64 bytes, but index 1 is byte 4 of the buffer: an Allocator gives such offsets`,
      nowhere((view) => Queue.create(view, 1, 1, codecs.int32)),
    ],
    [
      `${name} attached with another codec`,
      TypeError,
      `the items of an ${name} at index 0 have 1 words, but float64 has 2: attach with the codec that it was created with`,
      () => {
        const { view, queue } = made();
        return on(view, () => Queue.attach(queue.handle, codecs.float64));
      },
    ],
    [
      `${name}.take where there is none`,
      NotCreatedError,
      `there is no ${name} of 1 items at index 0 (found: 0): one thread must create it first, and the others attach by its handle`,
      nowhere((view) => Queue.attach({ view, index: 0, capacity: 1, words: 1 }, codecs.int32).take()),
    ],
    [
      `${name}: an item that is none of the codec’s`,
      RangeError,
      'int32 holds an integer from -2147483648 to 2147483647, got 0.5: round it, or use float64',
      () => {
        const { view, queue } = made();
        return on(view, () => put(queue, 0.5));
      },
    ],
    [
      `${name}: a put when it is closed`,
      ClosedError,
      `the ${name} at index 0 is closed: nothing more goes in`,
      () => {
        const { view, queue } = made();
        queue.close();
        if (name !== 'SpscRing') return on(view, () => put(queue, 1));
        // The ring's producer fills the free slot first, which only then is nobody's to take.
        return on(
          view,
          () => put(queue, 1),
          () => expect([queue.size(), view[32], view[49], view[65]]).toEqual([0, 0, 0, 0]),
        );
      },
    ],
    [
      `${name}.take when it is closed and empty`,
      ClosedError,
      `the ${name} at index 0 is closed: everything ${name === 'Inbox' ? 'in it' : 'that was put'} has been taken`,
      () => {
        const { view, queue } = made();
        queue.close();
        return on(view, () => queue.take());
      },
    ],
    [
      `${name}.take that is closed meanwhile`,
      ClosedError,
      'is closed: everything',
      () => {
        const { view, queue } = made();
        return on(
          view,
          () =>
            asleep(
              meanwhile(() => queue.close()),
              () => queue.take(),
            ),
          () => expect(view.slice(32, 80).filter((_, i) => i % 16 === 1)).toEqual(Int32Array.of(0, 0, 0)),
        );
      },
    ],
    [
      `${name}.take on a thread that must not block`,
      TypeError,
      'cannot be called in this context',
      () => {
        const { view, queue } = made();
        return on(view, () => asleep(unable, () => queue.take()));
      },
    ],
  ];
});

const ring: readonly Row[] = (['producer', 'consumer'] as const).map(
  (role): Row => [
    `SpscRing: a second ${role}`,
    RoleTakenError,
    `another handle has ${role === 'producer' ? 'put into' : 'taken from'} the SpscRing at index 0: it has one ${role}; attach anew when the side was handed over, or use an MpmcQueue`,
    () => {
      const view = cells();
      const first = SpscRing.create(view, 0, 4, codecs.int32);
      const second = SpscRing.attach(first.handle, codecs.int32);
      for (const item of [1, 2, 3]) first.put(item);
      if (role === 'producer') second.close();
      else first.take();
      const stranger = SpscRing.attach(first.handle, codecs.int32);
      if (role === 'consumer') {
        stranger.take();
        return on(view, () => first.take());
      }
      const open = SpscRing.create(view, 0, 4, codecs.int32);
      const other = SpscRing.attach(open.handle, codecs.int32);
      open.put(1);
      other.put(1);
      return on(view, () => open.put(1));
    },
  ],
);

/** A storage of two threads and one line of slots each. */
function storage() {
  const view = cells(256);
  return { view, rows: ThreadStorage.create(view, 0, { threads: 2, bytesPerThread: 64 }) };
}

const tls: readonly Row[] = [
  [
    'ThreadStorage of 0 threads',
    RangeError,
    'threads of a ThreadStorage is an integer from 1 to 65536, got 0',
    nowhere((view) => ThreadStorage.create(view, 0, { threads: 0 })),
  ],
  [
    'ThreadStorage inside a line',
    AlignmentError,
    'a ThreadStorage begins on a multiple of 64 bytes, but index 1 is byte 4',
    nowhere((view) => ThreadStorage.create(view, 1, { threads: 1, bytesPerThread: 64 })),
  ],
  [
    'T1: claim of an id too high',
    BoundsError,
    'thread id 2 is not in this ThreadStorage: its ids are 0 to 1',
    () => {
      const { view, rows } = storage();
      return on(view, () => rows.claim(2));
    },
  ],
  [
    'claim twice',
    RoleTakenError,
    'this handle has thread id 0 already: release it before another is claimed',
    () => {
      const { view, rows } = storage();
      rows.claim();
      return on(view, () => rows.claim());
    },
  ],
  [
    'claim of an id that is in use',
    RoleTakenError,
    'thread id 0 is in use: its thread must release it, or somebody forget it after its death',
    () => {
      const { view, rows } = storage();
      rows.claim(0);
      return on(view, () => ThreadStorage.attach(rows.handle).claim(0));
    },
  ],
  [
    'claim when all ids are in use',
    RoleTakenError,
    'all 2 thread ids are in use: release one, or create the storage for more threads',
    () => {
      const { view, rows } = storage();
      rows.claim();
      ThreadStorage.attach(rows.handle).claim();
      return on(view, () => ThreadStorage.attach(rows.handle).claim());
    },
  ],
  [
    'adopt of an id that nobody has claimed',
    NotCreatedError,
    'nobody has claimed thread id 1 for this thread: let who starts it claim one, and send its number',
    () => {
      const { view, rows } = storage();
      return on(view, () => rows.adopt(1));
    },
  ],
  [
    'adopt by a handle that has an id',
    RoleTakenError,
    'this handle has thread id 0 already: release it before another is claimed',
    () => {
      const { view, rows } = storage();
      rows.claim(0);
      return on(view, () => rows.adopt(0));
    },
  ],
  [
    'claim where there is no storage',
    NotCreatedError,
    'there is no ThreadStorage of 2 threads at index 0 (found: 0): one thread must call ThreadStorage.create first, and the others attach by its handle',
    nowhere((view) => ThreadStorage.attach({ view, index: 0, threads: 2, bytesPerThread: 64 }).claim()),
  ],
  [
    'ThreadLocal.create when the rows are full',
    OutOfMemoryError,
    'a thread-local variable takes 68 bytes of each thread, but 64 of 64 are left: create the storage with more bytesPerThread',
    () => {
      const { view, rows } = storage();
      return on(view, () => ThreadLocal.create(rows, codecs.words(16)));
    },
  ],
  [
    'ThreadLocal.create with a codec of -1 words',
    RangeError,
    'a thread-local variable has a whole number of Int32 words from 1 on, got -1: mend its codec',
    () => {
      const { view, rows } = storage();
      return on(view, () => ThreadLocal.create(rows, { ...codecs.int32, words: -1 }));
    },
  ],
  [
    'T1: ThreadLocal.attach with a key past the slots',
    BoundsError,
    'a key of 1 words at offset 15 is not in the 16 cells of a thread: pass the key of a ThreadLocal, as it was sent',
    () => {
      const { view, rows } = storage();
      return on(view, () => ThreadLocal.attach(rows, { offset: 15, words: 1 }, codecs.int32));
    },
  ],
  [
    'ThreadLocal.attach with another codec',
    TypeError,
    'the key at offset 0 is for values of 1 words, but float64 has 2: attach with the codec that it was created with',
    () => {
      const { view, rows } = storage();
      const { key } = ThreadLocal.create(rows, codecs.int32);
      return on(view, () => ThreadLocal.attach(rows, key, codecs.float64));
    },
  ],
  [
    'ThreadLocal.get of a key that nobody allocated',
    NotCreatedError,
    'nobody allocated a key at offset 0 (keys end at 0): one thread must call ThreadLocal.create first',
    () => {
      const { view, rows } = storage();
      rows.claim();
      return on(view, () => ThreadLocal.attach(rows, { offset: 0, words: 1 }, codecs.int32).get());
    },
  ],
  [
    'ThreadLocal.get by a thread without an id',
    NotCreatedError,
    'this handle has no thread id, so it has no slots: call claim() first',
    () => {
      const { view, rows } = storage();
      const variable = ThreadLocal.create(rows, codecs.int32);
      return on(view, () => variable.get());
    },
  ],
  [
    'ThreadLocal.set to what is none of the codec’s',
    TypeError,
    'boolean holds true or false, got 1: compare it first',
    () => {
      const { view, rows } = storage();
      rows.claim();
      const variable = ThreadLocal.create(rows, codecs.boolean);
      return on(view, () => variable.set(wrongly(1)));
    },
  ],
  [
    'a struct without fields',
    RangeError,
    'a struct has 1 field or more, got none: name them',
    nowhere(() => codecs.struct({})),
  ],
  ['a struct of no object', TypeError, 'a struct with the fields x, y is an object, got 1', struct(1)],
  [
    'a struct without a field',
    TypeError,
    'a struct has the fields x, y, but y is missing: set it',
    struct({ x: 1 }),
  ],
  [
    'a record of 0 words',
    RangeError,
    'a record has from 1 to 65536 words, got 0',
    nowhere(() => codecs.words(0)),
  ],
  [
    'a record of another length',
    TypeError,
    'a record is an Int32Array of 2 words, got 1 words',
    () => {
      const { view, rows } = storage();
      rows.claim();
      const variable = ThreadLocal.create(rows, codecs.words(2));
      return on(view, () => variable.set(new Int32Array(1)));
    },
  ],
];

function struct(value: unknown): () => Scene {
  return () => {
    const { view, rows } = storage();
    rows.claim();
    const variable = ThreadLocal.create(rows, codecs.struct({ x: codecs.int32, y: codecs.int32 }));
    return on(view, () => variable.set(wrongly(value)));
  };
}

/** A runtime of one page for two threads. */
function oneRuntime() {
  const runtime = ThreadRuntime.create(
    { initialBytes: 65_536, workers: 1, threads: 2, bytesPerThread: 64 },
    1,
  );
  return { runtime, view: new Int32Array(runtime.memory.buffer, 0, 16_384) };
}

const whole: readonly Row[] = [
  ...(
    [
      ['options that are none', TypeError, 'the options of a ThreadRuntime are an object, got 4', 4],
      [
        'an option that there is not',
        TypeError,
        'a ThreadRuntime has no option worker: it has initialBytes, maximumBytes, workers, threads, bytesPerThread, pool',
        { worker: 1 },
      ],
      [
        'a pool that is none',
        TypeError,
        'pool of a ThreadRuntime is an object with options of a ThreadPool, got null',
        { pool: null },
      ],
      [
        'a pool with a size of its own',
        TypeError,
        'the pool of a ThreadRuntime takes no maxThreads (2): say how many by its workers',
        { pool: { maxThreads: 2 } },
      ],
      [
        'a pool that makes no sense',
        RangeError,
        'queueLimit of a ThreadPool is a whole number from 1 to 1048576, got 0',
        { pool: { queueLimit: 0 } },
      ],
      [
        '0 workers',
        RangeError,
        'workers of a ThreadRuntime is an integer from 1 to 1024, got 0: pass one, or nothing for 4',
        { workers: 0 },
      ],
      [
        'half a thread',
        RangeError,
        'threads of a ThreadRuntime is an integer from 1 to 65536, got 0.5: pass one, or nothing for 16',
        { threads: 0.5 },
      ],
      [
        'a maximum below its size',
        RangeError,
        'maximumBytes of a ThreadRuntime (65536) is below its initialBytes (131072): raise it, or begin smaller',
        { initialBytes: 131_072, maximumBytes: 65_536 },
      ],
      [
        'more workers than threads',
        RangeError,
        'a ThreadRuntime of 4 workers needs at least 5 threads, with the one that creates it, got 4: raise threads, or take fewer workers',
        { threads: 4 },
      ],
      [
        'more storage than memory',
        RangeError,
        'the thread-local storage of 16 threads takes 66688 bytes, which do not fit into initialBytes (65536): raise initialBytes, or take fewer threads or bytesPerThread',
        { initialBytes: 65_536, bytesPerThread: 4160 },
      ],
    ] as const
  ).map(
    ([what, Class, message, options]): Row => [
      `ThreadRuntime of ${what}`,
      Class,
      message,
      nowhere(() => ThreadRuntime.create(wrongly(options))),
    ],
  ),
  [
    'ThreadRuntime.attach by one thread too many',
    RoleTakenError,
    'all 2 thread ids are in use',
    () => {
      const { runtime, view } = oneRuntime();
      ThreadRuntime.attach(runtime.handle, 2);
      return on(view, () => ThreadRuntime.attach(runtime.handle, 3));
    },
  ],
  [
    'ThreadRuntime.pool of an attached one',
    NotOwnerError,
    'pool and threads of a ThreadRuntime are those of the thread that created it: send it what is to be run, or make a ThreadPool',
    () => {
      const { runtime, view } = oneRuntime();
      const attached = ThreadRuntime.attach(runtime.handle, 2);
      return on(view, () => attached.pool);
    },
  ],
  [
    'ThreadRuntime.current where no ThreadRuntime has started the thread',
    NotCreatedError,
    'no ThreadRuntime has started this thread: attach by a handle, or run this as a task of its pool or in a thread that it spawned',
    nowhere(() => ThreadRuntime.current()),
  ],
  [
    'ThreadRuntime.current where no thread id was free',
    RoleTakenError,
    'all 2 thread ids of the ThreadRuntime were in use as this thread was started: raise threads',
    () => {
      const { runtime, view } = oneRuntime();
      const place = globalThis as Record<symbol, unknown>;
      const key = Symbol.for('thread-pool.equipment');
      return on(view, () => {
        place[key] = { data: { runtime: runtime.handle, thread: -1 } };
        try {
          return ThreadRuntime.current();
        } finally {
          delete place[key];
        }
      });
    },
  ],
  [
    'ThreadRuntime.threads when the pool has all',
    RangeError,
    'this ThreadRuntime has 2 threads, of which 1 are its workers and one created it: raise threads to spawn others',
    () => {
      const { runtime, view } = oneRuntime();
      return on(view, () => runtime.threads);
    },
  ],
  [
    'ThreadRuntime.barrier of 0 parties',
    RangeError,
    'a Barrier has from 1 to 8191 parties, got 0',
    () => {
      const { runtime, view } = oneRuntime();
      return on(view, () => runtime.barrier(0));
    },
  ],
  [
    'ThreadRuntime.handleOf another’s mutex',
    ForeignPointerError,
    'this runtime has not made the Mutex: ask the object that created or opened it',
    () => {
      const { runtime, view } = oneRuntime();
      return on(view, () => runtime.handleOf(Mutex.create(cells(), 0)));
    },
  ],
  [
    'ThreadRuntime.open of no kind',
    TypeError,
    'there is no primitive of the kind toString: pass what handleOf returned, as it was sent',
    () => {
      const { runtime, view } = oneRuntime();
      return on(view, () => runtime.open({ kind: wrongly('toString'), offset: 64, cells: 1 }));
    },
  ],
  [
    'ThreadRuntime.free twice',
    DoubleFreeError,
    'it was freed already',
    () => {
      const { runtime, view } = oneRuntime();
      const handle = runtime.handleOf(runtime.mutex());
      runtime.free(handle);
      return on(view, () => runtime.free(handle));
    },
  ],
  ...(['mutex', 'threadLocal', 'open', 'free', 'pool'] as const).map(
    (method): Row => [
      `ThreadRuntime.${method} when it is closed`,
      ClosedError,
      'this thread has closed its ThreadRuntime: attach anew, or close it later',
      () => {
        const { runtime, view } = oneRuntime();
        const handle = runtime.handleOf(runtime.mutex());
        runtime.close();
        const calls = {
          mutex: () => runtime.mutex(),
          threadLocal: () => runtime.threadLocal(codecs.int32),
          open: () => runtime.open(handle),
          free: () => runtime.free(handle),
          pool: () => runtime.pool,
        };
        return on(view, calls[method]);
      },
    ],
  ),
];

const rows: readonly Row[] = [
  ...whole,
  ...places,
  ...limits,
  ...owners,
  ...atomics,
  ...memory,
  ...locks,
  ...debug,
  ...queues,
  ...ring,
  ...tls,
];

function errorOf({ act }: Scene): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

const bytesOf = ({ memory: shared }: Scene): Buffer => Buffer.from(Uint8Array.from(new Uint8Array(shared)));

describe('every error has its class and message, and leaves nothing behind', () => {
  it.each(rows)('%s', (_what, Class, message, scene) => {
    const made = scene();
    const before = bytesOf(made);
    const error = errorOf(made);
    expect(error).toBeInstanceOf(Class);
    expect((error as Error).message).toContain(message);
    if (made.leaves === undefined) expect(bytesOf(made).equals(before), 'the memory is as it was').toBe(true);
    else made.leaves();
  });
});

/** The files whose errors are in the table above: those of the primitives. Pool, channel and registry have tests of their own. */
const rooms = ['atomics', 'memory', 'queue', 'sync', 'tls'];
const atTheTop = ['cell', 'codec', 'line', 'runtime', 'runtime-configuration', 'thread', 'timeout'];
const files = [
  ...atTheTop.map((name) => `${name}.ts`),
  ...rooms.flatMap((room) =>
    readdirSync(join(import.meta.dirname, room))
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => `${room}/${name}`),
  ),
];

test('no message of the primitives is without a row', () => {
  const errors = rows.map(([, , , scene]) => errorOf(scene())).filter((error) => error instanceof Error);
  const isThrown = (Class: string, literal: string): boolean =>
    errors.some((error) => error.constructor.name === Class && pattern(literal).test(error.message));
  const literals = files.flatMap((file) =>
    errorsMadeIn(file).map(([Class, literal]) => ({ file, Class, literal })),
  );
  expect(literals.filter(({ Class, literal }) => !isThrown(Class, literal))).toEqual([]);
  expect(literals.length).toBeGreaterThan(130);
});

/** The literals of the messages in the source of a file, each with its class. */
function errorsMadeIn(file: string): (readonly [Class: string, literal: string])[] {
  const source = readFileSync(join(import.meta.dirname, file), 'utf8');
  return [...source.matchAll(/new (\w*Error)\(([\s\S]*?)\);\n/g)].flatMap(([, Class, args]) =>
    [...args!.matchAll(/`(?:\\.|\$\{(?:[^{}`]|`[^`]*`)*\}|[^`\\])*`|'(?:\\.|[^'\\])*'/g)].map(
      ([literal]) => [Class!, literal] as const, // both groups always match
    ),
  );
}

/** Of what a literal in the source makes at run time. */
function pattern(literal: string): RegExp {
  const parts = literal.slice(1, -1).split(/\$\{(?:[^{}`]|`[^`]*`)*\}/);
  return new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\s\\S]*'));
}
