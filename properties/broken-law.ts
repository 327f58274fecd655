/** Executors with a fault, which the differential law must catch: each stands between the scheduler and the workers. */
import type { RemoteScheduler, RemoteThreads } from '../src/engine/remote.ts';
import type { LawThreads } from './law.ts';

/** The same object but for some of its members. */
function but<T extends object>(whole: T, other: Partial<T>): T {
  return Object.defineProperties(Object.create(whole), Object.getOwnPropertyDescriptors(other)) as T;
}

/** Workers that are told another thing than the scheduler says. */
function told(
  workers: LawThreads,
  lie: (scheduler: RemoteScheduler) => Partial<RemoteScheduler>,
): LawThreads {
  const open: RemoteThreads['open'] = (scheduler, record) =>
    workers.open(but(scheduler, lie(scheduler)), record);
  const { atomics, generators, threads } = workers;
  return {
    atomics,
    generators,
    threads,
    open,
    use: (data) => workers.use(data),
    start: (thread, shared) => workers.start(thread, shared),
    isAttaching: (thread) => workers.isAttaching(thread),
  };
}

function longQuantum(workers: LawThreads): LawThreads {
  // FAULT: a worker goes on for a step after its quantum, which is the turn of another thread.
  return told(workers, (scheduler) => ({ lookahead: () => scheduler.lookahead() + 1 }));
}

function deafSleepers(workers: LawThreads): LawThreads {
  // FAULT: a notify within a quantum wakes nobody, although somebody sleeps.
  return told(workers, () => ({ nobodySleeps: () => true }));
}

function stoppedClock(workers: LawThreads): LawThreads {
  // FAULT: the time of the execution is not the workers' time.
  return told(workers, () => ({ now: () => 0 }));
}

function keptProgram(workers: LawThreads): LawThreads {
  let programs = 0;
  return {
    ...told(workers, () => ({})),
    use(data): void {
      // FAULT: every other program is not told to the workers.
      if (programs++ % 2 === 0) workers.use(data);
    },
  };
}

export interface BrokenExecutor {
  readonly id: string;
  readonly fault: string;
  make(workers: LawThreads): LawThreads;
  /** The row of the law that must catch it. */
  readonly row: string;
  /** Share of schedules that show it, in percent. */
  readonly odds: number;
}

export const brokenExecutors: readonly BrokenExecutor[] = [
  {
    id: 'LAW-QUANTUM',
    fault: 'a worker takes a step that is the turn of another',
    make: longQuantum,
    row: 'atomics',
    odds: 44,
  },
  {
    id: 'LAW-DEAF',
    fault: 'a notify within a quantum wakes nobody',
    make: deafSleepers,
    row: 'condition1x2',
    odds: 95,
  },
  {
    id: 'LAW-CLOCK',
    fault: 'the clock of workers stands still',
    make: stoppedClock,
    row: 'atomics',
    odds: 11.1,
  },
  {
    id: 'LAW-KEPT',
    fault: 'workers keep the program before',
    make: keptProgram,
    row: 'mutual-exclusion',
    odds: 100,
  },
];
