/** The public door of the runtime. */
export { AtomicInt32 } from './atomics/atomic-int32.ts';
export { AtomicInt64 } from './atomics/atomic-int64.ts';
export { fence } from './atomics/fence.ts';
export {
  AlignmentError,
  BoundsError,
  BrokenBarrierError,
  DoubleFreeError,
  ForeignPointerError,
  NotCreatedError,
  NotOwnerError,
  OutOfMemoryError,
  PoisonedError,
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
export type { Guard } from './sync/guard.ts';
export { Mutex } from './sync/mutex.ts';
export { currentThreadId } from './thread.ts';
