/**
 * The mirror of the table: every broken subject with the property that must catch it. `odds` is the share of schedules that show it,
 * measured with `npm run properties -- --seed 11 --odds` (200 catches each).
 */
import { BusyBarrier } from '../models/broken/barrier-busy.ts';
import { CrowdedBarrier } from '../models/broken/barrier-crowded.ts';
import { EarlyGenerationBarrier } from '../models/broken/barrier-early-generation.ts';
import { LateGenerationBarrier } from '../models/broken/barrier-late-generation.ts';
import { LateRefusalBarrier } from '../models/broken/barrier-late-refusal.ts';
import { ReinitialisingBarrier } from '../models/broken/barrier-reinitialising.ts';
import { UncheckedWakeBarrier } from '../models/broken/barrier-unchecked-wake.ts';
import { UnpeopledBarrier } from '../models/broken/barrier-unpeopled.ts';
import { AlwaysNotifiedCondition } from '../models/broken/condition-always-notified.ts';
import { ClockCondition } from '../models/broken/condition-clock.ts';
import { ConstantWordCondition } from '../models/broken/condition-constant-word.ts';
import { LateCountCondition } from '../models/broken/condition-late-count.ts';
import { LateReadCondition } from '../models/broken/condition-late-read.ts';
import { StaleTakeInbox } from '../models/broken/inbox-stale-take.ts';
import { OldCountLatch } from '../models/broken/latch-old-count.ts';
import { StaleFlagLatch } from '../models/broken/latch-stale-flag.ts';
import { NearSightedLockGraph } from '../models/broken/lock-graph-near-sighted.ts';
import { EarlyNotifyMutex } from '../models/broken/mutex-early-notify.ts';
import { PlainUnlockMutex } from '../models/broken/mutex-plain-unlock.ts';
import { SilentDeathMutex } from '../models/broken/mutex-silent-death.ts';
import { SilentUnlockMutex } from '../models/broken/mutex-silent-unlock.ts';
import { UnownedUnlockMutex } from '../models/broken/mutex-unowned-unlock.ts';
import { EarlyReturnOnce } from '../models/broken/once-early-return.ts';
import { PlainCheckOnce } from '../models/broken/once-plain-check.ts';
import { SilentFailureOnce } from '../models/broken/once-silent-failure.ts';
import { TwiceOnce } from '../models/broken/once-twice.ts';
import { EarlyWakeQueue } from '../models/broken/queue-early-close.ts';
import { KeptWakeUpQueue } from '../models/broken/queue-kept-wake-up.ts';
import { SleptOverQueue } from '../models/broken/queue-slept-over.ts';
import { LosingQueue } from '../models/broken/queue-unclaimed.ts';
import { DoubleUnlockRwLock } from '../models/broken/rwlock-double-unlock.ts';
import { EarlyNotifyRwLock } from '../models/broken/rwlock-early-notify.ts';
import { OneWakeRwLock } from '../models/broken/rwlock-one-wake.ts';
import { OverflowRwLock } from '../models/broken/rwlock-overflow.ts';
import { SelfWaitRwLock } from '../models/broken/rwlock-self-wait.ts';
import { SilentDeathRwLock } from '../models/broken/rwlock-silent-death.ts';
import { StarvedReaderRwLock } from '../models/broken/rwlock-starved-reader.ts';
import { StarvedWriterRwLock } from '../models/broken/rwlock-starved-writer.ts';
import { UnownedUnlockRwLock } from '../models/broken/rwlock-unowned-unlock.ts';
import { OversoldSemaphore } from '../models/broken/semaphore-oversold.ts';
import { ReleasedNotifySemaphore } from '../models/broken/semaphore-released-notify.ts';
import { EarlyIndexRing } from '../models/broken/spsc-early-index.ts';
import { SlotVariable } from '../models/broken/thread-slots.ts';
import { KeptSlotSlots } from '../models/broken/tls-kept-slot.ts';
import { UnboundedKeySlots } from '../models/broken/tls-unbounded-key.ts';
import { brokenChannel } from './broken-channel.ts';
import { brokenMemory } from './broken-memory.ts';
import { brokenPools } from './broken-pool.ts';

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
  ...brokenMemory,
  ...brokenPools,
  ...brokenChannel,
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
    id: 'B3',
    fault: 'more threads than the parties arrive: one leaves with them, or alone',
    caughtBy: 'barrier-crowd',
    subject: CrowdedBarrier,
    odds: 20.8,
  },
  {
    id: 'B4',
    fault: 'barrier of 0 parties is accepted',
    caughtBy: 'barrier-crowd',
    subject: UnpeopledBarrier,
    odds: 2.09,
  },
  {
    id: 'B6',
    fault: 'barrier refuses a limit after it has counted the thread in',
    caughtBy: 'barrier-breaks',
    subject: LateRefusalBarrier,
    odds: 10.8,
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
    odds: 12.0,
  },
  {
    id: 'M5a',
    fault: 'unlock does not notify',
    caughtBy: 'mutual-exclusion',
    subject: SilentUnlockMutex,
    odds: 19.9,
  },
  {
    id: 'M5b',
    fault: 'unlock notifies before it stores',
    caughtBy: 'mutual-exclusion',
    subject: EarlyNotifyMutex,
    odds: 11.4,
  },
  {
    id: 'RACE',
    fault: 'unlock frees the word by a plain write',
    caughtBy: 'no-data-races',
    subject: PlainUnlockMutex,
    odds: 100,
  },
  {
    id: 'V1a',
    fault: 'condition reads its word after it gave the mutex away',
    caughtBy: 'condition-waits',
    subject: LateReadCondition,
    odds: 1.2,
  },
  {
    id: 'V1b',
    fault: 'notifier never changes the word of the condition',
    caughtBy: 'condition-waits',
    subject: ConstantWordCondition,
    odds: 1.56,
  },
  {
    id: 'V1c',
    fault: 'condition counts its waiter in after it gave the mutex away',
    caughtBy: 'condition-waits',
    subject: LateCountCondition,
    odds: 1.24,
  },
  {
    id: 'V3a',
    fault: 'condition calls a time-out a notification',
    caughtBy: 'condition-waits',
    subject: AlwaysNotifiedCondition,
    odds: 1.28,
  },
  {
    id: 'V3b',
    fault: 'condition calls a late notification a time-out',
    caughtBy: 'condition-waits',
    subject: ClockCondition,
    odds: 0.64,
  },
  {
    id: 'SEM-WAKE',
    fault: 'semaphore wakes as many threads as permits came, with mixed numbers',
    caughtBy: 'semaphore-permits',
    subject: ReleasedNotifySemaphore,
    odds: 0.53,
  },
  {
    id: 'SEM-SOLD',
    fault: 'semaphore takes permits by a load and a store',
    caughtBy: 'semaphore-permits',
    subject: OversoldSemaphore,
    odds: 6.35,
  },
  {
    id: 'X1',
    fault: 'completion latch is true at 1 of 2, false at 2 of 2',
    caughtBy: 'latch-opens',
    subject: OldCountLatch,
    odds: 21.2,
  },
  {
    id: 'X1b',
    fault: 'latch stores whether it is open after a second look at the count',
    caughtBy: 'latch-opens',
    subject: StaleFlagLatch,
    odds: 2.34,
  },
  {
    id: 'ONCE-TWICE',
    fault: 'two threads find the Once fresh and both run',
    caughtBy: 'once-runs',
    subject: TwiceOnce,
    odds: 22.1,
  },
  {
    id: 'ONCE-EARLY',
    fault: 'Once lets others pass while it runs',
    caughtBy: 'once-runs',
    subject: EarlyReturnOnce,
    odds: 22.9,
  },
  {
    id: 'ONCE-FAIL',
    fault: 'Once wakes nobody when a run throws',
    caughtBy: 'once-runs',
    subject: SilentFailureOnce,
    odds: 3.76,
  },
  {
    id: 'ONCE-PLAIN',
    fault: 'Once is checked plainly first: who comes late is ordered after nothing',
    caughtBy: 'once-runs',
    subject: PlainCheckOnce,
    odds: 78.1,
  },
  {
    id: 'R1',
    fault: 'readers do not care for a writer that waits',
    caughtBy: 'rwlock-bounded',
    subject: StarvedWriterRwLock,
    odds: 11.6,
  },
  {
    id: 'R1R',
    fault: 'a writer that leaves admits none of the readers that wait',
    caughtBy: 'rwlock-bounded',
    subject: StarvedReaderRwLock,
    odds: 12.5,
  },
  {
    id: 'R2',
    fault: 'a share can be given back twice',
    caughtBy: 'rwlock-linearizable',
    subject: DoubleUnlockRwLock,
    odds: 10.8,
  },
  {
    id: 'R3',
    fault: 'a thread that does not own the lock can end its writer',
    caughtBy: 'rwlock-linearizable',
    subject: UnownedUnlockRwLock,
    odds: 6.77,
  },
  {
    id: 'R4',
    fault: 'a reader that wants to write waits for itself',
    caughtBy: 'rwlock-linearizable',
    subject: SelfWaitRwLock,
    odds: 3.0,
  },
  {
    id: 'R5',
    fault: 'the writer dies, and who waits is not told',
    caughtBy: 'rwlock-poison',
    subject: SilentDeathRwLock,
    odds: 9.5,
  },
  {
    id: 'R6',
    fault: 'the count of readers overflows into the bit of the writer',
    caughtBy: 'rwlock-linearizable',
    subject: OverflowRwLock,
    odds: 1.03,
  },
  {
    id: 'R8',
    fault: 'a writer that leaves wakes one reader instead of all',
    caughtBy: 'rwlock-overlap',
    subject: OneWakeRwLock,
    odds: 31.7,
  },
  {
    id: 'R9',
    fault: 'a writer notifies before it leaves',
    caughtBy: 'rwlock-linearizable',
    subject: EarlyNotifyRwLock,
    odds: 12.9,
  },
  {
    id: 'M6',
    fault: 'the holder dies, and who waits is not told',
    caughtBy: 'mutex-poison',
    subject: SilentDeathMutex,
    odds: 3.81,
  },
  {
    id: 'DG',
    fault: 'the search for a deadlock ends after one lock',
    caughtBy: 'lock-graph',
    subject: NearSightedLockGraph,
    odds: 2.22,
  },
  {
    id: 'Q1',
    fault: 'queue loses an item: producers claim by a store',
    caughtBy: 'mpmc-queue',
    subject: LosingQueue,
    odds: 7.29,
  },
  {
    id: 'Q2',
    fault: 'queue wakes its sleepers before it is closed',
    caughtBy: 'mpmc-queue',
    subject: EarlyWakeQueue,
    odds: 2.48,
  },
  {
    id: 'Q4',
    fault: 'queue does not pass on a wake-up that came out of turn',
    caughtBy: 'mpmc-wake-ups',
    subject: KeptWakeUpQueue,
    odds: 0.81,
  },
  {
    id: 'Q5',
    fault: 'queue lets a thread sleep over a wake-up that is due',
    caughtBy: 'mpmc-queue',
    subject: SleptOverQueue,
    odds: 1.57,
  },
  {
    id: 'Q3',
    fault: 'ring publishes the index before the item',
    caughtBy: 'spsc-ring',
    subject: EarlyIndexRing,
    odds: 5.15,
  },
  {
    id: 'X2',
    fault: 'inbox hands out an item that it has dropped',
    caughtBy: 'inbox-accounting',
    subject: StaleTakeInbox,
    odds: 2.07,
  },
  {
    id: 'T1',
    fault: 'thread-local keys reach past the slots of a thread',
    caughtBy: 'tls-isolation',
    subject: { storage: UnboundedKeySlots, variable: SlotVariable },
    odds: 1.05,
  },
  {
    id: 'T4',
    fault: 'slots are not cleared when a thread id is reused',
    caughtBy: 'tls-isolation',
    subject: { storage: KeptSlotSlots, variable: SlotVariable },
    odds: 4.02,
  },
];
