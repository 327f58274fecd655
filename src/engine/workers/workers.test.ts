import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { P1, P2, P3, P4, P5, P6, P7 } from '../../../bench/programs.ts';
import { exploreModule, type ModuleOptions } from '../../executors.ts';
import type { ExploreResult } from '../../explore.ts';
import type { ExecutedStep, StepObserver } from '../../instrument/executed-step.ts';
import { STORE } from '../../instrument/step.ts';
import { decodeSchedule, encodeSchedule } from '../../schedule/codec.ts';
import { random } from '../../strategy/random.ts';
import { replay } from '../../strategy/replay.ts';
import type { Program } from '../program.ts';
import type { TraceStep } from '../trace.ts';
import { VirtualExecutor } from '../virtual.ts';
import { WorkerThreads } from './threads.ts';

const module = new URL('./fixtures/programs.ts', import.meta.url).href;
/** Schedules of each program; all by THREADPROOF_LAW=1000, say. */
const schedules = Number(process.env['THREADPROOF_LAW'] ?? 25);

/** Sites come from the transform here and from stacks there: they are people's, not the law's. */
const bare = (trace: readonly TraceStep[]): object[] => trace.map(({ site: _, ...step }) => step);

/** What observers are told of an execution. */
class Told implements StepObserver {
  readonly steps: object[] = [];

  started(): void {
    this.steps.length = 0;
  }

  observe({ kind, thread, wrote, result, previous }: ExecutedStep): void {
    this.steps.push({ kind, thread, wrote, result, previous: kind === STORE ? previous : undefined });
  }
}

describe('a virtual schedule replayed under workers gives the same trace and outcome', () => {
  const workers = new WorkerThreads({ module, exportName: 'program' }, 3);
  afterAll(() => workers.close());

  test.each(Object.entries({ P1, P2, P3, P4, P5, P6, P7 }))('%s', (name, written) => {
    const program = written as unknown as Program;
    workers.use(name);
    const told = [new Told(), new Told()] as const;
    const virtual = new VirtualExecutor(program, undefined, { observers: [told[0]] });
    const real = new VirtualExecutor(program, undefined, { remote: workers, observers: [told[1]] });
    const strategy = random(7);
    for (let e = 0; e < schedules; e++) {
      strategy.begin(e, program.threads);
      const outcome = virtual.run(strategy, true);
      const { steps, fingerprint, preemptions } = virtual;
      const text = encodeSchedule({
        threads: program.threads,
        deviations: virtual.schedule(),
        steps,
        fingerprint,
      });
      const follow = replay(decodeSchedule(text));
      follow.begin(0, program.threads);
      expect(real.run(follow, true)).toEqual(outcome);
      follow.finish(real.steps, real.fingerprint);
      expect(follow.divergence).toBeUndefined();
      expect(bare(real.trace!)).toEqual(bare(virtual.trace!));
      expect([real.steps, real.fingerprint, real.preemptions]).toEqual([steps, fingerprint, preemptions]);
      // Chosen step by step, without quanta, it is the same execution.
      strategy.begin(e, program.threads);
      expect(real.run(strategy)).toEqual(outcome);
      expect(real.fingerprint).toBe(fingerprint);
      expect(told[1].steps).toEqual(told[0].steps);
    }
  });
});

const fixture = fileURLToPath(new URL('./fixtures/hostile.mjs', import.meta.url));

/** Explores a program of fixtures/hostile.mjs in this process. */
function explore(name: string, options: ModuleOptions): Promise<ExploreResult> {
  return exploreModule(fixture, { export: name, executor: 'workers', seed: 1, ...options });
}

describe('unmodified code', () => {
  test('a thread that never reaches a step is ended and reported', async () => {
    const result = await explore('endless', { stepTime: 0.3 });
    expect(result.outcome).toBe('livelocked');
    expect(result.message).toMatch(/thread 1 has run for 0.3 s without a step/);
  });

  test('a thread that ends its worker is reported with the exit code; the command says 1 and leaves nothing running', () => {
    const args = [
      '--conditions=threadproof-source',
      '--import',
      'tsx',
      'src/cli/main.ts',
      'explore',
      fixture,
    ];
    args.push('--export', 'exits', '--executor', 'workers', '--seed', '1', '--json');
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(status).toBe(1);
    const result = JSON.parse(stdout);
    expect(result.outcome).toBe('crashed');
    expect(result.message).toMatch(/thread 1 ended its worker \(process.exit\(3\)\)/);
  });

  test('after a deadlock threads leave, and the next execution begins', async () => {
    const result = await explore('stuck', { executions: 20, keepGoing: true });
    expect([result.outcome, result.findings, result.executions]).toEqual(['deadlocked', 20, 20]);
  });

  test('aliases of Atomics, a view for each access, getters: every step is a scheduling point', async () => {
    const result = await explore('lost', { executions: 200 });
    expect([result.outcome, result.message, result.unscheduled, result.preemptions]).toEqual([
      'violated',
      'Error: the counter is 1',
      0,
      1,
    ]);
  });

  test('a thread that runs out of memory is told from one that hangs, long before its time is over', async () => {
    const result = await explore('greedy', { heap: 24 });
    expect(result.outcome).toBe('crashed');
    expect(result.message).toBe(
      'thread 1: its worker died without a word, most likely out of memory: it has 24 MB (give more with heap, --heap)',
    );
    expect(result.notes.join()).toMatch(/the worker of thread 1 died: .*memory limit/);
    expect(result.wallMs).toBeLessThan(5_000);
  });

  test('threads that catch what unwinds them lose their workers: the next execution has others', async () => {
    const result = await explore('clinging', {
      executions: 2,
      keepGoing: true,
      minimise: false,
      stepTime: 0.3,
    });
    expect([result.outcome, result.findings, result.executions]).toEqual(['deadlocked', 2, 2]);
  });

  test('a heap with which no worker begins is refused, and one with which it dies at once is reported at once', async () => {
    await expect(explore('lost', { heap: 7 })).rejects.toThrow(
      'heap is 7: give whole megabytes from 8, which Node needs for itself',
    );
    const heavy = fileURLToPath(new URL('./fixtures/heavy.mjs', import.meta.url));
    await expect(exploreModule(heavy, { executor: 'workers', heap: 8 })).rejects.toThrow(
      /did not load .*most likely out of memory: it has 8 MB/,
    );
    await expect(exploreModule(heavy, { executor: 'parallel', heap: 8 })).rejects.toThrow(
      /did not load .*: the worker of thread [01] died: .*memory limit/,
    );
  });
});
