/**
 * Properties that are for long campaigns (`npm run fuzz`): many steps each, of which the suite has the parts in the table. They are run by name
 * (`npm run properties -- --only`), too, and each has its broken subject as all others have.
 */
import { keptBlockedPool } from '../models/broken/pool-kept-blocked.ts';
import { keptLongPool } from '../models/broken/pool-kept-long.ts';
import type { BrokenSubject } from './broken.ts';
import { poolKinds, poolLong } from './pool-tasks.ts';
import type { Property } from './property.ts';

export const campaignProperties: readonly Property[] = [poolKinds, poolLong] as readonly Property[];

export const campaignBroken: readonly BrokenSubject[] = [
  {
    id: 'POOL-BLOCKED',
    fault: 'a worker whose task has waited once is taken for blocked for ever',
    caughtBy: 'pool-kinds',
    subject: keptBlockedPool,
    odds: 2.49,
  },
  {
    id: 'POOL-LONG',
    fault: 'what was dealt behind a long task stays there while others are idle',
    caughtBy: 'pool-long',
    subject: keptLongPool,
    odds: 9.67,
  },
];
