import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { P1, P2, P3, P4, P5, P6, P7 } from '../../../bench/programs.ts';
import { exploreModule } from '../../executors.ts';
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

/** The command, on the programs of fixtures/hostile.mjs. */
function explore(
  name: string,
  ...options: string[]
): Promise<{ code: number; result: Record<string, unknown> }> {
  const args = ['--conditions=threadproof-source', '--import', 'tsx', 'src/cli/main.ts', 'explore'];
  const fixture = 'src/engine/workers/fixtures/hostile.mjs';
  args.push(fixture, '--export', name, '--executor', 'workers', '--seed', '1', '--json', ...options);
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout) => {
      resolve({ code: error === null ? 0 : Number(error.code), result: JSON.parse(stdout) });
    });
  });
}

describe('unmodified code', () => {
  test('a thread that never reaches a step is ended and reported', async () => {
    const { code, result } = await explore('endless', '--step-time', '0.5');
    expect(code).toBe(1);
    expect(result['outcome']).toBe('livelocked');
    expect(result['message']).toMatch(/thread 1 has run for 0.5 s without a step/);
  });

  test('a thread that ends its worker is reported with the exit code', async () => {
    const { code, result } = await explore('exits');
    expect(code).toBe(1);
    expect(result['outcome']).toBe('crashed');
    expect(result['message']).toMatch(/thread 1 ended its worker \(process.exit\(3\)\)/);
  });

  test('after a deadlock threads leave, and the next execution begins', async () => {
    const { result } = await explore('stuck', '--executions', '20', '--keep-going');
    expect([result['outcome'], result['findings'], result['executions']]).toEqual(['deadlocked', 20, 20]);
  });

  test('aliases of Atomics, a view for each access, getters: every step is a scheduling point', async () => {
    const { code, result } = await explore('lost', '--executions', '200');
    expect(code).toBe(1);
    expect([result['outcome'], result['message'], result['unscheduled'], result['preemptions']]).toEqual([
      'violated',
      'Error: the counter is 1',
      0,
      1,
    ]);
  });

  const fixture = fileURLToPath(new URL('./fixtures/hostile.mjs', import.meta.url));

  test('a thread that runs out of memory is told from one that hangs, long before its time is over', async () => {
    const result = await exploreModule(fixture, { export: 'greedy', executor: 'workers', heap: 24, seed: 1 });
    expect(result.outcome).toBe('crashed');
    expect(result.message).toBe(
      'thread 1: its worker died without a word, most likely out of memory: it has 24 MB (give more with heap, --heap)',
    );
    expect(result.notes.join()).toMatch(/the worker of thread 1 died: .*memory limit/);
    expect(result.wallMs).toBeLessThan(5_000);
  });

  test('threads that catch what unwinds them lose their workers: the next execution has others', async () => {
    const result = await exploreModule(fixture, {
      export: 'clinging',
      executor: 'workers',
      executions: 2,
      keepGoing: true,
      minimise: false,
      stepTime: 0.3,
      seed: 1,
    });
    expect([result.outcome, result.findings, result.executions]).toEqual(['deadlocked', 2, 2]);
  });

  test('a heap of nothing is refused', async () => {
    await expect(exploreModule(fixture, { export: 'lost', executor: 'workers', heap: 0 })).rejects.toThrow(
      'heap is 0: give whole megabytes above 0',
    );
  });
});
