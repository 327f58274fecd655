/** The part of the mirror (broken.ts) that is about memory and atomics. */
import { HighWaterAllocator } from '../models/broken/allocator-high-water.ts';
import { UnsynchronisedAllocator } from '../models/broken/allocator-unsynchronised.ts';
import { ZeroAlignmentAllocator } from '../models/broken/allocator-zero-alignment.ts';
import { RepeatingBatch } from '../models/broken/batch-repeating.ts';
import { LostUpdateCounter } from '../models/broken/counter-lost-update.ts';
import { UncheckedCounter } from '../models/broken/counter-unchecked.ts';
import { PlainFlag } from '../models/broken/flag-plain.ts';
import { TwoStepFlag } from '../models/broken/flag-two-steps.ts';
import { BufferedInt32 } from '../models/broken/int32-buffered.ts';
import { ImpatientInt32 } from '../models/broken/int32-impatient.ts';
import { StaleInt32 } from '../models/broken/int32-stale.ts';
import { TornInt64 } from '../models/broken/int64-torn.ts';
import { CopyingMemory } from '../models/broken/memory-copying.ts';
import { FlooringMemory } from '../models/broken/memory-flooring.ts';
import { roundedAtomics } from '../models/broken/padded-rounded.ts';
import { UnlockedTransfer } from '../models/broken/transfer-unlocked.ts';
import { signedUint32 } from '../models/broken/uint32-signed.ts';
import type { BrokenSubject } from './broken.ts';

export const brokenMemory: readonly BrokenSubject[] = [
  {
    id: 'O2',
    fault: 'counter adds by a load and a store',
    caughtBy: 'atomics-i32',
    subject: LostUpdateCounter,
    odds: 4.94,
  },
  {
    id: 'SC',
    fault: 'a store stays in the buffer of its thread',
    caughtBy: 'sequential-consistency',
    subject: BufferedInt32,
    odds: 1.3,
  },
  {
    id: 'VIS',
    fault: 'a load is answered from a register',
    caughtBy: 'visibility',
    subject: StaleInt32,
    odds: 18.9,
  },
  {
    id: 'RETRY',
    fault: 'an addition gives up when 8 others were faster',
    caughtBy: 'high-contention',
    subject: ImpatientInt32,
    odds: 11.0,
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
    id: 'HINT',
    fault: 'allocator never looks below its mark again',
    caughtBy: 'memory-pressure',
    subject: HighWaterAllocator,
    odds: 14.1,
  },
  {
    id: 'L3',
    fault: 'allocator rounds up to an alignment of 0: NaN',
    caughtBy: 'allocator-disjoint',
    subject: ZeroAlignmentAllocator,
    odds: 4.54,
  },
  {
    id: 'G1',
    fault: 'memory grows by a copy into a new buffer',
    caughtBy: 'memory-growth',
    subject: CopyingMemory,
    odds: 5.5,
  },
  {
    id: 'G2',
    fault: 'memory floors offsets and checks no bounds',
    caughtBy: 'memory-growth',
    subject: FlooringMemory,
    odds: 46.2,
  },
  {
    id: 'K1',
    fault: 'padded atomics are aligned by rounding up: alignment reserves nothing',
    caughtBy: 'padded-lines',
    subject: roundedAtomics,
    odds: 12.6,
  },
  {
    id: 'U1',
    fault: 'unsigned integer is read as signed',
    caughtBy: 'atomics-u32',
    subject: signedUint32,
    odds: 22.5,
  },
  {
    id: 'F1',
    fault: 'flag is tested and set in two steps',
    caughtBy: 'atomic-flag',
    subject: TwoStepFlag,
    odds: 4.25,
  },
  {
    id: 'F-PLAIN',
    fault: 'flag is read plainly: nothing is published to who finds it set',
    caughtBy: 'atomic-flag',
    subject: PlainFlag,
    odds: 32,
  },
  {
    id: 'N1',
    fault: 'counter checks its range and counts in two steps',
    caughtBy: 'atomic-counter',
    subject: UncheckedCounter,
    odds: 4.72,
  },
  {
    id: 'A1',
    fault: 'batch is taken for atomic as a whole',
    caughtBy: 'batch-under-lock',
    subject: UnlockedTransfer,
    odds: 16.6,
  },
  {
    id: 'A2',
    fault: 'batch keeps its queue, and runs twice',
    caughtBy: 'atomic-batch',
    subject: RepeatingBatch,
    odds: 17.8,
  },
];
