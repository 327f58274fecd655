/**
 * The barrier (W-8), in three properties. Generations: nobody leaves a generation before all parties arrived in it, each has exactly one leader, the barrier is
 * reusable, attaching does not initialise it again (W-17), and nobody waits by spinning (C-12). Crowd: more threads than parties,
 * and numbers of parties that make no sense. Breaking: limits, abort, and limits that make no sense.
 */
import * as fc from 'fast-check';
import { checkBarrier } from '../models/barrier.ts';
import { checkBarrierUse } from '../models/barrier-use.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { Barrier } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;

export interface BarrierSubject {
  create(view: View, index: number, parties: number): { wait(): string };
  /** The thread's id is for subjects that need one. */
  attach(view: View, index: number, owner?: number): { wait(): string };
}

// A stale notification needs several phases to do harm: B7 shows in 0.07 % of random schedules with 2 phases, in 1.4 % with 6.
const phases = fc.integer({ min: 1, max: 8 });

const plans: fc.Arbitrary<Plan> = fc
  .tuple(fc.integer({ min: 2, max: 4 }), phases)
  .map(([parties, count]) => ({
    prefix: [],
    threads: Array.from({ length: parties }, () =>
      Array.from({ length: count }, () => ({ name: 'wait', args: [] })),
    ),
  }));

export const barrierGenerations: Property<BarrierSubject> = {
  name: 'barrier-generations',
  about: 'a Barrier lets nobody out before all parties arrived, once a generation, with one leader',
  ids: ['W-8', 'W-17', 'C-12'],
  subject: Barrier,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'barrier-generations',
        setup: (plan) => {
          const view = new Int32Array(new SharedArrayBuffer(32));
          subject.create(view, 0, plan.threads.length);
          return view;
        },
        attach: (view, thread) => subject.attach(view, 0, thread + 1),
        operations: { wait: {} },
        plans,
        judge: ({ history, stuck, spins, plan }) => {
          const verdict = checkBarrier(history, plan.threads.length, { stuck });
          if (!verdict.ok) return `barrier: ${verdict.reason}`;
          if (stuck) return 'barrier: threads wait for ever';
          return spins > 0 ? spinning : undefined;
        },
        behaviours: true,
      }),
    ),
};

const call = (name: string, ...args: unknown[]): Operation => ({ name, args });
const spinning = 'a thread waits by spinning, not by sleeping';

interface Crowd {
  readonly barrier: { wait(): string };
  readonly view: View;
}

/** Cells of the barrier, and where others are created. */
const ELSEWHERE = 8;

/** One thread more than the parties, most of the time; now and then one that creates a barrier of so many parties. */
const crowds: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 3 }),
    fc.constantFrom(1, 1, 1, 0, 2),
    fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.constantFrom(0, -1, 1.5, 1, 3)),
  )
  .map(([parties, rounds, more, created]) => ({
    prefix: created === undefined ? [] : [call('create', created)],
    threads: Array.from({ length: parties + more }, () =>
      Array.from({ length: rounds }, () => call('wait', parties)),
    ),
  }));

/** The parties of a plan are what its waits say, as the number of threads does not. */
const partiesOf = ({ threads }: Plan): number => (threads[0]?.[0]?.args[0] as number | undefined) ?? 1;

export const barrierCrowd: Property<BarrierSubject> = {
  name: 'barrier-crowd',
  about: 'a Barrier lets nobody out with, or instead of, its parties, and has at least one',
  ids: ['W-8'],
  subject: Barrier,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'barrier-crowd',
        setup: (plan) => {
          const view = new Int32Array(new SharedArrayBuffer(4 * 2 * ELSEWHERE));
          subject.create(view, 0, partiesOf(plan));
          return view;
        },
        attach: (view, thread): Crowd => ({ barrier: subject.attach(view, 0, thread + 1), view }),
        operations: {
          wait: { run: ({ barrier }: Crowd) => barrier.wait() },
          create: {
            run: ({ view }: Crowd, parties: number) => void subject.create(view, ELSEWHERE, parties),
          },
        },
        plans: crowds,
        judge: ({ history, stuck, spins, plan }) => {
          const plain = history.map((each) => (each.name === 'wait' ? { ...each, args: [] } : each));
          const fault = checkBarrierUse(plain, partiesOf(plan), { stuck });
          if (fault !== undefined) return `barrier: ${fault}`;
          return spins > 0 ? spinning : undefined;
        },
        behaviours: true,
      }),
    ),
};

interface Breakable {
  wait(limitMs?: number): string;
  abort(): void;
}

/** What a thread does, in which order so ever: mostly it waits, now and then it gives up, aborts, or is refused. */
const step: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(call('wait')) },
  { weight: 3, arbitrary: fc.constantFrom(call('wait', 5), call('wait', 0)) },
  { weight: 2, arbitrary: fc.constant(call('wait', -1)) },
  { weight: 1, arbitrary: fc.constant(call('abort')) },
);

const breakable: fc.Arbitrary<Plan> = fc
  .array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 3 })
  .map((threads) => ({ prefix: [], threads }));

export const barrierBreaks: Property<BarrierSubject> = {
  name: 'barrier-breaks',
  about: 'a Barrier breaks for all or for none, and a wait that is refused has not arrived',
  ids: ['W-8'],
  subject: Barrier,
  needs: ['abort'],
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'barrier-breaks',
        setup: (plan) => {
          const view = new Int32Array(new SharedArrayBuffer(32));
          subject.create(view, 0, plan.threads.length);
          return view;
        },
        attach: (view, thread) => subject.attach(view, 0, thread + 1) as Breakable,
        operations: { wait: {}, abort: {} },
        plans: breakable,
        judge: ({ history, stuck, spins, plan }) => {
          const fault = checkBarrierUse(history, plan.threads.length, { stuck });
          if (fault !== undefined) return `barrier: ${fault}`;
          return spins > 0 ? spinning : undefined;
        },
        behaviours: true,
      }),
    ),
};
