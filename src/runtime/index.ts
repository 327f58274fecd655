/** The public door of the runtime. */
export { AtomicBatch, type AtomicBatchOptions, type BatchKernelOptions } from './atomics/atomic-batch.ts';
export { AtomicCounter } from './atomics/atomic-counter.ts';
export { AtomicFlag } from './atomics/atomic-flag.ts';
export { AtomicInt32 } from './atomics/atomic-int32.ts';
export { AtomicInt64 } from './atomics/atomic-int64.ts';
export { AtomicUint32 } from './atomics/atomic-uint32.ts';
export type { KernelMemory } from './atomics/batch-kernel.ts';
export { fence } from './atomics/fence.ts';
export type { Int32Operations } from './atomics/int32-operations.ts';
export type { Int64Operations } from './atomics/int64-operations.ts';
export {
  type PaddedAtomicHandle,
  PaddedAtomicInt32,
  PaddedAtomicInt64,
  type PaddingOptions,
} from './atomics/padded-atomic.ts';
export { type Clock, systemClock } from './channel/clock.ts';
export { decay } from './channel/decay.ts';
export {
  type Askable,
  type Gathered,
  type GatherOptions,
  GatherRound,
  gather,
} from './channel/gather.ts';
export { LatestWins, type LatestWinsStats } from './channel/latest-wins.ts';
export {
  type ChannelStats,
  type Delays,
  ManagedWorker,
  type ManagedWorkerOptions,
  type RequestOptions,
  type WorkerEnd,
  type WorkerLike,
} from './channel/managed-worker.ts';
export {
  type Handler,
  type HandlerContext,
  type Handlers,
  type QueuedHandler,
  type ServeOptions,
  type ServerPort,
  serve,
  Transferred,
} from './channel/serve.ts';
export {
  type Supervised,
  Supervisor,
  type SupervisorOptions,
  type SupervisorStats,
} from './channel/supervisor.ts';
export type { SlotLife, SupervisorPolicy } from './channel/supervisor-state.ts';
export { type Codec, codecs, type Fields } from './codec.ts';
export {
  AlignmentError,
  BoundsError,
  BrokenBarrierError,
  ClosedError,
  CountOverflowError,
  CountUnderflowError,
  DeadlockError,
  type DeadlockedThread,
  DoubleFreeError,
  DroppedError,
  EmptyBatchError,
  ForeignPointerError,
  NotCreatedError,
  NotOwnerError,
  OutOfMemoryError,
  PoisonedError,
  ReentryError,
  RelockError,
  RoleTakenError,
  TimeoutError,
  TooManyPartiesError,
  TooManyThreadsError,
  UnknownHandlerError,
  WorkerDiedError,
} from './errors.ts';
export { Histogram, type HistogramSummary } from './histogram.ts';
export {
  type AllocationOptions,
  Allocator,
  type AllocatorHandle,
  type AllocatorOptions,
  type AllocatorStats,
} from './memory/allocator.ts';
export { SharedMemory, type SharedMemoryHandle, type SharedMemoryOptions } from './memory/shared-memory.ts';
export { type CurrentTask, currentTask, transfer } from './pool/current-task.ts';
export type { ThreadPoolOptions } from './pool/pool-options.ts';
export type { PoolMetrics, PoolTask, RunOptions, WorkerStatus } from './pool/pool-types.ts';
export { type SpawnOptions, ThreadManager, type ThreadManagerOptions } from './pool/thread-manager.ts';
export { ThreadPool } from './pool/thread-pool.ts';
export { Inbox, type InboxStats } from './queue/inbox.ts';
export { MpmcQueue } from './queue/mpmc-queue.ts';
export type { QueueHandle } from './queue/queue-handle.ts';
export { SpscRing } from './queue/spsc-ring.ts';
export {
  type RegistryDraft,
  type RegistrySnapshot,
  SharedRegistry,
  type SharedRegistryHandle,
  type SharedRegistryOptions,
} from './registry/shared-registry.ts';
export {
  type KindOf,
  type PrimitiveHandle,
  type Primitives,
  ThreadRuntime,
  type ThreadRuntimeHandle,
} from './runtime.ts';
export type {
  RuntimeConfiguration,
  RuntimePoolOptions,
  ThreadRuntimeOptions,
} from './runtime-configuration.ts';

export { Barrier, type BarrierRole } from './sync/barrier.ts';
export { Condition, type ConditionWake } from './sync/condition.ts';
export { DebugMutex, DebugRwLock } from './sync/debug-locks.ts';
export type { Guard } from './sync/guard.ts';
export { Latch } from './sync/latch.ts';
export { LockGraph, type LockGraphOptions } from './sync/lock-graph.ts';
export type { LockOrder } from './sync/lock-table.ts';
export { Mutex } from './sync/mutex.ts';
export { Once } from './sync/once.ts';
export { RwLock } from './sync/rwlock.ts';
export type { RwLockHold } from './sync/rwlock-state.ts';
export { Semaphore } from './sync/semaphore.ts';
export { currentThreadId } from './thread.ts';
export { ThreadLocal } from './tls/thread-local.ts';
export {
  type ThreadLocalKey,
  ThreadStorage,
  type ThreadStorageHandle,
  type ThreadStorageOptions,
} from './tls/thread-storage.ts';
