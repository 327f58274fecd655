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
import { AlwaysNotifiedCondition } from '../models/broken/condition-always-notified.ts';
import { ClockCondition } from '../models/broken/condition-clock.ts';
import { ConstantWordCondition } from '../models/broken/condition-constant-word.ts';
import { LateCountCondition } from '../models/broken/condition-late-count.ts';
import { LateReadCondition } from '../models/broken/condition-late-read.ts';
import { LostUpdateCounter } from '../models/broken/counter-lost-update.ts';
import { TornInt64 } from '../models/broken/int64-torn.ts';
import { OldCountLatch } from '../models/broken/latch-old-count.ts';
import { StaleFlagLatch } from '../models/broken/latch-stale-flag.ts';
import { EarlyNotifyMutex } from '../models/broken/mutex-early-notify.ts';
import { SilentUnlockMutex } from '../models/broken/mutex-silent-unlock.ts';
import { UnownedUnlockMutex } from '../models/broken/mutex-unowned-unlock.ts';
import { EarlyReturnOnce } from '../models/broken/once-early-return.ts';
import { SilentFailureOnce } from '../models/broken/once-silent-failure.ts';
import { TwiceOnce } from '../models/broken/once-twice.ts';
import { OversoldSemaphore } from '../models/broken/semaphore-oversold.ts';
import { ReleasedNotifySemaphore } from '../models/broken/semaphore-released-notify.ts';

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
  {
    id: 'V1a',
    fault: 'condition reads its word after it gave the mutex away',
    caughtBy: 'condition-waits',
    subject: LateReadCondition,
    odds: 1,
  },
  {
    id: 'V1b',
    fault: 'notifier never changes the word of the condition',
    caughtBy: 'condition-waits',
    subject: ConstantWordCondition,
    odds: 1,
  },
  {
    id: 'V1c',
    fault: 'condition counts its waiter in after it gave the mutex away',
    caughtBy: 'condition-waits',
    subject: LateCountCondition,
    odds: 1,
  },
  {
    id: 'V3a',
    fault: 'condition calls a time-out a notification',
    caughtBy: 'condition-waits',
    subject: AlwaysNotifiedCondition,
    odds: 1,
  },
  {
    id: 'V3b',
    fault: 'condition calls a late notification a time-out',
    caughtBy: 'condition-waits',
    subject: ClockCondition,
    odds: 1,
  },
  {
    id: 'SEM-WAKE',
    fault: 'semaphore wakes as many threads as permits came, with mixed numbers',
    caughtBy: 'semaphore-permits',
    subject: ReleasedNotifySemaphore,
    odds: 1,
  },
  {
    id: 'SEM-SOLD',
    fault: 'semaphore takes permits by a load and a store',
    caughtBy: 'semaphore-permits',
    subject: OversoldSemaphore,
    odds: 1,
  },
  {
    id: 'X1',
    fault: 'completion latch is true at 1 of 2, false at 2 of 2',
    caughtBy: 'latch-opens',
    subject: OldCountLatch,
    odds: 1,
  },
  {
    id: 'X1b',
    fault: 'latch stores whether it is open after a second look at the count',
    caughtBy: 'latch-opens',
    subject: StaleFlagLatch,
    odds: 1,
  },
  {
    id: 'ONCE-TWICE',
    fault: 'two threads find the Once fresh and both run',
    caughtBy: 'once-runs',
    subject: TwiceOnce,
    odds: 1,
  },
  {
    id: 'ONCE-EARLY',
    fault: 'Once lets others pass while it runs',
    caughtBy: 'once-runs',
    subject: EarlyReturnOnce,
    odds: 1,
  },
  {
    id: 'ONCE-FAIL',
    fault: 'Once wakes nobody when a run throws',
    caughtBy: 'once-runs',
    subject: SilentFailureOnce,
    odds: 1,
  },
];
