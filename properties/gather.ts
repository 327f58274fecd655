/**
 * Rounds of questions to several workers (C-9): each answer counts in its own round or in none, each worker is in one of the three lists of a
 * round, and every round is decided, whoever is silent.
 */
import * as fc from 'fast-check';
import type { Plan } from '../src/generate/plan.ts';
import { isThrew } from '../src/history/history.ts';
import { type Askable, type Clock, type Gathered, gather } from '../src/runtime/index.ts';
import { promiseProgram, type Turns } from './promises.ts';
import type { Property } from './property.ts';
import { SimulatedClock } from './simulated.ts';

interface Gatherer {
  gather(
    workers: Iterable<readonly [string, Askable]>,
    handler: string,
    input: unknown,
    options: { readonly windowMs: number; readonly enough: number; readonly clock: Clock },
  ): Promise<Gathered<unknown>>;
}

export interface GatherSubject {
  create(): Gatherer;
}

interface World {
  readonly gatherer: Gatherer;
  readonly clock: SimulatedClock;
  readonly workers: Map<string, Askable>;
}

const ids = ['a', 'b', 'c'];

/** Answers with its name and the question, when the schedule comes to it; fails on odd questions where it is told to. */
function makeWorld(subject: GatherSubject, turns: Turns): World {
  const worker = (id: string): Askable => ({
    request: async (_handler, question) => {
      await turns.next(`${id} answers`);
      if (id === 'c' && Number(question) % 2 === 1) throw new EvalError(`${id}${question}`);
      return `${id}${question}`;
    },
  });
  return {
    gatherer: subject.create(),
    clock: new SimulatedClock(turns),
    workers: new Map(ids.map((id) => [id, worker(id)])),
  };
}

const plans: fc.Arbitrary<Plan> = fc
  .array(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 2,
  })
  .map((clients) => {
    let question = 0;
    const threads = clients.map((list) =>
      list.map((enough) => {
        question += 1;
        return { name: 'round', args: [question, enough] };
      }),
    );
    return { prefix: [], threads };
  });

export const gatherRounds: Property<GatherSubject> = {
  name: 'gather-rounds',
  about: 'gather decides every round with what has come of that round, and late answers leak into no other',
  ids: ['C-9'],
  subject: { create: () => ({ gather }) },
  cases: (subject) =>
    promiseProgram<World>({
      name: 'gather-rounds',
      plans,
      world: (turns) => makeWorld(subject, turns),
      operations: {
        round: {
          run: async ({ gatherer, workers, clock }, _thread, question: number, enough: number) => {
            const gathered = await gatherer.gather(workers, 'ask', question, {
              windowMs: 100,
              enough,
              clock,
            });
            return roundFault(gathered, question, enough, clock.now());
          },
        },
      },
      judge: ({ history, stuck, world }) => {
        if (stuck) return 'a round was never decided';
        for (const { result, args } of history)
          if (result !== 'right')
            return `round ${String(args[0])}: ${isThrew(result) ? (result.message ?? '') : String(result)}`;
        return world.clock.pending > 0 ? `${world.clock.pending} timers are left behind` : undefined;
      },
    }),
};

function roundFault(
  { results, errors, missing }: Gathered<unknown>,
  question: number,
  enough: number,
  now: number,
): string {
  for (const [id, result] of results)
    if (result !== `${id}${question}`) return `${id} answered ${String(result)}`;
  for (const [id, error] of errors)
    if ((error as Error).message !== `${id}${question}`) return `${id} failed with ${String(error)}`;
  const all = [...results.keys(), ...errors.keys(), ...missing].sort().join();
  if (all !== ids.join()) return `of ${ids.join()} it tells of ${all}`;
  if (missing.length > 0 && results.size < enough && now < 100)
    return `it was decided too early, without ${missing.join()}`;
  return 'right';
}
