/**
 * One object for a program's shared memory and its threads: it builds and owns the memory, the allocator in it, the rows of thread-local storage, a
 * thread pool and a thread manager, and finds a place for each primitive. All that it does can be done by hand with the classes that it uses; none of them knows of it.
 */
import { AtomicCounter } from './atomics/atomic-counter.ts';
import { AtomicFlag } from './atomics/atomic-flag.ts';
import { AtomicInt32 } from './atomics/atomic-int32.ts';
import { AtomicInt64 } from './atomics/atomic-int64.ts';
import { AtomicUint32 } from './atomics/atomic-uint32.ts';
import type { Codec } from './codec.ts';
import {
  ClosedError,
  ForeignPointerError,
  NotCreatedError,
  NotOwnerError,
  RoleTakenError,
} from './errors.ts';
import { LINE_BYTES } from './line.ts';
import { Allocator, type AllocatorHandle } from './memory/allocator.ts';
import { SharedMemory } from './memory/shared-memory.ts';
import type { ThreadManager } from './pool/thread-manager.ts';
import type { ThreadPool } from './pool/thread-pool.ts';
import { Inbox } from './queue/inbox.ts';
import { MpmcQueue } from './queue/mpmc-queue.ts';
import { SpscRing } from './queue/spsc-ring.ts';
import {
  configured,
  type RuntimeConfiguration,
  type RuntimePoolOptions,
  type ThreadRuntimeOptions,
} from './runtime-configuration.ts';
import { equippedRuntime, type RuntimeEquipment, RuntimeThreads } from './runtime-threads.ts';
import { Barrier } from './sync/barrier.ts';
import { Condition } from './sync/condition.ts';
import { Latch } from './sync/latch.ts';
import { LockGraph, type LockGraphOptions } from './sync/lock-graph.ts';
import { Mutex } from './sync/mutex.ts';
import { Once } from './sync/once.ts';
import { RwLock } from './sync/rwlock.ts';
import { Semaphore } from './sync/semaphore.ts';
import { currentThreadId } from './thread.ts';
import { ThreadLocal } from './tls/thread-local.ts';
import { ThreadStorage, type ThreadStorageHandle } from './tls/thread-storage.ts';

type View = Int32Array<SharedArrayBuffer>;

/** What other threads attach by: a plain object that structured clone carries over. */
export interface ThreadRuntimeHandle {
  readonly configuration: RuntimeConfiguration;
  readonly allocator: AllocatorHandle;
  readonly storage: ThreadStorageHandle;
}

/** The primitives that a handle of a few bytes tells apart: by their kind and place. */
export interface Primitives {
  readonly int32: AtomicInt32;
  readonly uint32: AtomicUint32;
  readonly int64: AtomicInt64;
  readonly flag: AtomicFlag;
  readonly counter: AtomicCounter;
  readonly mutex: Mutex;
  readonly condition: Condition;
  readonly barrier: Barrier;
  readonly rwLock: RwLock;
  readonly semaphore: Semaphore;
  readonly latch: Latch;
  readonly once: Once;
  readonly lockGraph: LockGraph;
}

/** The kind of a primitive. */
export type KindOf<Primitive> = {
  [Kind in keyof Primitives]: Primitive extends Primitives[Kind] ? Kind : never;
}[keyof Primitives];

/** What other threads open a primitive by: a plain object that structured clone carries over. */
export interface PrimitiveHandle<Kind extends keyof Primitives = keyof Primitives> {
  readonly kind: Kind;
  /** Byte offset in the memory, for `free`. */
  readonly offset: number;
  /** Int32 cells from there on. */
  readonly cells: number;
}

/** How a thread joins each kind. No constructor of a primitive touches its cells. */
const attachments: { readonly [Kind in keyof Primitives]: (view: View, owner: number) => Primitives[Kind] } =
  {
    int32: (view) => AtomicInt32.attach(view, 0),
    uint32: (view) => AtomicUint32.attach(view, 0),
    int64: (view) => AtomicInt64.attach(new BigInt64Array(view.buffer, view.byteOffset, 1), 0),
    flag: (view) => AtomicFlag.attach(view, 0),
    counter: (view) => AtomicCounter.attach(view, 0),
    mutex: (view, owner) => Mutex.attach(view, 0, owner),
    condition: (view) => Condition.attach(view, 0),
    barrier: (view) => Barrier.attach(view, 0),
    rwLock: (view, owner) => RwLock.attach(view, 0, owner),
    semaphore: (view) => Semaphore.attach(view, 0),
    latch: (view) => Latch.attach(view, 0),
    once: (view, owner) => Once.attach(view, 0, owner),
    lockGraph: (view, owner) => LockGraph.attach(view, 0, owner),
  };

/**
 * Shared memory with all that lives in it. One thread creates it; the others attach by its handle. The object is one thread's: it has
 * claimed a thread id in the storage, by which its thread-local variables are its own.
 *
 * ```ts
 * using runtime = ThreadRuntime.create({ threads: 8 });
 * const mutex = runtime.mutex();
 * worker.postMessage({ runtime: runtime.handle, mutex: runtime.handleOf(mutex) });
 * // in the worker:
 * using runtime = ThreadRuntime.attach(message.runtime);
 * const mutex = runtime.open(message.mutex);
 * ```
 *
 * Threads of `pool` and `threads` need no handle: in them, `ThreadRuntime.current()` is theirs.
 *
 * Each primitive has whole cache lines for itself. It lives until `free`, or as long as the memory: no object of a thread owns it.
 */
export class ThreadRuntime {
  readonly configuration: RuntimeConfiguration;
  readonly memory: SharedMemory;
  readonly allocator: Allocator;
  /** This thread's row of thread-local variables, claimed. */
  readonly storage: ThreadStorage;
  readonly #owner: number;
  /** Handles of the primitives that this object created or opened. */
  readonly #handles = new WeakMap<object, PrimitiveHandle>();
  /** Of the runtime that was created; none of one that was attached. */
  readonly #crew: RuntimeThreads | undefined;
  #closed = false;

  private constructor(
    configuration: RuntimeConfiguration,
    allocator: Allocator,
    storage: ThreadStorage,
    owner: number,
    pool?: RuntimePoolOptions,
  ) {
    this.configuration = configuration;
    this.memory = SharedMemory.attach(allocator.handle);
    this.allocator = allocator;
    this.storage = storage;
    this.#owner = owner;
    if (storage.thread < 0) storage.claim();
    if (pool !== undefined) this.#crew = new RuntimeThreads(this.handle, pool);
  }

  /**
   * Builds memory, allocator and storage, and claims a thread id for this thread.
   *
   * @param owner id of this thread; see Mutex
   * @throws TypeError when the options are no object, or one of them is not known
   * @throws RangeError when one of them makes no sense, or the storage does not fit into the memory
   * @throws OutOfMemoryError when the system refuses the memory
   */
  static create(options: ThreadRuntimeOptions = {}, owner: number = currentThreadId()): ThreadRuntime {
    const configuration = configured(options);
    const { initialBytes, maximumBytes, threads, bytesPerThread } = configuration;
    const memory = SharedMemory.create({ initialBytes, maximumBytes });
    const allocator = Allocator.create(memory.buffer, { owner });
    const cells = ThreadStorage.cells({ threads, bytesPerThread });
    const storage = ThreadStorage.create(memory.int32(allocator.allocate(cells * 4), cells), 0, {
      threads,
      bytesPerThread,
    });
    return new ThreadRuntime(configuration, allocator, storage, owner, options.pool ?? {});
  }

  /**
   * Joins the runtime of another thread, and claims a thread id for this one. Initialises nothing.
   *
   * @param owner id of this thread; see Mutex
   * @throws RoleTakenError when as many threads as there may be have joined
   * @throws TypeError, BoundsError when the handle is none
   */
  static attach(handle: ThreadRuntimeHandle, owner: number = currentThreadId()): ThreadRuntime {
    const allocator = Allocator.attach(handle.allocator, owner);
    return new ThreadRuntime(handle.configuration, allocator, ThreadStorage.attach(handle.storage), owner);
  }

  /**
   * This thread's object for the runtime whose `pool` or `threads` started it: attached by the first call, the same from then on. Nobody needs to close
   * it: the thread's id is freed when the thread is gone.
   *
   * @throws NotCreatedError on other threads
   * @throws RoleTakenError when all thread ids were in use as this thread was started
   */
  static current(): ThreadRuntime {
    const runtime = equippedRuntime(ThreadRuntime.#adopt, (made) => !made.isClosed);
    if (runtime !== undefined) return runtime;
    throw new NotCreatedError(
      'no ThreadRuntime has started this thread: attach by a handle, or run this as a task of its pool or in a thread that it spawned',
    );
  }

  static #adopt({ runtime, thread }: RuntimeEquipment): ThreadRuntime {
    if (thread < 0) {
      throw new RoleTakenError(
        `all ${runtime.configuration.threads} thread ids of the ThreadRuntime were in use as this thread was started: raise threads`,
      );
    }
    const owner = currentThreadId();
    const storage = ThreadStorage.attach(runtime.storage);
    storage.adopt(thread);
    return new ThreadRuntime(
      runtime.configuration,
      Allocator.attach(runtime.allocator, owner),
      storage,
      owner,
    );
  }

  /** What to send to other threads. */
  get handle(): ThreadRuntimeHandle {
    const { configuration, allocator, storage } = this;
    return { configuration, allocator: allocator.handle, storage: storage.handle };
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Its pool of `workers` threads, started when it is first asked for.
   *
   * @throws NotOwnerError when this object was attached: one thread has the pool, and others send it what they want run
   * @throws ClosedError after `close`
   */
  get pool(): ThreadPool {
    return this.#threads().pool();
  }

  /**
   * Threads of one's own, one for each call: as many at a time as are left of `threads`.
   *
   * @throws NotOwnerError, ClosedError as `pool`
   * @throws RangeError when none is left beside the pool's
   */
  get threads(): ThreadManager {
    return this.#threads().manager();
  }

  /** A new integer of 32 bits. As all methods that create, throws OutOfMemoryError, and ClosedError after `close`. */
  int32(initial: number = 0): AtomicInt32 {
    return this.#create('int32', 1, (view) => AtomicInt32.create(view, 0, initial));
  }

  /** A new integer of 32 bits without a sign. */
  uint32(initial: number = 0): AtomicUint32 {
    return this.#create('uint32', 1, (view) => AtomicUint32.create(view, 0, initial));
  }

  /** A new integer of 64 bits. */
  int64(initial: bigint = 0n): AtomicInt64 {
    return this.#create('int64', 2, ({ buffer, byteOffset }) =>
      AtomicInt64.create(new BigInt64Array(buffer, byteOffset, 1), 0, initial),
    );
  }

  /** A new flag, clear. */
  flag(): AtomicFlag {
    return this.#create('flag', 1, (view) => AtomicFlag.create(view, 0));
  }

  /** A new counter that stays in its range. */
  counter(initial: number = 0): AtomicCounter {
    return this.#create('counter', 1, (view) => AtomicCounter.create(view, 0, initial));
  }

  /** A new mutex, free. */
  mutex(): Mutex {
    return this.#create('mutex', 1, (view) => Mutex.create(view, 0, this.#owner));
  }

  /** A new condition. */
  condition(): Condition {
    return this.#create('condition', 2, (view) => Condition.create(view, 0));
  }

  /** A new barrier. Throws what Barrier.create throws, and then nothing stays allocated; so do all others here. */
  barrier(parties: number): Barrier {
    return this.#create('barrier', 2, (view) => Barrier.create(view, 0, parties));
  }

  /** A new readers-writer lock, free. */
  rwLock(): RwLock {
    return this.#create('rwLock', 4, (view) => RwLock.create(view, 0, this.#owner));
  }

  /** A new semaphore. */
  semaphore(permits: number, maximum?: number): Semaphore {
    return this.#create('semaphore', 3, (view) => Semaphore.create(view, 0, permits, maximum));
  }

  /** A new latch. */
  latch(count: number): Latch {
    return this.#create('latch', 1, (view) => Latch.create(view, 0, count));
  }

  /** A new Once, which has not run. */
  once(): Once {
    return this.#create('once', 1, (view) => Once.create(view, 0, this.#owner));
  }

  /** A new graph for locks in debug mode. */
  lockGraph(options: LockGraphOptions = {}): LockGraph {
    return this.#create('lockGraph', LockGraph.cells(options), (view) =>
      LockGraph.create(view, 0, options, this.#owner),
    );
  }

  /** A new queue. Other threads attach by its own `handle`, as to the two below. */
  mpmcQueue<T>(capacity: number, codec: Codec<T>): MpmcQueue<T> {
    return this.#place(MpmcQueue.cells(capacity, codec), (view) =>
      MpmcQueue.create(view, 0, capacity, codec),
    );
  }

  /** A new ring. */
  spscRing<T>(capacity: number, codec: Codec<T>): SpscRing<T> {
    return this.#place(SpscRing.cells(capacity, codec), (view) => SpscRing.create(view, 0, capacity, codec));
  }

  /** A new inbox. */
  inbox<T>(capacity: number, codec: Codec<T>): Inbox<T> {
    return this.#place(Inbox.cells(capacity, codec), (view) =>
      Inbox.create(view, 0, capacity, codec, this.#owner),
    );
  }

  /** A new variable with a value for each thread. Other threads attach by its `key` to their own runtime's `storage`. */
  threadLocal<T>(codec: Codec<T>): ThreadLocal<T> {
    this.#checkOpen();
    return ThreadLocal.create(this.storage, codec);
  }

  /**
   * What other threads open a primitive by.
   *
   * @throws ForeignPointerError when this object neither created nor opened it
   */
  handleOf<Primitive extends Primitives[keyof Primitives]>(
    primitive: Primitive,
  ): PrimitiveHandle<KindOf<Primitive>> {
    const handle = this.#handles.get(primitive);
    if (handle === undefined) {
      throw new ForeignPointerError(
        `this runtime has not made the ${primitive.constructor.name}: ask the object that created or opened it`,
      );
    }
    return handle as PrimitiveHandle<KindOf<Primitive>>;
  }

  /**
   * This thread's object for a primitive of another thread. Initialises nothing.
   *
   * @throws TypeError when the handle is of no kind that there is
   * @throws ClosedError after `close`
   * @throws BoundsError when the handle is of another memory
   */
  open<Kind extends keyof Primitives>(handle: PrimitiveHandle<Kind>): Primitives[Kind] {
    this.#checkOpen();
    const { kind, offset, cells } = handle;
    if (!Object.hasOwn(attachments, kind)) {
      throw new TypeError(
        `there is no primitive of the kind ${String(kind)}: pass what handleOf returned, as it was sent`,
      );
    }
    const primitive = attachments[kind](this.memory.int32(offset, cells), this.#owner);
    this.#handles.set(primitive, { kind, offset, cells });
    return primitive;
  }

  /**
   * Gives the memory of a primitive back, by any thread. Nobody may use it any more, in any thread.
   *
   * @throws DoubleFreeError, ForeignPointerError as {@link Allocator.free}
   * @throws ClosedError after `close`
   */
  free(handle: PrimitiveHandle): void {
    this.#checkOpen();
    this.allocator.free(handle.offset);
  }

  /**
   * Takes this thread's part back: its thread id, with its thread-local values; pool and spawned threads are ended, whatever they do. The memory stays with
   * those who have it, and goes when nobody does. Does nothing the second time.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.storage.release();
    void this.#crew?.terminate();
  }

  /**
   * As `close`, but lets the tasks of the pool and the spawned threads run to their end first; new tasks are refused meanwhile. What `await using`
   * calls.
   */
  async shutdown(): Promise<void> {
    await this.#crew?.close();
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #create<Kind extends keyof Primitives>(
    kind: Kind,
    cells: number,
    make: (view: View) => Primitives[Kind],
  ): Primitives[Kind] {
    return this.#place(cells, (view, offset) => {
      const made = make(view);
      this.#handles.set(made, { kind, offset, cells });
      return made;
    });
  }

  /** Reserves whole lines and makes something there; gives them back when that fails. */
  #place<Made>(cells: number, make: (view: View, offset: number) => Made): Made {
    this.#checkOpen();
    const offset = this.allocator.allocate(cells * 4, { alignment: LINE_BYTES });
    try {
      return make(this.memory.int32(offset, cells), offset);
    } catch (error) {
      this.allocator.free(offset);
      throw error;
    }
  }

  #threads(): RuntimeThreads {
    this.#checkOpen();
    if (this.#crew !== undefined) return this.#crew;
    throw new NotOwnerError(
      'pool and threads of a ThreadRuntime are those of the thread that created it: send it what is to be run, or make a ThreadPool',
    );
  }

  #checkOpen(): void {
    if (!this.#closed) return;
    throw new ClosedError('this thread has closed its ThreadRuntime: attach anew, or close it later');
  }
}
