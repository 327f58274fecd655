/** All properties. The suite, the campaigns, the mirror of broken subjects and the tests read this one table. */
import { allocatorDisjoint } from './allocator.ts';
import { atomicsInt32, atomicsInt64 } from './atomics.ts';
import { barrierGenerations } from './barrier.ts';
import { conditionWaits } from './condition.ts';
import { latchOpens } from './latch.ts';
import { mutualExclusion } from './mutex.ts';
import { onceRuns } from './once.ts';
import type { Property } from './property.ts';
import { semaphorePermits } from './semaphore.ts';

export const properties: readonly Property[] = [
  atomicsInt32,
  atomicsInt64,
  mutualExclusion,
  barrierGenerations,
  conditionWaits,
  semaphorePermits,
  latchOpens,
  onceRuns,
  allocatorDisjoint,
] as readonly Property[];
