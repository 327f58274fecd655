import { afterAll, describe, expect, it } from 'vitest';
import { ClosedError, WorkerDiedError } from '../errors.ts';
import { rejection, startHandlers, within } from './fixtures/start.ts';
import { GatherRound, gather } from './gather.ts';
import type { ManagedWorker } from './managed-worker.ts';
import { Supervisor } from './supervisor.ts';
import { SupervisorState } from './supervisor-state.ts';

const limit = 20_000;
const policy = { backOffMs: 100, maxBackOffMs: 350, stableAfterMs: 1_000, recycleAfterMs: 5_000 };

describe('C-8: SupervisorState', () => {
  it('starts what is wanted once, whoever asks, and stops what is not', () => {
    const state = new SupervisorState(policy);
    expect(state.want('a')).toEqual([{ do: 'start', id: 'a', generation: 1 }]);
    expect(state.want('a')).toEqual([]);
    state.started('a', 1, 0);
    expect([state.slot('a'), state.want('a')]).toEqual([
      { state: 'live', generation: 1, failures: 0, since: 0 },
      [],
    ]);
    expect(state.unwant('a')).toEqual([{ do: 'stop', id: 'a', generation: 1 }]);
    expect(state.unwant('a')).toEqual([]);
    expect(state.ended('a', 1, 5)).toEqual([]);
    expect([state.slot('a'), state.wanted, state.ids, state.restarts]).toEqual([undefined, [], [], 0]);
  });

  it('backs off, twice as long each time up to a limit, and begins anew after a sound life', () => {
    const state = new SupervisorState(policy);
    state.want('a');
    let now = 0;
    const waits: number[] = [];
    for (let generation = 1; generation <= 4; generation += 1) {
      state.ended('a', generation, now);
      waits.push(state.nextDue() - now);
      expect(state.tick(state.nextDue() - 1)).toEqual([]);
      now = state.nextDue();
      expect(state.tick(now)).toEqual([{ do: 'start', id: 'a', generation: generation + 1 }]);
    }
    state.started('a', 5, now);
    state.ended('a', 5, now + 1_000);
    waits.push(state.nextDue() - now - 1_000);
    expect(waits).toEqual([100, 200, 350, 350, 100]);
    expect(state.restarts).toBe(5);
    expect(state.unwant('a')).toEqual([]);
    expect(state.nextDue()).toBe(Infinity);
  });

  it('replaces what is old, and what was wanted again while it stopped; old generations change nothing', () => {
    const state = new SupervisorState(policy);
    state.want('a');
    state.started('a', 1, 0);
    expect(state.nextDue()).toBe(5_000);
    expect(state.tick(5_000)).toEqual([{ do: 'stop', id: 'a', generation: 1 }]);
    expect(state.ended('a', 1, 5_001)).toEqual([{ do: 'start', id: 'a', generation: 2 }]);
    expect([state.ended('a', 1, 5_002), state.started('a', 1, 5_002)]).toEqual([[], []]);
    expect(state.slot('a')).toMatchObject({ state: 'starting', generation: 2 });
    state.unwant('a');
    state.want('a');
    expect(state.slot('a')?.state).toBe('stopping');
    expect(state.ended('a', 2, 6_000)).toEqual([{ do: 'start', id: 'a', generation: 3 }]);
  });
});

describe('C-8: Supervisor, with real workers', () => {
  const failures: unknown[] = [];
  const supervisor = new Supervisor<ManagedWorker>({
    start: () => startHandlers(),
    onFailure: (id, reason) => failures.push([id, reason]),
    backOffMs: 1,
  });
  afterAll(() => supervisor.close());

  it('S11: 10 starts of one id at once make one worker', async () => {
    const workers = await within(limit, Promise.all(Array.from({ length: 10 }, () => supervisor.start('a'))));
    expect(new Set(workers).size).toBe(1);
    expect(supervisor.stats()).toEqual({ wanted: 1, live: 1, restarts: 0 });
    expect(supervisor.get('a')).toBe(workers[0]);
  });

  it('a worker that crashes is replaced; what it had to do rejects', async () => {
    const first = supervisor.get('a')!; // it serves, as just seen
    const died = rejection(first.request('exit', 4));
    expect(await within(limit, died)).toBeInstanceOf(WorkerDiedError);
    await within(limit, first.ended);
    await Promise.resolve();
    const second = await within(limit, supervisor.start('a'));
    expect(second).not.toBe(first);
    expect(await within(limit, second.request('add', [1, 2]))).toBe(3);
    expect(supervisor.stats()).toEqual({ wanted: 1, live: 1, restarts: 1 });
    expect(failures).toEqual([['a', { reason: 'died', exitCode: 4 }]]);
  });

  it('crashes at random points: every request settles once, and the worker comes back', async () => {
    const crashes = ['exit', 'throwOutside', 'exit'] as const;
    let [sent, answered, died] = [0, 0, 0];
    for (const crash of crashes) {
      const worker = await within(limit, supervisor.start('a'));
      const before = worker.stats();
      const requests = Array.from({ length: 30 }, (_, i) =>
        i === 15 ? worker.request(crash, 9) : worker.request('later', { ms: (i * 7) % 20, value: i }),
      );
      sent += requests.length;
      for (const settled of await within(limit, Promise.allSettled(requests))) {
        if (settled.status === 'fulfilled') answered += 1;
        else if (settled.reason instanceof WorkerDiedError) died += 1;
      }
      await within(limit, worker.ended);
      const { opened, answered: fulfilled, drained, open } = worker.stats();
      expect([opened - before.opened, open]).toEqual([requests.length, 0]);
      expect(opened).toBe(fulfilled + drained);
      await Promise.resolve();
    }
    expect(answered + died).toBe(sent);
    expect(died).toBeGreaterThan(0);
    expect(await within(limit, (await supervisor.start('a')).request('add', [2, 2]))).toBe(4);
    expect(supervisor.stats()).toEqual({ wanted: 1, live: 1, restarts: 4 });
  });

  it('stop and close leave nothing, and a closed one starts nothing', async () => {
    const worker = supervisor.get('a')!; // it serves, as just seen
    await within(limit, supervisor.stop('a'));
    expect([worker.state, supervisor.get('a'), supervisor.live.size]).toEqual(['ended', undefined, 0]);
    const starting = supervisor.start('b');
    const refused = rejection(starting);
    await within(limit, supervisor.close());
    expect(await within(limit, refused)).toBeInstanceOf(ClosedError);
    await expect(supervisor.start('c')).rejects.toThrow(ClosedError);
    expect(supervisor.stats()).toMatchObject({ wanted: 0, live: 0 });
    expect(() => new Supervisor({ start: () => startHandlers(), backOffMs: -1 })).toThrow(RangeError);
  });
});

describe('C-9: gather', () => {
  it('a round takes one answer an id until it is closed', () => {
    const round = new GatherRound<number>(['a', 'b', 'c']);
    expect([
      round.result('a', 1),
      round.result('a', 2),
      round.error('b', 'no'),
      round.result('x', 3),
    ]).toEqual([true, false, true, false]);
    const gathered = round.close();
    expect(round.result('c', 9)).toBe(false);
    expect([round.late, round.complete]).toEqual([3, false]);
    expect(gathered).toEqual({
      results: new Map([['a', 1]]),
      errors: new Map([['b', 'no']]),
      missing: ['c'],
    });
  });

  it('asks all in parallel, decides with what has come, and late results do not leak into the next round', async () => {
    const [a, b, c] = await within(limit, Promise.all([startHandlers(), startHandlers(), startHandlers()]));
    const workers = new Map([
      ['a', a],
      ['b', b],
      ['c', c],
    ]);
    const all = await within(
      limit,
      gather<number>(workers, 'later', { ms: 1, value: 7 }, { windowMs: limit }),
    );
    expect([...all.results.values(), all.missing.length]).toEqual([7, 7, 7, 0]);

    const free = new AbortController();
    const busy = rejection(c.request('compute', { ms: limit, heeds: true }, { signal: free.signal }));
    const seen: string[] = [];
    const some = await within(
      limit,
      gather(workers, 'add', [1, 1], { windowMs: limit, enough: 2, onResult: (id) => seen.push(id) }),
    );
    expect([[...some.results.keys()].sort(), some.missing, seen.sort()]).toEqual([
      ['a', 'b'],
      ['c'],
      ['a', 'b'],
    ]);
    const none = await within(limit, gather([['c', c]], 'add', [1, 2], { windowMs: 10 }));
    expect([none.results.size, none.missing]).toEqual([0, ['c']]);
    free.abort();
    const next = await within(limit, gather(workers, 'add', [5, 5], { windowMs: limit }));
    expect([...next.results.values()]).toEqual([10, 10, 10]);
    await within(limit, busy);
    expect(c.stats()).toMatchObject({ late: 3, duplicate: 0, unknown: 0, open: 0 });

    const failed = await within(limit, gather(workers, 'absent', 0, { windowMs: limit }));
    expect([failed.results.size, failed.errors.size, failed.missing]).toEqual([0, 3, []]);
    expect(await gather([], 'x')).toEqual({ results: new Map(), errors: new Map(), missing: [] });
    await expect(gather(workers, 'add', 0, { windowMs: NaN })).rejects.toThrow(RangeError);
    await within(limit, Promise.all([a, b, c].map((worker) => worker.shutdown())));
  });
});
