/**
 * The mirror of the table: every broken subject with the property that must catch it. `odds` is the share of schedules that show it,
 * measured with `npm run properties -- --seed 11 --odds` (200 catches each).
 */
import { UnsynchronisedAllocator } from '../models/broken/allocator-unsynchronised.ts';
import { BusyBarrier } from '../models/broken/barrier-busy.ts';
import { EarlyGenerationBarrier } from '../models/broken/barrier-early-generation.ts';
import { LateGenerationBarrier } from '../models/broken/barrier-late-generation.ts';
import { ReinitialisingBarrier } from '../models/broken/barrier-reinitialising.ts';
import { UncheckedWakeBarrier } from '../models/broken/barrier-unchecked-wake.ts';
import { LostUpdateCounter } from '../models/broken/counter-lost-update.ts';
import { TornInt64 } from '../models/broken/int64-torn.ts';
import { EarlyNotifyMutex } from '../models/broken/mutex-early-notify.ts';
import { SilentUnlockMutex } from '../models/broken/mutex-silent-unlock.ts';
import { UnownedUnlockMutex } from '../models/broken/mutex-unowned-unlock.ts';

export interface BrokenSubject {
  /** Id of requirements.md, as it is named on the command line. */
  readonly id: string;
  readonly fault: string;
  /** Name of the property that must catch it. */
  readonly caughtBy: string;
  readonly subject: unknown;
  /** Share of generated schedules that show it, in percent. */
  readonly odds: number;
}

export const brokenSubjects: readonly BrokenSubject[] = [
  {
    id: 'B1',
    fault: 'barrier reads the generation after counting itself in',
    caughtBy: 'barrier-generations',
    subject: LateGenerationBarrier,
    odds: 18.2,
  },
  {
    id: 'B2',
    fault: 'last arrival bumps the generation before it resets the count',
    caughtBy: 'barrier-generations',
    subject: EarlyGenerationBarrier,
    odds: 1.03,
  },
  {
    id: 'B5',
    fault: 'attaching initialises the barrier again',
    caughtBy: 'barrier-generations',
    subject: ReinitialisingBarrier,
    odds: 77.5,
  },
  {
    id: 'B7',
    fault: 'barrier does not check the generation again after waking',
    caughtBy: 'barrier-generations',
    subject: UncheckedWakeBarrier,
    odds: 0.57,
  },
  {
    id: 'B8',
    fault: 'barrier waits with a time-out of -1: it spins',
    caughtBy: 'barrier-generations',
    subject: BusyBarrier,
    odds: 57.6,
  },
  {
    id: 'M2',
    fault: 'a thread that does not own the lock can unlock it',
    caughtBy: 'mutual-exclusion',
    subject: UnownedUnlockMutex,
    odds: 12.7,
  },
  {
    id: 'M5a',
    fault: 'unlock does not notify',
    caughtBy: 'mutual-exclusion',
    subject: SilentUnlockMutex,
    odds: 17.4,
  },
  {
    id: 'M5b',
    fault: 'unlock notifies before it stores',
    caughtBy: 'mutual-exclusion',
    subject: EarlyNotifyMutex,
    odds: 11.4,
  },
  {
    id: 'O2',
    fault: 'counter adds by a load and a store',
    caughtBy: 'atomics-i32',
    subject: LostUpdateCounter,
    odds: 4.94,
  },
  {
    id: 'TORN',
    fault: 'a 64-bit cell is read and written in two halves',
    caughtBy: 'atomics-i64',
    subject: TornInt64,
    odds: 5.65,
  },
  {
    id: 'L1',
    fault: 'bump allocator is not synchronised',
    caughtBy: 'allocator-disjoint',
    subject: UnsynchronisedAllocator,
    odds: 12.8,
  },
];
