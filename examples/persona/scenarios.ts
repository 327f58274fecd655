/** The sixteen scenarios of a conversation with personas, each a worker, and of the model that they ask. */
import { performance } from 'node:perf_hooks';
import type { Scenario, ScenarioOutcome } from 'threadproof';
import { decay, gather, type ManagedWorker, Supervisor } from 'threadproof/runtime';
import { startWorker } from '../start.ts';
import type { Evaluation } from './worker.ts';

const personaFile = new URL('./worker.ts', import.meta.url);
const inferenceFile = new URL('../inference/worker.ts', import.meta.url);
/** The limit that an evaluation has, and one for what is no evaluation: generous, for machines that are busy. */
const evaluationMs = 500;
const patienceMs = 20_000;
const text = 'The queue lost an item. A lock, a queue, and nobody counts?';
const interests = { planner: 'queue', auditor: 'counts', locksmith: 'lock' } as const;

/** What the scenarios share: the personas, which a supervisor keeps, and one worker for the model. */
export class Stage {
  readonly personas: Supervisor<ManagedWorker>;
  readonly #host: string;
  #model: ManagedWorker | undefined;

  constructor(host: string) {
    this.#host = host;
    this.personas = new Supervisor({
      start: (persona) =>
        startWorker(personaFile, {
          persona,
          interest: interests[persona as keyof typeof interests] ?? 'item',
        }),
    });
  }

  persona(name: string): Promise<ManagedWorker> {
    return this.personas.start(name);
  }

  /** All of them, warm. */
  async all(): Promise<ReadonlyMap<string, ManagedWorker>> {
    const names = Object.keys(interests);
    const workers = await Promise.all(names.map((name) => this.persona(name)));
    await Promise.all(workers.map((worker) => worker.ping(patienceMs)));
    return new Map(names.map((name, i) => [name, workers[i]!])); // one each
  }

  async model(): Promise<ManagedWorker> {
    this.#model ??= await startWorker(inferenceFile, { host: this.#host });
    return this.#model;
  }

  async close(): Promise<void> {
    await Promise.all([this.personas.close(), this.#model?.shutdown()]);
  }
}

const outcome = (
  passed: boolean,
  metrics: Record<string, number> = {},
  notes: string[] = [],
): ScenarioOutcome => ({
  passed,
  metrics,
  notes,
});

/** The name of what a promise rejects with; undefined when it does not. */
const failure = (promise: Promise<unknown>): Promise<string | undefined> =>
  promise.then(
    () => undefined,
    (error: Error) => error.name,
  );

const evaluate = (worker: ManagedWorker, id: number): Promise<Evaluation> =>
  worker.request('evaluate', { id, text }, { timeoutMs: evaluationMs }) as Promise<Evaluation>;

export function scenarios(stage: Stage): readonly Scenario[] {
  return [...lifecycle(stage), ...evaluation(stage), ...inference(stage), ...integration(stage)];
}

function lifecycle(stage: Stage): Scenario[] {
  return [
    {
      name: '01 a worker starts and is ready',
      run: async () => outcome((await stage.persona('planner')).state === 'ready'),
    },
    {
      name: '02 ping and pong',
      run: async () => {
        const roundTripMs = await (await stage.persona('planner')).ping(patienceMs);
        return outcome(roundTripMs >= 0, { roundTripMs });
      },
    },
    {
      name: '03 rapid fire: 100 pings at once, no error',
      run: async () => {
        const worker = await stage.persona('planner');
        const answers = await Promise.allSettled(Array.from({ length: 100 }, () => worker.ping(patienceMs)));
        const errors = answers.filter(({ status }) => status === 'rejected').length;
        return outcome(errors === 0 && worker.stats().open === 0, { pings: answers.length, errors });
      },
    },
    {
      name: '04 a worker is shut down cleanly, with nothing pending',
      run: async () => {
        const worker = await startWorker(personaFile, { persona: 'guest', interest: 'item' });
        const last = evaluate(worker, 4);
        const { reason } = await worker.shutdown(patienceMs);
        return outcome(reason === 'shut down' && (await last).id === 4 && worker.stats().open === 0, {}, [
          reason,
        ]);
      },
    },
  ];
}

function evaluation(stage: Stage): Scenario[] {
  return [
    {
      name: '05 an evaluation has the right id',
      run: async () => {
        const answer = await evaluate(await stage.persona('planner'), 5);
        return outcome(answer.id === 5 && answer.persona === 'planner' && answer.score === 2, {
          score: answer.score,
        });
      },
    },
    {
      name: '06 evaluations come in sequence, each with its own id',
      run: async () => {
        const worker = await stage.persona('planner');
        const order: number[] = [];
        const ids = Array.from({ length: 20 }, (_, i) => i);
        await Promise.all(ids.map(async (id) => order.push((await evaluate(worker, id)).id)));
        const { outOfOrder, repeated } = worker.stats();
        return outcome(order.join() === ids.join() && outOfOrder + repeated === 0, {
          evaluations: order.length,
        });
      },
    },
    {
      name: `07 an evaluation takes less than ${evaluationMs} ms`,
      run: async () => {
        const worker = await stage.persona('planner');
        const start = performance.now();
        await evaluate(worker, 7);
        const tookMs = performance.now() - start;
        return outcome(tookMs < evaluationMs, { tookMs });
      },
    },
    {
      name: '08 a silent worker is given up, and lives on',
      run: async () => {
        const worker = await stage.persona('planner');
        const error = await failure(worker.request('silent', 0, { timeoutMs: 50 }));
        return outcome(error === 'TimeoutError' && (await evaluate(worker, 8)).id === 8, {}, [String(error)]);
      },
    },
  ];
}

function inference(stage: Stage): Scenario[] {
  const ask = async (prompt: string, timeoutMs = patienceMs): Promise<unknown> =>
    (await stage.model()).request('complete', prompt, { timeoutMs });
  return [
    {
      name: '09 an inference completes',
      run: async () => outcome((await ask('hello')) === 'echo of hello'),
    },
    {
      name: '10 an inference does not block the main thread',
      run: async () => {
        let turns = 0;
        const ticking = setInterval(() => {
          turns += 1;
        }, 1);
        try {
          await ask('hello again');
        } finally {
          clearInterval(ticking);
        }
        return outcome(turns > 0, { turns });
      },
    },
    {
      name: '11 the worker recovers from a provider that is too slow',
      run: async () => {
        const error = await failure(ask('slow: now', 100));
        return outcome(error === 'TimeoutError' && (await ask('after')) === 'echo of after', {}, [
          String(error),
        ]);
      },
    },
    {
      name: '12 several inferences do not interfere',
      run: async () => {
        const prompts = ['one', 'two', 'three', 'malformed: four', 'five'];
        const answers = await Promise.allSettled(prompts.map((prompt) => ask(prompt)));
        const right = answers.filter((answer, i) =>
          answer.status === 'fulfilled'
            ? answer.value === `echo of ${prompts[i]}`
            : i === 3 && answer.reason.code === 'MALFORMED',
        ).length;
        return outcome(right === prompts.length, { inferences: prompts.length, right });
      },
    },
  ];
}

function integration(stage: Stage): Scenario[] {
  return [
    {
      name: '13 one message goes to all personas in parallel',
      run: async () => {
        const round = await gather<Evaluation>(
          await stage.all(),
          'evaluate',
          { id: 13, text },
          { windowMs: patienceMs },
        );
        const scores = [...round.results.values()]
          .map(({ persona, id, score }) => `${persona} ${id} ${score}`)
          .sort();
        return outcome(scores.join() === 'auditor 13 1,locksmith 13 1,planner 13 2', {
          answers: scores.length,
        });
      },
    },
    {
      name: '14 what was said before counts less: decay is applied',
      run: async () => {
        const round = await gather<Evaluation>(
          await stage.all(),
          'evaluate',
          { id: 14, text },
          { windowMs: patienceMs },
        );
        const total = [...round.results.values()].reduce((sum, { score }) => sum + score, 0);
        const [fresh, old, older] = [0, 5_000, 10_000].map((ageMs) => decay(total, ageMs));
        return outcome(fresh === 4 && old === 2 && older === 1, { total });
      },
    },
    {
      name: '15 a decision is taken with the answers that have come',
      run: async () => {
        const workers = new Map<string, Pick<ManagedWorker, 'request'>>(await stage.all());
        const silent = workers.get('auditor')!; // one of all
        workers.set('auditor', { request: (_, input, options) => silent.request('silent', input, options) });
        const round = await gather<Evaluation>(workers, 'evaluate', { id: 15, text }, { windowMs: 400 });
        const next = await gather<Evaluation>(
          await stage.all(),
          'evaluate',
          { id: 16, text },
          { windowMs: patienceMs },
        );
        const own = [...next.results.values()].every(({ id }) => id === 16) && next.results.size === 3;
        return outcome(round.missing.join() === 'auditor' && round.results.size === 2 && own, {
          answers: round.results.size,
          missing: round.missing.length,
        });
      },
    },
    {
      name: `16 message, evaluations and decision take less than ${evaluationMs} ms; of a burst the latest counts`,
      run: async () => {
        const workers = await stage.all();
        const start = performance.now();
        const round = await gather<Evaluation>(
          workers,
          'evaluate',
          { id: 16, text },
          { windowMs: evaluationMs },
        );
        const tookMs = performance.now() - start;
        const burst = Array.from({ length: 10 }, (_, id) =>
          failure(workers.get('planner')!.request('latest', { id, text })),
        ); // one of all
        const dropped = (await Promise.all(burst)).filter((error) => error === 'DroppedError').length;
        return outcome(round.results.size === 3 && tookMs < evaluationMs && dropped === 8, {
          tookMs,
          dropped,
        });
      },
    },
  ];
}
