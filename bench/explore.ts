/**
 * `npm run bench -- explore`: executions and steps per CPU-second, beside what Shuttle and Loom (Rust) do on the same
 * programs. Rounds alternate between the strategies; medians with spread; fresh shared state for each execution included.
 */
import { exploreWith } from '../src/engine/explore.ts';
import type { Program } from '../src/engine/program.ts';
import { VirtualExecutor } from '../src/engine/virtual.ts';
import { progress } from '../src/report/progress.ts';
import { renderTable } from '../src/report/table.ts';
import { pct } from '../src/strategy/pct.ts';
import { random } from '../src/strategy/random.ts';
import { P1, P2, P3, P4, P5, P6, P7 } from './programs.ts';

/** Thousands of executions per CPU-second on a machine of the same kind: Shuttle with link-time optimisation, Loom with pooled stacks. */
const peers: Readonly<
  Record<string, { readonly random: number; readonly pct: number; readonly loom: number }>
> = {
  P1: { random: 430, pct: 368, loom: 142 },
  P2: { random: 318, pct: 281, loom: 104 },
  P3: { random: 239, pct: 275, loom: 96 },
  P4: { random: 257, pct: 246, loom: 113 },
  P5: { random: 422, pct: 357, loom: 146 },
  P6: { random: 291, pct: 268, loom: 104 },
  P7: { random: 265, pct: 265, loom: 92 },
};

interface Sample {
  readonly executions: number;
  readonly steps: number;
  readonly cpuSeconds: number;
  readonly behaviours: number;
}

export interface ExploreBenchOptions {
  readonly rounds: number;
  readonly executions: number;
  readonly json: boolean;
}

export function benchExplore({ rounds, executions, json }: ExploreBenchOptions): void {
  const rows: (string | number)[][] = [];
  const status = progress(5_000, json);
  for (const program of [P1, P2, P3, P4, P5, P6, P7] as unknown as readonly Program[]) {
    const name = program.name!; // all of ours have one
    const peer = peers[name]!; // the table above has all seven
    const kinds = [
      { strategy: random(1), behaviours: true, races: false, peer: peer.random },
      { strategy: pct(1, 3), behaviours: true, races: false, peer: peer.pct },
      { strategy: random(1), behaviours: false, races: false, peer: peer.random },
      { strategy: random(1), behaviours: true, races: true, peer: peer.random },
      { strategy: pct(1, 3), behaviours: true, races: true, peer: peer.pct },
    ].map((kind) => ({
      ...kind,
      executor: new VirtualExecutor(program, undefined, { behaviours: kind.behaviours, races: kind.races }),
      samples: [] as Sample[],
    }));
    // One round more than is counted: the first warms up.
    for (let round = 0; round <= rounds; round++)
      for (const { executor, strategy, samples } of kinds) {
        status.update(() => `${name}: round ${round} of ${rounds}`);
        const sample = measure(executor, strategy, executions);
        if (round > 0) samples.push(sample);
      }
    for (const { strategy, behaviours, races, samples, peer: anchor } of kinds) {
      const rates = samples.map((s) => s.executions / s.cpuSeconds / 1000).sort((a, b) => a - b);
      const median = medianOf(rates);
      const off = kinds.find((kind) => kind.strategy.name === strategy.name)!.samples; // with detection off they come first
      const ratios = samples.map((sample, round) => off[round]!.cpuSeconds / sample.cpuSeconds);
      const stepsPerExecution = samples[0]!.steps / samples[0]!.executions;
      const row = {
        program: name,
        strategy: strategy.name,
        behaviourHash: behaviours,
        races,
        ratioToRacesOff: races ? Math.round(medianOf(ratios) * 100) / 100 : null,
        executionsPerCpuSecond: Math.round(median * 1000),
        least: Math.round(rates[0]! * 1000),
        most: Math.round(rates.at(-1)! * 1000),
        stepsPerExecution: Math.round(stepsPerExecution * 10) / 10,
        stepsPerCpuSecond: Math.round(median * 1000 * stepsPerExecution),
        behaviours: behaviours ? samples[0]!.behaviours : null,
        shuttleLto: anchor * 1000,
        ratioToShuttle: Math.round((median / anchor) * 100) / 100,
        loomPooled: peer.loom * 1000,
      };
      if (json) console.log(JSON.stringify(row));
      rows.push([
        name,
        strategy.name,
        behaviours ? 'counted' : 'off',
        races ? `on, ${row.ratioToRacesOff!.toFixed(2)} of off` : 'off',
        Math.round(median),
        `${Math.round(rates[0]!)}-${Math.round(rates.at(-1)!)}`,
        Math.round(row.stepsPerCpuSecond / 1000),
        row.stepsPerExecution.toFixed(1),
        row.behaviours === null ? '' : String(row.behaviours),
        anchor,
        row.ratioToShuttle.toFixed(2),
        peer.loom,
      ]);
    }
  }
  status.clear();
  if (json) return;
  console.log('thousands of executions and of steps per CPU-second; medians of', rounds, 'rounds');
  console.log(
    renderTable(
      [
        'program',
        'strategy',
        'behaviours',
        'races',
        'k exec/s',
        'spread',
        'k steps/s',
        'steps/exec',
        'seen',
        'Shuttle',
        'ratio',
        'Loom',
      ],
      rows,
    ),
  );
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function measure(executor: VirtualExecutor, strategy: ReturnType<typeof random>, executions: number): Sample {
  const before = process.cpuUsage();
  const campaign = exploreWith(executor, strategy, { executions, deadline: Number.POSITIVE_INFINITY });
  const used = process.cpuUsage(before);
  if (campaign.findings.length > 0)
    throw new Error(`the program fails: ${campaign.findings[0]!.outcome.message}`);
  return {
    executions: campaign.executions,
    steps: campaign.steps,
    cpuSeconds: (used.user + used.system) / 1e6,
    behaviours: campaign.behaviours.size,
  };
}
