/**
 * Barrier generations (W-8): nobody leaves a generation before all parties arrived in it, each has exactly one leader, the barrier is
 * reusable, attaching does not initialise it again (W-17), and nobody waits by spinning (C-12).
 */
import * as fc from 'fast-check';
import { checkBarrier } from '../models/barrier.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Plan } from '../src/generate/plan.ts';
import { Barrier } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;

export interface BarrierSubject {
  create(view: View, index: number, parties: number): { wait(): string };
  attach(view: View, index: number): { wait(): string };
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
        attach: (view) => subject.attach(view, 0),
        operations: { wait: {} },
        plans,
        judge: ({ history, stuck, spins, plan }) => {
          const verdict = checkBarrier(history, plan.threads.length, { stuck });
          if (!verdict.ok) return `barrier: ${verdict.reason}`;
          if (stuck) return 'barrier: threads wait for ever';
          return spins > 0 ? 'a thread waits by spinning, not by sleeping' : undefined;
        },
        behaviours: true,
      }),
    ),
};
