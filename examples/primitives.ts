/**
 * The runtime's primitives in programs that are small enough to be gone through whole:
 * `npx threadproof explore examples/primitives.ts --strategy exhaustive`, or one of them with `--export NAME`. docs/exhaustive.md lists the counts.
 */
import { Barrier, Condition, Mutex, RwLock, Semaphore } from 'threadproof/runtime';

type Words = Int32Array<SharedArrayBuffer>;

interface Sized {
  readonly name: string;
  readonly threads: number;
  setup(): Words;
  thread(id: number, words: Words): unknown;
  check(words: Words, results: readonly unknown[]): boolean;
}

/** The word that a lock guards, after the cells of the primitives. */
const guarded = 8;

const words = (): Words => new Int32Array(new SharedArrayBuffer(48));

/** Reads, then writes: two threads inside together lose one. */
function increment(view: Words): void {
  Atomics.store(view, guarded, Atomics.load(view, guarded) + 1);
}

function mutex(threads: number, times: number): Sized {
  return {
    name: `Mutex, ${threads} threads x ${times}`,
    threads,
    setup: words,
    thread(id, view) {
      const lock = Mutex.attach(view, 0, id + 1);
      for (let i = 0; i < times; i++) {
        lock.lock();
        increment(view);
        lock.unlock();
      }
    },
    check: (view) => view[guarded] === threads * times && view[0] === 0,
  };
}

/** The first thread puts `items` items into a mailbox, one after another; each of the others takes its share. */
function condition(consumers: number, items: number): Sized {
  return {
    name: `Condition, 1 producer, ${consumers} consumers, ${items} items each`,
    threads: 1 + consumers,
    setup: words,
    thread(id, view) {
      const lock = Mutex.attach(view, 0, id + 1);
      const changed = Condition.attach(view, 1);
      for (let i = 0; i < items * (id === 0 ? consumers : 1); i++) {
        lock.lock();
        while ((Atomics.load(view, guarded) === 0) === id > 0) changed.wait(lock);
        Atomics.store(view, guarded, id === 0 ? 1 : 0);
        changed.notifyAll();
        lock.unlock();
      }
    },
    check: (view) => view[guarded] === 0,
  };
}

function barrier(parties: number, phases: number): Sized {
  return {
    name: `Barrier, ${parties} parties, ${phases} phases`,
    threads: parties,
    setup() {
      const view = words();
      Barrier.create(view, 0, parties);
      return view;
    },
    thread(_id, view) {
      const gate = Barrier.attach(view, 0);
      for (let phase = 1; phase <= phases; phase++) {
        Atomics.add(view, guarded, 1);
        gate.wait();
        // All have arrived, and nobody is further than one phase.
        const arrived = Atomics.load(view, guarded);
        if (arrived < parties * phase) throw new Error(`left phase ${phase} after ${arrived} arrivals`);
      }
    },
    check: (view) => view[guarded] === parties * phases,
  };
}

function rwlock(readers: number, writers: number, times: number): Sized {
  return {
    name: `RwLock, ${readers} readers, ${writers} writers x ${times}`,
    threads: readers + writers,
    setup: words,
    thread(id, view) {
      const lock = RwLock.attach(view, 0, id + 1);
      for (let i = 0; i < times; i++) {
        if (id < readers) lock.lockShared();
        else lock.lockExclusive();
        if (id >= readers) increment(view);
        else {
          const before = Atomics.load(view, guarded);
          if (Atomics.load(view, guarded) !== before) throw new Error('a writer came between two reads');
        }
        lock.unlock();
      }
    },
    check: (view) => view[guarded] === writers * times,
  };
}

function semaphore(permits: number, threads: number, times: number): Sized {
  return {
    name: `Semaphore of ${permits}, ${threads} threads x ${times}`,
    threads,
    setup() {
      const view = words();
      Semaphore.create(view, 0, permits);
      return view;
    },
    thread(_id, view) {
      const gate = Semaphore.attach(view, 0);
      for (let i = 0; i < times; i++) {
        gate.acquire();
        const inside = Atomics.add(view, guarded, 1) + 1;
        if (inside > permits) throw new Error(`${inside} inside`);
        Atomics.sub(view, guarded, 1);
        gate.release();
      }
    },
    check: (view) => view[0] === permits && view[guarded] === 0,
  };
}

export const mutex2x1: Sized = mutex(2, 1);
export const mutex2x2: Sized = mutex(2, 2);
export const mutex3x1: Sized = mutex(3, 1);
export const mutex2x3: Sized = mutex(2, 3);

export const condition1x1: Sized = condition(1, 1);
export const condition1x2: Sized = condition(1, 2);

export const barrier2x1: Sized = barrier(2, 1);
export const barrier2x2: Sized = barrier(2, 2);
export const barrier3x1: Sized = barrier(3, 1);
export const barrier2x3: Sized = barrier(2, 3);

export const rwlock1and1: Sized = rwlock(1, 1, 1);
export const rwlock3and0: Sized = rwlock(3, 0, 1);
export const rwlock1and1x2: Sized = rwlock(1, 1, 2);
export const rwlock2and1: Sized = rwlock(2, 1, 1);
export const rwlock1and2: Sized = rwlock(1, 2, 1);
export const rwlock0and3: Sized = rwlock(0, 3, 1);

export const semaphore1for2: Sized = semaphore(1, 2, 1);
export const semaphore1for2x2: Sized = semaphore(1, 2, 2);
export const semaphore1for3: Sized = semaphore(1, 3, 1);
export const semaphore2for3: Sized = semaphore(2, 3, 1);
