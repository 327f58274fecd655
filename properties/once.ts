/**
 * Once (W-10): exactly one run succeeds; whoever returns sees all of its work; after a failed run another thread runs; nobody waits when
 * nobody runs; re-entry is refused; nobody spins.
 */
import * as fc from 'fast-check';
import { checkOnceTimeouts, type OnceAction, once } from '../models/once.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { Once } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;

interface Runner {
  run(action: () => void, timeoutMs?: number): boolean;
  isDone(): boolean;
}

export interface OnceSubject {
  create(view: View, index: number, owner: number): Runner;
  attach(view: View, index: number, owner: number): Runner;
}

const limitMs = 5;
const progress = 4;
const work = 5;
const finished = 7;

interface Local {
  readonly view: View;
  readonly once: Runner;
}

/** What a run does: a step in the middle of it, where others meet it half done, then what all must see. */
function act({ view, once }: Local, action: OnceAction): void {
  view[work] = 1;
  Atomics.add(view, progress, 1);
  if (action === 'throws') throw new Error('this run fails');
  if (action === 'comes back') once.run(() => {});
  view[work] = finished;
}

function run(local: Local, action: OnceAction, timeoutMs?: number): string {
  const ran = local.once.run(() => act(local, action), timeoutMs);
  // Read plainly: the Once must have ordered it.
  const seen = local.view[work];
  if (seen !== finished) return `returned, but the work is at ${seen}`;
  return ran ? 'ran' : 'done';
}

const action: fc.Arbitrary<OnceAction> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<OnceAction>('succeeds') },
  { weight: 3, arbitrary: fc.constant<OnceAction>('throws') },
  { weight: 1, arbitrary: fc.constant<OnceAction>('comes back') },
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: action.map((what) => ({ name: 'run', args: [what] })) },
  { weight: 2, arbitrary: action.map((what) => ({ name: 'runFor', args: [what] })) },
  { weight: 1, arbitrary: fc.constant({ name: 'isDone', args: [] }) },
);

const plans: fc.Arbitrary<Plan> = fc
  .array(fc.array(operation, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 4 })
  .map((threads) => ({ prefix: [], threads }));

export const onceRuns: Property<OnceSubject> = {
  name: 'once-runs',
  about: 'a Once succeeds exactly once, everybody sees its work, and a failed run is made good by another',
  ids: ['W-10', 'C-12'],
  subject: Once,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'once-runs',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(32));
          subject.create(view, 0, 63);
          return view;
        },
        attach: (view, thread): Local => ({ view, once: subject.attach(view, 0, thread + 1) }),
        operations: {
          run: { run: (local: Local, what: OnceAction) => run(local, what) },
          runFor: { run: (local: Local, what: OnceAction) => run(local, what, limitMs) },
          isDone: { run: (local: Local) => local.once.isDone() },
        },
        plans,
        specification: once(),
        races: true,
        judge: ({ history, spins }) => {
          const verdict = checkOnceTimeouts(history);
          if (!verdict.ok) return `once: ${verdict.reason}`;
          return spins > 0 ? 'a thread waits by spinning, not by sleeping' : undefined;
        },
        behaviours: true,
      }),
    ),
};
