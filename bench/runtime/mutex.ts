/** What a Mutex costs: alone, beside the two atomic operations that it cannot do without; contended, beside other locks. */
import { Mutex } from '../../src/runtime/index.ts';
import { Crew, type Job } from './crew.ts';
import { compare, interleave, type Pace, type Row, single } from './measure.ts';
import { compilePthread, pthreadCase } from './pthread.ts';

type View = Int32Array<SharedArrayBuffer>;

/** Cells of the view, each on a line of its own. */
const LOCK = 0;
const BARE = 32;
const COUNTER = 64;
const CELLS = 96;

const cells = (): View => new Int32Array(new SharedArrayBuffer(4 * CELLS));

export interface MutexOptions extends Pace {
  /** Path of pthread-mutex.c. */
  readonly source: string;
  /** Where it is compiled to. */
  readonly folder: string;
}

/** Rows of locks. */
export async function mutexRows(options: MutexOptions): Promise<Row[]> {
  const program = compilePthread(options.source, options.folder);
  return [...(await uncontended(options, program)), ...(await contended(options, program))];
}

/** One thread. */
export async function uncontended(pace: Pace, program: string | undefined): Promise<Row[]> {
  const view = cells();
  const mutex = Mutex.create(view, LOCK);
  const bare = single('2 compare-exchanges', (operations) => {
    for (let i = 0; i < operations; i += 1) {
      Atomics.compareExchange(view, BARE, 0, 2);
      Atomics.compareExchange(view, BARE, 2, 0);
    }
  });
  const plain = single('Mutex: lock + unlock', (operations) => {
    for (let i = 0; i < operations; i += 1) {
      mutex.lock();
      mutex.unlock();
    }
  });
  // What an engine's own `using` does.
  const guarded = single('Mutex: guard, disposed in finally', (operations) => {
    for (let i = 0; i < operations; i += 1) {
      const held = mutex.guard();
      try {
        // what it guards
      } finally {
        held[Symbol.dispose]();
      }
    }
  });
  // As the compiler lowers `using` for engines without it: a stack of disposables, in try, catch and finally.
  const using = single('Mutex: using guard, lowered', (operations) => {
    for (let i = 0; i < operations; i += 1) {
      using _held = mutex.guard();
    }
  });
  const nothing = { [Symbol.dispose](): void {} };
  const empty = single('using nothing, lowered', (operations) => {
    for (let i = 0; i < operations; i += 1) {
      using _held = nothing;
    }
  });
  const native = program === undefined ? [] : [pthreadCase('pthread_mutex (C)', program, 1)];
  const samples = await interleave([bare, plain, guarded, using, empty, ...native], pace);
  return [
    compare(samples, plain, bare, { most: 1.5 }),
    compare(samples, guarded, bare, { most: 2.5 }),
    compare(samples, using, bare, { most: 2.5 }),
    compare(samples, using, empty),
    ...(native.length === 0 ? [noCompiler(plain.name)] : native.map((c) => compare(samples, plain, c))),
  ];
}

/** Two threads, one lock, a counter inside. */
async function contended(pace: Pace, program: string | undefined): Promise<Row[]> {
  const view = cells();
  Mutex.create(view, LOCK);
  const crew = await Crew.start(import.meta.url, [view, view]);
  try {
    const mutex = crew.case('Mutex, contended');
    const spin = crew.case('compare-exchange spin lock');
    const native = program === undefined ? [] : [pthreadCase('pthread_mutex (C), contended', program, 2)];
    const samples = await interleave([mutex, spin, ...native], pace);
    return [
      compare(samples, mutex, spin, { of: 'rate' }),
      ...(native.length === 0
        ? [noCompiler(mutex.name)]
        : native.map((c) => compare(samples, mutex, c, { of: 'rate' }))),
    ];
  } finally {
    await crew.end();
  }
}

function noCompiler(subject: string): Row {
  return { subject, against: 'pthread_mutex (C)', skipped: 'gcc is not there, or does not compile it' };
}

/** What each of the two threads does. */
export function jobs(view: View): Readonly<Record<string, Job>> {
  const mutex = Mutex.attach(view, LOCK);
  return {
    'Mutex, contended': (operations) => {
      for (let i = 0; i < operations / 2; i += 1) {
        mutex.lock();
        view[COUNTER] = view[COUNTER]! + 1;
        mutex.unlock();
      }
    },
    'compare-exchange spin lock': (operations) => {
      for (let i = 0; i < operations / 2; i += 1) {
        while (Atomics.compareExchange(view, BARE, 0, 1) !== 0);
        view[COUNTER] = view[COUNTER]! + 1;
        Atomics.store(view, BARE, 0);
      }
    },
  };
}
