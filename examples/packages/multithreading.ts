/**
 * Programs over `multithreading` 0.3.52 from npm, unmodified: its mutex with condition variable, barrier, reader-writer lock, semaphore and channel, by
 * their blocking methods. What came of them is in docs/packages.md.
 */
import type { Program } from 'threadproof';
import './browser.ts';
import { Barrier, Condvar, channel, Mutex, Receiver, RwLock, Semaphore, Sender } from 'multithreading';

type Words = Int32Array<SharedArrayBuffer>;

const words = (count: number): Words => new Int32Array(new SharedArrayBuffer(4 * count));

// The package moves its objects between threads through two symbols that it does not export.
const [serialize, deserialize] = [
  Object.getOwnPropertySymbols(Mutex.prototype).find((s) => s.description === 'Thread.Serialize')!,
  Object.getOwnPropertySymbols(Mutex).find((s) => s.description === 'Thread.Deserialize')!,
];

/** What `spawn(move(object), ...)` posts for an object. */
function moved(object: object): unknown {
  return (object as Record<symbol, () => readonly unknown[]>)[serialize]!()[0];
}

/** What a worker of the package makes of it. */
function arrived<T>(type: abstract new (...args: never[]) => T, data: unknown): T {
  return (type as unknown as Record<symbol, (data: unknown) => T>)[deserialize]!(data);
}

/** A program whose threads get what `setup` made. */
type Of<Shared, Result = void> = Program<Shared, Shared, Result>;

function expect(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

/** A slot for one item, with a mutex and a condition variable: two items pass from thread 0 to thread 1. */
export const condvar: Of<{ mutex: SharedArrayBuffer; condvar: SharedArrayBuffer; slot: Words }, number[]> = {
  threads: 2,
  setup: () => ({ mutex: new SharedArrayBuffer(4), condvar: new SharedArrayBuffer(4), slot: words(1) }),
  thread(id, shared): number[] {
    const mutex = new Mutex(shared.slot, shared.mutex);
    const changed = new Condvar(shared.condvar);
    const taken: number[] = [];
    for (let item = 1; item <= 2; item++) {
      const guard = mutex.blockingLock();
      while ((guard.value[0] === 0) === (id === 1)) changed.blockingWait(guard);
      if (id === 1) taken.push(guard.value[0]!);
      guard.value[0] = id === 0 ? item : 0;
      changed.notifyOne();
      guard.dispose();
    }
    return taken;
  },
  check: (_shared, [, taken]): void => expect(taken?.join() === '1,2', `taken: ${taken?.join()}`),
};

/** Three threads, two rounds: nobody leaves before all are in, one leader a round. */
export const barrier: Of<{ barrier: unknown; arrived: Words; leaders: Words }> = {
  threads: 3,
  setup: () => ({ barrier: moved(new Barrier(3)), arrived: words(2), leaders: words(2) }),
  thread(_id, shared): void {
    const barrier = arrived(Barrier, shared.barrier);
    for (let round = 0; round < 2; round++) {
      Atomics.add(shared.arrived, round, 1);
      const { isLeader } = barrier.blockingWait();
      expect(Atomics.load(shared.arrived, round) === 3, `left round ${round} early`);
      if (isLeader) Atomics.add(shared.leaders, round, 1);
    }
  },
  check: ({ leaders }): void => expect(leaders.join() === '1,1', `leaders of the rounds: ${leaders.join()}`),
};

/** Two readers and a writer: a reader never sees half of what the writer writes. */
export const rwlock: Of<{ lock: SharedArrayBuffer; pair: Words }> = {
  threads: 3,
  setup: () => ({ lock: new SharedArrayBuffer(4), pair: words(2) }),
  thread(id, { lock, pair }): void {
    const rwlock = new RwLock(undefined, lock);
    if (id === 0) {
      const guard = rwlock.blockingWrite();
      Atomics.store(pair, 0, 1);
      Atomics.store(pair, 1, 1);
      guard.dispose();
      return;
    }
    const guard = rwlock.blockingRead();
    const [first, second] = [Atomics.load(pair, 0), Atomics.load(pair, 1)];
    expect(first === second, `a reader saw ${first} and ${second}`);
    guard.dispose();
  },
};

/** Two permits, three threads, one permit each. */
export const semaphore: Of<{ permits: unknown; inside: Words }> = {
  threads: 3,
  setup: () => ({ permits: moved(new Semaphore(2)), inside: words(1) }),
  thread(_id, shared): void {
    const permits = arrived(Semaphore, shared.permits);
    const guard = permits.blockingAcquire();
    expect(Atomics.add(shared.inside, 0, 1) < 2, 'three threads with two permits');
    Atomics.sub(shared.inside, 0, 1);
    guard.dispose();
  },
};

/**
 * Two permits, both with thread 0. Thread 1 wants both of them, thread 2 wants one. Thread 0 gives one back and keeps the other until thread 2 has had
 * its turn: one permit is free and one is all that thread 2 needs.
 */
export const semaphoreAmounts: Of<{ permits: unknown; ready: Words; done: Words }> = {
  threads: 3,
  setup: () => ({ permits: moved(new Semaphore(2)), ready: words(1), done: words(1) }),
  thread(id, shared): void {
    const permits = arrived(Semaphore, shared.permits);
    if (id === 0) {
      const [kept, given] = [permits.blockingAcquire(), permits.blockingAcquire()];
      Atomics.store(shared.ready, 0, 1);
      Atomics.notify(shared.ready, 0);
      given.dispose();
      while (Atomics.load(shared.done, 0) === 0) Atomics.wait(shared.done, 0, 0);
      kept.dispose();
      return;
    }
    while (Atomics.load(shared.ready, 0) === 0) Atomics.wait(shared.ready, 0, 0);
    permits.blockingAcquire(id === 1 ? 2 : 1).dispose();
    if (id === 1) return;
    Atomics.store(shared.done, 0, 1);
    Atomics.notify(shared.done, 0);
  },
};

/** A channel in a buffer that its strings fill: what is received must be what was sent. */
export const channelStrings: Of<{ sender: unknown; receiver: unknown }, string[]> = {
  threads: 2,
  setup: () => {
    const [sender, receiver] = channel<string>(1, { size: 128 });
    return { sender: moved(sender), receiver: moved(receiver) };
  },
  thread(id, shared): string[] {
    const messages = ['first message', 'second message', 'third message', 'fourth message', 'fifth message'];
    if (id === 0) {
      const sender = arrived(Sender<string>, shared.sender);
      for (const message of messages) sender.blockingSend(message);
      return messages;
    }
    const receiver = arrived(Receiver<string>, shared.receiver);
    return messages.map(() => {
      const result = receiver.blockingRecv();
      return result.ok ? String(result.value) : `error: ${result.error.message}`;
    });
  },
  check: (_shared, [sent, received]): void =>
    expect(received?.join() === sent?.join(), `received: ${received?.join(', ')}`),
};

/** A received object must stay what was sent while the next ones are sent. */
export const channelObjects: Of<{ sender: unknown; receiver: unknown }> = {
  threads: 2,
  setup: () => {
    const [sender, receiver] = channel<{ id: number }>(1, { size: 200 });
    return { sender: moved(sender), receiver: moved(receiver) };
  },
  thread(id, shared): void {
    const ids = [1, 2, 3, 4, 5, 6, 7, 8];
    if (id === 0) {
      const sender = arrived(Sender<{ id: number }>, shared.sender);
      for (const message of ids) sender.blockingSend({ id: message });
      return;
    }
    const receiver = arrived(Receiver<{ id: number }>, shared.receiver);
    for (const message of ids) {
      const result = receiver.blockingRecv();
      if (!result.ok) throw result.error;
      expect(result.value.id === message, `message ${message} arrived as ${JSON.stringify(result.value)}`);
    }
  },
};
