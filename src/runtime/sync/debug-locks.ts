/** Mutex and RwLock in debug mode: the same methods, but every call goes through a LockGraph, which refuses deadlocks. */
import { Guard } from './guard.ts';
import type { GraphedLock, LockGraph } from './lock-graph.ts';
import { EXCLUSIVE, type LockMode, SHARED } from './lock-table.ts';
import type { Mutex } from './mutex.ts';
import type { RwLock } from './rwlock.ts';

/**
 * A {@link Mutex} whose waits are watched. Throws what the mutex throws; a wait without limit that would be for ever throws
 * DeadlockError, with nothing taken: give back what you hold, and the others go on. A wait with a limit never does.
 * There is no asynchronous form: a thread that awaits is not blocked, so it is in no deadlock that could be seen here.
 */
export class DebugMutex {
  readonly #graph: LockGraph;
  readonly #mutex: Mutex;
  readonly #lock: GraphedLock;

  /**
   * @param graph this thread's handle on the graph
   * @param mutex this thread's handle on the mutex
   * @param number the mutex in the graph: the same in all threads, from 0, no other lock's
   * @param name what reports call it
   * @throws BoundsError when the graph has no such number
   * @throws NotCreatedError when nobody created the graph
   */
  constructor(graph: LockGraph, mutex: Mutex, number: number, name: string = `lock ${number}`) {
    this.#graph = graph;
    this.#mutex = mutex;
    this.#lock = { number, name, tryTake: () => mutex.tryLock() };
    graph.register(this.#lock);
  }

  lock(): void {
    this.#graph.acquire(this.#lock, EXCLUSIVE, Infinity);
  }

  tryLock(): boolean {
    return this.#graph.acquire(this.#lock, EXCLUSIVE, 0);
  }

  lockFor(timeoutMs: number): boolean {
    return this.#graph.acquire(this.#lock, EXCLUSIVE, timeoutMs);
  }

  unlock(): void {
    this.#graph.change(this.#lock, () => this.#mutex.unlock(), nothing);
  }

  guard(): Guard {
    this.lock();
    return new Guard(this);
  }

  holder(): number {
    return this.#mutex.holder();
  }

  isPoisoned(): boolean {
    return this.#mutex.isPoisoned();
  }

  /** See {@link Mutex.poison}; to be called after {@link LockGraph.forget}. */
  poison(deadOwner: number): boolean {
    return this.#graph.notice(() => this.#mutex.poison(deadOwner));
  }

  clearPoison(): boolean {
    return this.#graph.notice(() => this.#mutex.clearPoison());
  }
}

/** An {@link RwLock} whose waits are watched. As {@link DebugMutex}. Writers that wait come first; readers have no bound here. */
export class DebugRwLock {
  readonly #graph: LockGraph;
  readonly #rwLock: RwLock;
  readonly #lock: GraphedLock;

  /** As the constructor of {@link DebugMutex}. */
  constructor(graph: LockGraph, rwLock: RwLock, number: number, name: string = `lock ${number}`) {
    this.#graph = graph;
    this.#rwLock = rwLock;
    this.#lock = {
      number,
      name,
      tryTake: (mode: LockMode) => (mode === SHARED ? rwLock.tryLockShared() : rwLock.tryLockExclusive()),
    };
    graph.register(this.#lock);
  }

  lockShared(): void {
    this.#graph.acquire(this.#lock, SHARED, Infinity);
  }

  tryLockShared(): boolean {
    return this.#graph.acquire(this.#lock, SHARED, 0);
  }

  lockSharedFor(timeoutMs: number): boolean {
    return this.#graph.acquire(this.#lock, SHARED, timeoutMs);
  }

  lockExclusive(): void {
    this.#graph.acquire(this.#lock, EXCLUSIVE, Infinity);
  }

  tryLockExclusive(): boolean {
    return this.#graph.acquire(this.#lock, EXCLUSIVE, 0);
  }

  lockExclusiveFor(timeoutMs: number): boolean {
    return this.#graph.acquire(this.#lock, EXCLUSIVE, timeoutMs);
  }

  unlockShared(): void {
    this.#graph.change(this.#lock, () => this.#rwLock.unlockShared(), nothing);
  }

  unlockExclusive(): void {
    this.#graph.change(this.#lock, () => this.#rwLock.unlockExclusive(), nothing);
  }

  unlock(): void {
    this.#graph.change(this.#lock, () => this.#rwLock.unlock(), nothing);
  }

  downgrade(): void {
    this.#graph.change(
      this.#lock,
      () => this.#rwLock.downgrade(),
      () => SHARED,
    );
  }

  tryUpgrade(): boolean {
    return this.#graph.change(
      this.#lock,
      () => this.#rwLock.tryUpgrade(),
      (upgraded) => (upgraded ? EXCLUSIVE : SHARED),
    );
  }

  sharedGuard(): Guard {
    this.lockShared();
    return new Guard(this);
  }

  exclusiveGuard(): Guard {
    this.lockExclusive();
    return new Guard(this);
  }

  get hold(): RwLock['hold'] {
    return this.#rwLock.hold;
  }

  isPoisoned(): boolean {
    return this.#rwLock.isPoisoned();
  }

  /** See {@link RwLock.poison}; to be called after {@link LockGraph.forget}. */
  poison(deadOwner: number): boolean {
    return this.#graph.notice(() => this.#rwLock.poison(deadOwner));
  }

  clearPoison(): boolean {
    return this.#graph.notice(() => this.#rwLock.clearPoison());
  }
}

const nothing = (): 0 => 0;
