/** The public door of the runtime. */
export { AtomicInt32 } from './atomics/atomic-int32.ts';
export { AtomicInt64 } from './atomics/atomic-int64.ts';
export { fence } from './atomics/fence.ts';
export {
  AlignmentError,
  BoundsError,
  BrokenBarrierError,
  CountOverflowError,
  CountUnderflowError,
  DoubleFreeError,
  ForeignPointerError,
  NotCreatedError,
  NotOwnerError,
  OutOfMemoryError,
  PoisonedError,
  ReentryError,
  RelockError,
  TimeoutError,
  TooManyPartiesError,
} from './errors.ts';
export {
  type AllocationOptions,
  Allocator,
  type AllocatorHandle,
  type AllocatorOptions,
  type AllocatorStats,
} from './memory/allocator.ts';
export { SharedMemory, type SharedMemoryHandle, type SharedMemoryOptions } from './memory/shared-memory.ts';
export { Barrier, type BarrierRole } from './sync/barrier.ts';
export { Condition, type ConditionWake } from './sync/condition.ts';
export type { Guard } from './sync/guard.ts';
export { Latch } from './sync/latch.ts';
export { Mutex } from './sync/mutex.ts';
export { Once } from './sync/once.ts';
export { Semaphore } from './sync/semaphore.ts';
export { currentThreadId } from './thread.ts';
