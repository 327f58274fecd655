/** What readers gain by an RwLock over a Mutex, and what it costs alone. */
import { Mutex, RwLock } from '../../src/runtime/index.ts';
import { Crew, type Job } from './crew.ts';
import { compare, interleave, type Pace, type Row, single } from './measure.ts';

type View = Int32Array<SharedArrayBuffer>;

/** Cells of the view, each on a line of its own. */
const SHARED = 0;
const MUTEX = 32;
const BARE = 64;
const TABLE = 96;
/** Words that a reader sums up inside: some 5 microseconds of work. */
const TABLE_WORDS = 4096;

/** Rows of the readers-writer lock. */
export async function rwlockRows(pace: Pace): Promise<Row[]> {
  return [...(await uncontended(pace)), ...(await readers(pace))];
}

const cells = (): View => new Int32Array(new SharedArrayBuffer(4 * (TABLE + TABLE_WORDS)));

/** One thread. */
export async function uncontended(pace: Pace): Promise<Row[]> {
  const view = cells();
  const lock = RwLock.create(view, SHARED);
  const bare = single('2 compare-exchanges', (operations) => {
    for (let i = 0; i < operations; i += 1) {
      Atomics.compareExchange(view, BARE, 0, 2);
      Atomics.compareExchange(view, BARE, 2, 0);
    }
  });
  const shared = single('RwLock: lock + unlock shared', (operations) => {
    for (let i = 0; i < operations; i += 1) {
      lock.lockShared();
      lock.unlockShared();
    }
  });
  const exclusive = single('RwLock: lock + unlock exclusive', (operations) => {
    for (let i = 0; i < operations; i += 1) {
      lock.lockExclusive();
      lock.unlockExclusive();
    }
  });
  const samples = await interleave([bare, shared, exclusive], pace);
  return [compare(samples, shared, bare), compare(samples, exclusive, bare)];
}

/** Two threads that only read. */
async function readers(pace: Pace): Promise<Row[]> {
  const view = cells();
  RwLock.create(view, SHARED);
  Mutex.create(view, MUTEX);
  const crew = await Crew.start(import.meta.url, [view, view]);
  try {
    const shortShared = crew.case('2 readers of 1 word, RwLock');
    const shortMutex = crew.case('2 readers of 1 word, Mutex');
    const longShared = crew.case('2 readers of 4,096 words, RwLock');
    const longMutex = crew.case('2 readers of 4,096 words, Mutex');
    const cases = [shortShared, shortMutex, longShared, longMutex];
    const samples = await interleave(cases, pace);
    return [
      compare(samples, shortShared, shortMutex, { of: 'rate' }),
      compare(samples, longShared, longMutex, { of: 'rate' }),
    ];
  } finally {
    await crew.end();
  }
}

/** What each of the two threads does. */
export function jobs(view: View): Readonly<Record<string, Job>> {
  const lock = RwLock.attach(view, SHARED);
  const mutex = Mutex.attach(view, MUTEX);
  const read = (words: number): number => {
    let sum = 0;
    for (let i = 0; i < words; i += 1) sum = (sum + view[TABLE + i]!) | 0; // in the view
    return sum;
  };
  const shared =
    (words: number): Job =>
    (operations) => {
      for (let i = 0; i < operations / 2; i += 1) {
        lock.lockShared();
        read(words);
        lock.unlockShared();
      }
    };
  const alone =
    (words: number): Job =>
    (operations) => {
      for (let i = 0; i < operations / 2; i += 1) {
        mutex.lock();
        read(words);
        mutex.unlock();
      }
    };
  return {
    '2 readers of 1 word, RwLock': shared(1),
    '2 readers of 1 word, Mutex': alone(1),
    '2 readers of 4,096 words, RwLock': shared(TABLE_WORDS),
    '2 readers of 4,096 words, Mutex': alone(TABLE_WORDS),
  };
}
