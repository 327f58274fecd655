/** The mirror's rows about the pool. */
import { abortedScanPool } from '../models/broken/pool-aborted-scan.ts';
import { alwaysAgainPool } from '../models/broken/pool-always-again.ts';
import { claimedTwicePool } from '../models/broken/pool-claimed-twice.ts';
import { completedAgainPool } from '../models/broken/pool-completed-again.ts';
import { countedAgainPool } from '../models/broken/pool-counted-again.ts';
import { DeafPool } from '../models/broken/pool-deaf.ts';
import { idleTwicePool } from '../models/broken/pool-idle-twice.ts';
import { keptBehindPool } from '../models/broken/pool-kept-behind.ts';
import { lateFinishPool } from '../models/broken/pool-late-finish.ts';
import { leakedPlacePool } from '../models/broken/pool-leaked-place.ts';
import { lostWorkerPool } from '../models/broken/pool-lost-worker.ts';
import { oneLookPool } from '../models/broken/pool-one-look.ts';
import { otherResultPool } from '../models/broken/pool-other-result.ts';
import { settledTwicePool } from '../models/broken/pool-settled-twice.ts';
import { silentRoomPool } from '../models/broken/pool-silent-room.ts';
import { UndrainedPool } from '../models/broken/pool-undrained.ts';
import type { BrokenSubject } from './broken.ts';

export const brokenPools: readonly BrokenSubject[] = [
  {
    id: 'P1',
    fault: 'pool counts a worker as idle twice',
    caughtBy: 'pool-accounting',
    subject: idleTwicePool,
    odds: 21.7,
  },
  {
    id: 'P2',
    fault: 'pool looks for an idle worker once, and refuses',
    caughtBy: 'pool-accounting',
    subject: oneLookPool,
    odds: 91.8,
  },
  {
    id: 'P3',
    fault: 'a task that was collected still belongs to its worker',
    caughtBy: 'pool-accounting',
    subject: settledTwicePool,
    odds: 9,
  },
  {
    id: 'P4',
    fault: 'a failing task never returns its worker',
    caughtBy: 'pool-accounting',
    subject: lostWorkerPool,
    odds: 4.11,
  },
  {
    id: 'P5',
    fault: 'a task that is refused keeps its place',
    caughtBy: 'pool-accounting',
    subject: leakedPlacePool,
    odds: 55.9,
  },
  {
    id: 'P6',
    fault: "a scan consumes another task's result",
    caughtBy: 'pool-accounting',
    subject: otherResultPool,
    odds: 1.1,
  },
  {
    id: 'P7',
    fault: 'one crashed worker ends the scan',
    caughtBy: 'pool-accounting',
    subject: abortedScanPool,
    odds: 1.86,
  },
  {
    id: 'P14',
    fault: 'a task waits for a task behind it, and nobody says so',
    caughtBy: 'pool-stuck',
    subject: keptBehindPool,
    odds: 0.78,
  },
  {
    id: 'P15',
    fault: 'workers claim by a look and a store',
    caughtBy: 'pool-races',
    subject: claimedTwicePool,
    odds: 0.56,
  },
  {
    id: 'P16',
    fault: 'workers finish by a look and a store',
    caughtBy: 'pool-races',
    subject: lateFinishPool,
    odds: 0.65,
  },
  {
    id: 'P17',
    fault: 'nobody is told of room that entries leave which were taken back',
    caughtBy: 'pool-races',
    subject: silentRoomPool,
    odds: 0.46,
  },
  {
    id: 'P18',
    fault: 'a run that ends with its worker is counted, and the task runs again',
    caughtBy: 'pool-accounting',
    subject: countedAgainPool,
    odds: 6.25,
  },
  {
    id: 'P19',
    fault: 'a task that has completed runs again when its worker dies',
    caughtBy: 'pool-accounting',
    subject: completedAgainPool,
    odds: 6.21,
  },
  {
    id: 'P20',
    fault: 'a task may run again for ever',
    caughtBy: 'pool-accounting',
    subject: alwaysAgainPool,
    odds: 2.94,
  },
  {
    id: 'P21',
    fault: 'pool that closes refuses the tasks that wait for room',
    caughtBy: 'pool-shell',
    subject: UndrainedPool,
    odds: 3.14,
  },
  {
    id: 'P22',
    fault: 'an aborted task is rejected, and runs on',
    caughtBy: 'pool-shell',
    subject: DeafPool,
    odds: 4.14,
  },
];
