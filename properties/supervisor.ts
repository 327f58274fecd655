/**
 * The supervisor (C-8): of an id there is never more than one worker, whoever asks for it how often; what is wanted comes back after
 * crashes and failed starts; what is stopped is gone, and so is everything after `close`.
 */
import * as fc from 'fast-check';
import { checkSupervision } from '../models/supervisor.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { type Supervised, Supervisor, type SupervisorOptions } from '../src/runtime/index.ts';
import { promiseProgram, type Turns } from './promises.ts';
import type { Property } from './property.ts';
import { SimulatedClock } from './simulated.ts';

interface Supervising {
  start(id: string): Promise<Supervised>;
  stop(id: string): Promise<void>;
  close(): Promise<void>;
}

export interface SupervisorSubject {
  create(options: SupervisorOptions<Supervised>): Supervising;
}

/** A worker whose start, end and crash take a turn each. */
class Simulated implements Supervised {
  readonly ended: Promise<unknown>;
  alive = true;
  readonly #turns: Turns;
  readonly #id: string;
  #end: () => void = () => {};

  constructor(turns: Turns, id: string) {
    this.#turns = turns;
    this.#id = id;
    this.ended = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
  }

  shutdown(): Promise<unknown> {
    void this.#turns.next(`${this.#id} shuts down`).then(() => this.crash());
    return this.ended;
  }

  crash(): void {
    this.alive = false;
    this.#end();
  }
}

interface World {
  readonly supervisor: Supervising;
  readonly clock: SimulatedClock;
  /** Starting or alive, by id. */
  readonly made: Map<string, Simulated[]>;
  failing: number;
  most: number;
  /** Wanted ids without a live worker, at the end and before `close`. */
  lost: string[];
  readonly wanted: Set<string>;
}

function makeWorld(subject: SupervisorSubject, turns: Turns): World {
  const clock = new SimulatedClock(turns);
  const made = new Map<string, Simulated[]>();
  const start = async (id: string): Promise<Supervised> => {
    const worker = new Simulated(turns, id);
    const all = [...(made.get(id) ?? []), worker];
    made.set(id, all);
    world.most = Math.max(world.most, all.filter(({ alive }) => alive).length);
    await turns.next(`${id} starts`);
    if (world.failing === 0 && worker.alive) return worker;
    world.failing = Math.max(0, world.failing - 1);
    worker.alive = false;
    throw new EvalError('start failed');
  };
  const options = {
    start,
    clock,
    backOffMs: 10,
    maxBackOffMs: 40,
    stableAfterMs: 1_000,
    recycleAfterMs: Infinity,
  };
  const supervisor = subject.create(options);
  const world: World = { supervisor, clock, made, failing: 0, most: 0, lost: [], wanted: new Set() };
  return world;
}

const aliveOf = ({ made }: World, id: string): Simulated[] =>
  (made.get(id) ?? []).filter(({ alive }) => alive);

const operations = {
  start: {
    run: async (world: World, _: number, id: string) => {
      world.wanted.add(id);
      const worker = await world.supervisor.start(id);
      return (world.made.get(id) ?? []).includes(worker as Simulated) ? 'served' : 'another';
    },
  },
  stop: {
    run: (world: World, _: number, id: string) => {
      world.wanted.delete(id);
      return world.supervisor.stop(id);
    },
  },
  crash: { run: (world: World, _: number, id: string) => void aliveOf(world, id)[0]?.crash() },
  fail: {
    run: (world: World) => {
      world.failing += 1;
    },
  },
};

const id = fc.constantFrom('a', 'b');
const call = (name: string): fc.Arbitrary<Operation> => id.map((each) => ({ name, args: [each] }));
const client = fc.array(
  fc.oneof({ weight: 4, arbitrary: call('start') }, { weight: 1, arbitrary: call('stop') }),
  { minLength: 1, maxLength: 3 },
);
const faults = fc.array(fc.oneof(call('crash'), fc.constant<Operation>({ name: 'fail', args: [] })), {
  minLength: 1,
  maxLength: 3,
});
const plans: fc.Arbitrary<Plan> = fc
  .tuple(fc.array(client, { minLength: 1, maxLength: 3 }), faults)
  .map(([clients, fault]) => ({ prefix: [], threads: [...clients, fault] }));

export const supervisorOne: Property<SupervisorSubject> = {
  name: 'supervisor-one',
  about: 'a Supervisor has one worker of an id at most, brings what is wanted back, and leaves nothing',
  ids: ['C-8', 'C-12'],
  subject: { create: (options) => new Supervisor(options) },
  cases: (subject) =>
    promiseProgram<World>({
      name: 'supervisor-one',
      plans,
      world: (turns) => makeWorld(subject, turns),
      operations,
      finish: async (world) => {
        for (const each of world.wanted) {
          await world.supervisor.start(each);
          if (aliveOf(world, each).length === 0) world.lost.push(each);
        }
        await world.supervisor.close();
      },
      judge: ({ world, history, stuck }) => {
        const fault = checkSupervision(history);
        if (fault !== undefined) return fault;
        if (world.most > 1) return `${world.most} workers of one id`;
        if (stuck) return 'a start, a stop or the close was never settled';
        if (world.lost.length > 0) return `no worker of ${world.lost.join(', ')}, which is wanted`;
        const left = [...world.made.keys()].filter((each) => aliveOf(world, each).length > 0);
        if (left.length > 0) return `workers of ${left.join(', ')} are left behind`;
        return world.clock.pending > 0 ? `${world.clock.pending} timers are left behind` : undefined;
      },
    }),
};
