/**
 * Every error that the runtime itself raises. Each class has its own `name`, so that a caller can tell them apart
 * also behind a boundary where the class is lost. Wrong arguments that no class here names are built-in
 * `TypeError` (wrong kind of thing) and `RangeError` (wrong number).
 */

/** An offset, index or length that leaves the memory, view or region it belongs to. */
export class BoundsError extends RangeError {
  override readonly name = 'BoundsError';
}

/** An offset that is no multiple of its element's size, or an alignment that is no power of two. */
export class AlignmentError extends RangeError {
  override readonly name = 'AlignmentError';
}

/** No run of free memory holds the request (allocator), or the memory may not grow so far. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
  /** What was asked for, in bytes. */
  readonly requestedBytes: number;
  /** What is left altogether, in bytes. */
  readonly freeBytes: number;
  /** The longest contiguous run that is left, in bytes. */
  readonly largestFreeBytes: number;

  constructor(message: string, requestedBytes: number, freeBytes: number, largestFreeBytes: number) {
    super(message);
    this.requestedBytes = requestedBytes;
    this.freeBytes = freeBytes;
    this.largestFreeBytes = largestFreeBytes;
  }
}

/** `free` was given an offset that this allocator never handed out. */
export class ForeignPointerError extends Error {
  override readonly name = 'ForeignPointerError';
}

/** `free` was given an offset at which nothing is allocated (any more). */
export class DoubleFreeError extends Error {
  override readonly name = 'DoubleFreeError';
}

/** A shared region or word is used before anybody created the primitive in it. */
export class NotCreatedError extends Error {
  override readonly name = 'NotCreatedError';
}

/** A lock is released by a thread that does not hold it. */
export class NotOwnerError extends Error {
  override readonly name = 'NotOwnerError';
}

/** A lock is taken by the thread that holds it already. */
export class RelockError extends Error {
  override readonly name = 'RelockError';
}

/** The thread that held the lock died: what the lock guards may be half written. */
export class PoisonedError extends Error {
  override readonly name = 'PoisonedError';
}

/** The barrier was aborted, was reset, or a partner gave up waiting. */
export class BrokenBarrierError extends Error {
  override readonly name = 'BrokenBarrierError';
}

/** More threads arrived at a barrier than it has parties. */
export class TooManyPartiesError extends Error {
  override readonly name = 'TooManyPartiesError';
}

/** A count would rise above what its primitive may hold. */
export class CountOverflowError extends RangeError {
  override readonly name = 'CountOverflowError';
}

/** A count would fall below 0. */
export class CountUnderflowError extends RangeError {
  override readonly name = 'CountUnderflowError';
}

/** What a thread runs under a primitive comes back to the same primitive, where it would wait for itself. */
export class ReentryError extends Error {
  override readonly name = 'ReentryError';
}

/** More threads hold or await a lock at a time than its word can count. */
export class TooManyThreadsError extends Error {
  override readonly name = 'TooManyThreadsError';
}

/** What a thread that takes part in a deadlock holds and waits for; locks by their names. */
export interface DeadlockedThread {
  readonly thread: number;
  readonly holds: readonly string[];
  readonly waitsFor: string;
}

/** Waiting for the lock would have been for ever: those who hold it wait, in the end, for this thread or for each other. */
export class DeadlockError extends Error {
  override readonly name = 'DeadlockError';
  /** The thread that got the error first, then those that it would have waited for. */
  readonly threads: readonly DeadlockedThread[];

  constructor(message: string, threads: readonly DeadlockedThread[]) {
    super(message);
    this.threads = threads;
  }
}

/** A time limit passed before the awaited event. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** The queue was closed: nothing more goes in, and what was in it has been taken. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError';
}

/** What one thread has at a time (the slots of a thread id, a side of a ring) is used by another as well. */
export class RoleTakenError extends Error {
  override readonly name = 'RoleTakenError';
}

/** A batch is run with nothing queued in it. */
export class EmptyBatchError extends Error {
  override readonly name = 'EmptyBatchError';
}

/** A worker ended before it answered: by itself, by an error outside its handlers, or because it was stuck and was ended. */
export class WorkerDiedError extends Error {
  override readonly name = 'WorkerDiedError';
  /** Exit code of the worker. */
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** A worker has no handler of the name that it was asked for. */
export class UnknownHandlerError extends Error {
  override readonly name = 'UnknownHandlerError';
}

/** A request was dropped, unprocessed, because newer ones came. */
export class DroppedError extends Error {
  override readonly name = 'DroppedError';
}
