/** What false sharing costs: two threads, each adding to an integer of its own (W-20). */
import {
  Allocator,
  AtomicInt32,
  type PaddedAtomicHandle,
  PaddedAtomicInt32,
  SharedMemory,
} from '../../src/runtime/index.ts';
import { Crew, type Job } from './crew.ts';
import { compare, interleave, type Pace, type Row } from './measure.ts';

interface PaddingData {
  readonly adjacent: Int32Array<SharedArrayBuffer>;
  readonly padded64: PaddedAtomicHandle;
  readonly padded128: PaddedAtomicHandle;
}

/** Rows of padding. */
export async function paddingRows(pace: Pace): Promise<Row[]> {
  const memory = SharedMemory.create({ initialBytes: 65_536 });
  const allocator = Allocator.create(memory.buffer);
  const adjacent = memory.int32(allocator.allocate(64, { alignment: 64 }), 16);
  const padded = (paddingBytes: 64 | 128) => PaddedAtomicInt32.create(allocator, 0, { paddingBytes }).handle;
  const data: PaddingData[] = [0, 1].map(() => ({
    adjacent,
    padded64: padded(64),
    padded128: padded(128),
  }));
  const crew = await Crew.start(import.meta.url, data);
  try {
    const near = crew.case('AtomicInt32, adjacent');
    const same = crew.case('AtomicInt32, the same');
    const far = crew.case('PaddedAtomicInt32, 64 bytes');
    const farther = crew.case('PaddedAtomicInt32, 128 bytes');
    const samples = await interleave([near, far, farther, same], pace);
    return [
      compare(samples, far, near, { of: 'rate' }),
      compare(samples, farther, near, { of: 'rate' }),
      compare(samples, far, same, { of: 'rate' }),
    ];
  } finally {
    await crew.end();
  }
}

/** What each of the two threads does. */
export function jobs(
  { adjacent, padded64, padded128 }: PaddingData,
  thread: number,
): Readonly<Record<string, Job>> {
  const adding =
    (atomic: AtomicInt32 | PaddedAtomicInt32): Job =>
    (operations) => {
      for (let i = 0; i < operations / 2; i += 1) atomic.add(1);
    };
  return {
    'AtomicInt32, adjacent': adding(AtomicInt32.attach(adjacent, thread)),
    'AtomicInt32, the same': adding(AtomicInt32.attach(adjacent, 8)),
    'PaddedAtomicInt32, 64 bytes': adding(PaddedAtomicInt32.attach(padded64)),
    'PaddedAtomicInt32, 128 bytes': adding(PaddedAtomicInt32.attach(padded128)),
  };
}
