/** The part of the mirror (broken.ts) that is about channels and the registry. */
import { AnyPongWorker } from '../models/broken/channel-any-pong.ts';
import { KeptListenerWorker } from '../models/broken/channel-kept-listener.ts';
import { LateResultWorker } from '../models/broken/channel-late-result.ts';
import { PendingWorker } from '../models/broken/channel-pending.ts';
import { SlowStartWorker } from '../models/broken/channel-slow-start.ts';
import { UndeadWorker } from '../models/broken/channel-undead.ts';
import { LeakingGatherer } from '../models/broken/gather-leaking.ts';
import { StaleLine } from '../models/broken/line-stale.ts';
import { MiscountingRegistry } from '../models/broken/registry-miscounting.ts';
import { ReplacingRegistry } from '../models/broken/registry-replacing.ts';
import { TornRegistry } from '../models/broken/registry-torn.ts';
import { textGate } from '../models/broken/report-text-gate.ts';
import { TwiceSupervisor } from '../models/broken/supervisor-twice.ts';
import type { BrokenSubject } from './broken.ts';

export const brokenChannel: readonly BrokenSubject[] = [
  {
    id: 'S1',
    fault: 'any pong settles every ping',
    caughtBy: 'channel-calls',
    subject: AnyPongWorker,
    odds: 0.44,
  },
  {
    id: 'S3',
    fault: 'worker that throws at load: start rejects only after its limit',
    caughtBy: 'channel-calls',
    subject: SlowStartWorker,
    odds: 85.1,
  },
  {
    id: 'S6',
    fault: 'listener is taken back from another object',
    caughtBy: 'channel-calls',
    subject: KeptListenerWorker,
    odds: 9.83,
  },
  {
    id: 'S7',
    fault: 'late result of attempt 1 settles attempt 2',
    caughtBy: 'channel-calls',
    subject: LateResultWorker,
    odds: 3.17,
  },
  {
    id: 'S9',
    fault: 'dead worker is still ready',
    caughtBy: 'channel-calls',
    subject: UndeadWorker,
    odds: 2.47,
  },
  {
    id: 'S10',
    fault: 'shutdown leaves requests pending',
    caughtBy: 'channel-calls',
    subject: PendingWorker,
    odds: 1.17,
  },
  {
    id: 'O3',
    fault: 'writers replace the whole registry: a committed write is lost',
    caughtBy: 'registry-linearizable',
    subject: ReplacingRegistry,
    odds: 0.98,
  },
  {
    id: 'REG-TORN',
    fault: 'readers of the registry do not look whether their snapshot was written meanwhile',
    caughtBy: 'registry-linearizable',
    subject: TornRegistry,
    odds: 2.09,
  },
  {
    id: 'REG-COUNT',
    fault: 'registry counts accesses by a load and a store',
    caughtBy: 'registry-linearizable',
    subject: MiscountingRegistry,
    odds: 1.6,
  },
  {
    id: 'S11',
    fault: 'concurrent starts of one id make two workers',
    caughtBy: 'supervisor-one',
    subject: TwiceSupervisor,
    odds: 16.2,
  },
  {
    id: 'GATHER-LEAK',
    fault: 'late results leak into the next round',
    caughtBy: 'gather-rounds',
    subject: LeakingGatherer,
    odds: 19.8,
  },
  {
    id: 'S2',
    fault: 'gate compares percentages as text',
    caughtBy: 'scenario-report',
    subject: textGate,
    odds: 55.6,
  },
  {
    id: 'X2-LINE',
    fault: 'line processes what it has dropped',
    caughtBy: 'latest-wins',
    subject: StaleLine,
    odds: 7.29,
  },
];
