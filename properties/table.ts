/** All properties. The suite, the campaigns, the mirror of broken subjects and the tests read this one table. */
import { allocatorDisjoint } from './allocator.ts';
import { atomicsInt32, atomicsInt64 } from './atomics.ts';
import { barrierBreaks, barrierCrowd, barrierGenerations } from './barrier.ts';
import { atomicBatch, batchUnderLock } from './batch.ts';
import { channelCalls } from './channel.ts';
import { conditionWaits } from './condition.ts';
import { atomicsUint32, counterStays, flagIsSet } from './conveniences.ts';
import { noDataRaces } from './data-races.ts';
import { gatherRounds } from './gather.ts';
import { latchOpens } from './latch.ts';
import { latestWins } from './latest-wins.ts';
import { lockGraphDeadlocks } from './lock-graph.ts';
import { sequentialConsistency, visibility } from './memory-order.ts';
import { mutexPoison, mutualExclusion } from './mutex.ts';
import { onceRuns } from './once.ts';
import { paddedLines } from './padded.ts';
import { poolAccounting, poolRaces, poolStuck } from './pool.ts';
import { poolShell } from './pool-shell.ts';
import { highContention, memoryPressure } from './pressure.ts';
import type { Property } from './property.ts';
import { inboxAccounting, mpmcQueue, mpmcWakeUps, spscRing } from './queues.ts';
import { registryLinearizable } from './registry.ts';
import { rwLockBounded, rwLockLinearizable, rwLockOverlap, rwLockPoison } from './rwlock.ts';
import { scenarioReport } from './scenarios.ts';
import { semaphorePermits } from './semaphore.ts';
import { memoryGrowth } from './shared-memory.ts';
import { supervisorOne } from './supervisor.ts';
import { tlsIsolation } from './thread-storage.ts';

export const properties: readonly Property[] = [
  atomicsInt32,
  atomicsInt64,
  sequentialConsistency,
  visibility,
  highContention,
  mutualExclusion,
  mutexPoison,
  noDataRaces,
  barrierGenerations,
  barrierCrowd,
  barrierBreaks,
  conditionWaits,
  semaphorePermits,
  latchOpens,
  onceRuns,
  rwLockLinearizable,
  rwLockOverlap,
  rwLockBounded,
  rwLockPoison,
  lockGraphDeadlocks,
  allocatorDisjoint,
  memoryPressure,
  memoryGrowth,
  paddedLines,
  atomicsUint32,
  flagIsSet,
  counterStays,
  atomicBatch,
  batchUnderLock,
  mpmcQueue,
  mpmcWakeUps,
  spscRing,
  inboxAccounting,
  tlsIsolation,
  poolAccounting,
  poolRaces,
  poolStuck,
  poolShell,
  registryLinearizable,
  channelCalls,
  supervisorOne,
  gatherRounds,
  scenarioReport,
  latestWins,
] as readonly Property[];
