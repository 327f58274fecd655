/**
 * A sound readers-writer lock of the simplest kind, from which the broken ones are derived: a monitor, that is, a mutex
 * around a few fields, and a number for each kind of waiter to sleep on. Each broken twin overrides one method.
 * The same rules as the RwLock of the runtime: writers before new readers, all waiting readers after each writer.
 */
import { NotOwnerError, PoisonedError, RelockError, TooManyThreadsError } from '../../src/runtime/errors.ts';
import { Mutex } from '../../src/runtime/sync/mutex.ts';
import { currentThreadId } from '../../src/runtime/thread.ts';

type View = Int32Array<SharedArrayBuffer>;

// The cells, from `index` on. All but the numbers to sleep on are plain fields under the mutex.
const MONITOR = 0;
/** { writer: bit 7, readers: bits 0 to 6 } */
export const STATE = 1;
export const OWNER = 2;
export const WRITERS = 3;
export const WAITING = 4;
export const ADMITTED = 5;
/** How often waiting readers were admitted. */
export const PHASE = 6;
export const DEAD = 7;
export const READERS_TURN = 8;
export const WRITERS_TURN = 9;
const CELLS = 10;

export const READERS = 127;
export const WRITER = 128;

type Hold = 'none' | 'shared' | 'exclusive';

export class MonitorRwLock {
  protected readonly view: View;
  protected readonly index: number;
  protected readonly owner: number;
  protected readonly monitor: Mutex;
  protected hold: Hold = 'none';

  constructor(view: View, index: number, owner: number) {
    this.view = view;
    this.index = index;
    this.owner = owner;
    this.monitor = Mutex.attach(view, index + MONITOR, owner);
  }

  /** Makes ten cells a free lock. */
  static create<Lock>(
    this: new (
      view: View,
      index: number,
      owner: number,
    ) => Lock,
    view: View,
    index: number,
    owner: number = currentThreadId(),
  ): Lock {
    for (let cell = 0; cell < CELLS; cell += 1) Atomics.store(view, index + cell, 0);
    return new this(view, index, owner);
  }

  /** A handle on a lock that was created elsewhere. */
  static attach<Lock>(
    this: new (
      view: View,
      index: number,
      owner: number,
    ) => Lock,
    view: View,
    index: number,
    owner: number = currentThreadId(),
  ): Lock {
    return new this(view, index, owner);
  }

  lockShared(): void {
    this.share(Infinity);
  }

  tryLockShared(): boolean {
    return this.share(0);
  }

  lockSharedFor(timeoutMs: number): boolean {
    return this.share(timeoutMs);
  }

  lockExclusive(): void {
    this.own(Infinity);
  }

  tryLockExclusive(): boolean {
    return this.own(0);
  }

  lockExclusiveFor(timeoutMs: number): boolean {
    return this.own(timeoutMs);
  }

  unlockShared(): void {
    this.checkShared();
    this.hold = 'none';
    this.monitor.lock();
    this.set(STATE, this.get(STATE) - 1);
    this.monitor.unlock();
    this.wakeAfterReader();
  }

  unlockExclusive(): void {
    this.checkExclusive();
    this.monitor.lock();
    this.endWriter(0);
    this.monitor.unlock();
    this.wakeAfterWriter();
  }

  downgrade(): void {
    this.checkExclusive();
    this.monitor.lock();
    this.endWriter(1);
    this.monitor.unlock();
    this.hold = 'shared';
    this.wakeAfterWriter();
  }

  tryUpgrade(): boolean {
    this.checkShared();
    this.monitor.lock();
    const alone = this.get(STATE) === 1 && this.get(ADMITTED) === 0;
    if (alone) this.beginWriter();
    this.monitor.unlock();
    return alone;
  }

  poison(deadOwner: number): boolean {
    this.monitor.lock();
    const wasWriter = this.get(STATE) === WRITER && this.get(OWNER) === deadOwner && this.get(DEAD) === 0;
    if (wasWriter) this.set(DEAD, deadOwner);
    this.monitor.unlock();
    this.wakeAfterDeath();
    return wasWriter;
  }

  clearPoison(): boolean {
    this.monitor.lock();
    const poisoned = this.get(DEAD) !== 0;
    if (poisoned) {
      this.set(DEAD, 0);
      this.set(STATE, 0);
    }
    this.monitor.unlock();
    return poisoned;
  }

  waitingReaders(): number {
    return this.counted(WAITING);
  }

  waitingWriters(): number {
    return this.counted(WRITERS);
  }

  /** Takes a share within the limit; says whether it did. */
  protected share(timeoutMs: number): boolean {
    this.checkNothingHeld();
    const deadline = timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs;
    this.monitor.lock();
    let entered = this.openToReaders();
    if (!entered && timeoutMs > 0) entered = this.awaitShare(deadline);
    this.checkAlive();
    if (entered) {
      this.checkRoom();
      this.set(STATE, this.get(STATE) + 1);
      this.hold = 'shared';
    }
    this.monitor.unlock();
    return entered;
  }

  /** Under the mutex before and after; waits outside of it until a reader may enter. */
  protected awaitShare(deadline: number): boolean {
    const phase = this.get(PHASE);
    this.set(WAITING, this.get(WAITING) + 1);
    let expired = false;
    for (;;) {
      const admitted = this.get(PHASE) !== phase;
      const counted = admitted ? ADMITTED : WAITING;
      const open = admitted || this.openToReaders();
      if (open || expired || this.get(DEAD) !== 0) {
        this.set(counted, this.get(counted) - 1);
        return open;
      }
      expired = this.sleep(READERS_TURN, deadline);
    }
  }

  /** Takes the lock alone within the limit; says whether it did. */
  protected own(timeoutMs: number): boolean {
    this.checkNothingHeld();
    const deadline = timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs;
    this.monitor.lock();
    this.set(WRITERS, this.get(WRITERS) + 1);
    let expired = timeoutMs === 0;
    while (!this.openToWriters() && !expired && this.get(DEAD) === 0)
      expired = this.sleep(WRITERS_TURN, deadline);
    this.set(WRITERS, this.get(WRITERS) - 1);
    this.checkAlive();
    const entered = this.openToWriters();
    if (entered) this.beginWriter();
    this.monitor.unlock();
    if (!entered) this.notify(READERS_TURN, Infinity);
    return entered;
  }

  protected openToReaders(): boolean {
    return this.get(STATE) < WRITER && this.get(WRITERS) === 0;
  }

  protected openToWriters(): boolean {
    return this.get(STATE) === 0 && this.get(ADMITTED) === 0;
  }

  protected beginWriter(): void {
    this.set(STATE, WRITER);
    this.set(OWNER, this.owner);
    this.hold = 'exclusive';
  }

  protected endWriter(readers: number): void {
    this.hold = 'none';
    this.checkAlive();
    this.set(STATE, readers);
    this.admit();
  }

  /** Lets the readers in that wait. */
  protected admit(): void {
    if (this.get(WAITING) === 0) return;
    this.set(ADMITTED, this.get(WAITING));
    this.set(WAITING, 0);
    this.set(PHASE, this.get(PHASE) + 1);
  }

  protected wakeAfterReader(): void {
    this.notify(WRITERS_TURN, Infinity);
  }

  protected wakeAfterWriter(): void {
    this.notify(READERS_TURN, Infinity);
    this.notify(WRITERS_TURN, Infinity);
  }

  protected wakeAfterDeath(): void {
    this.notify(READERS_TURN, Infinity);
    this.notify(WRITERS_TURN, Infinity);
  }

  protected checkNothingHeld(): void {
    if (this.hold !== 'none')
      throw new RelockError(`thread ${this.owner} holds the lock already (${this.hold})`);
  }

  protected checkShared(): void {
    if (this.hold !== 'shared') throw new NotOwnerError(`thread ${this.owner} holds no share`);
  }

  protected checkExclusive(): void {
    if (this.hold !== 'exclusive')
      throw new NotOwnerError(`thread ${this.owner} does not hold the lock alone`);
  }

  /** Under the mutex, which it leaves when it throws. */
  protected checkRoom(): void {
    if ((this.get(STATE) & READERS) < READERS) return;
    this.monitor.unlock();
    throw new TooManyThreadsError(`${READERS} readers are inside already`);
  }

  /** As `checkRoom`. */
  protected checkAlive(): void {
    if (this.get(DEAD) === 0) return;
    this.monitor.unlock();
    throw new PoisonedError(`thread ${this.get(DEAD)} died while it held the lock alone`);
  }

  /** What the mutex guards, for who does not have it. */
  private counted(cell: number): number {
    this.monitor.lock();
    const count = this.get(cell);
    this.monitor.unlock();
    return count;
  }

  protected get(cell: number): number {
    return this.view[this.index + cell]!; // inside the view: it was created there
  }

  protected set(cell: number, value: number): void {
    this.view[this.index + cell] = value;
  }

  protected notify(cell: number, count: number): void {
    Atomics.add(this.view, this.index + cell, 1);
    Atomics.notify(this.view, this.index + cell, count);
  }

  /** Leaves the mutex, sleeps, and takes the mutex again; says whether the deadline passed. */
  protected sleep(cell: number, deadline: number): boolean {
    const turn = Atomics.load(this.view, this.index + cell);
    this.monitor.unlock();
    const remainingMs = deadline === Infinity ? Infinity : deadline - performance.now();
    const expired =
      remainingMs <= 0 || Atomics.wait(this.view, this.index + cell, turn, remainingMs) === 'timed-out';
    this.monitor.lock();
    return expired;
  }
}
