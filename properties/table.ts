/** All properties. The suite, the campaigns, the mirror of broken subjects and the tests read this one table. */
import { allocatorDisjoint } from './allocator.ts';
import { atomicsInt32, atomicsInt64 } from './atomics.ts';
import { barrierGenerations } from './barrier.ts';
import { mutualExclusion } from './mutex.ts';
import type { Property } from './property.ts';

export const properties: readonly Property[] = [
  atomicsInt32,
  atomicsInt64,
  mutualExclusion,
  barrierGenerations,
  allocatorDisjoint,
] as readonly Property[];
