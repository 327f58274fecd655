/**
 * How many schedules each strategy needs to the first bug, over seeds, beside the figures that the papers of RFF and SURW publish. Counts, not
 * times: a seed gives the same row on every machine.
 */
import { exploreWith } from '../src/engine/explore.ts';
import type { Program } from '../src/engine/program.ts';
import { VirtualExecutor } from '../src/engine/virtual.ts';
import { progress } from '../src/report/progress.ts';
import { renderTable } from '../src/report/table.ts';
import { type SamplerName, sampler } from '../src/strategy/samplers.ts';
import { needles } from './needles.ts';

/** Mean schedules to the first bug over 20 trials, from the artifacts of RFF (ASPLOS 2024) and SURW (ASPLOS 2025). "-" never, (k) in k trials. */
const published: Readonly<Record<string, { readonly rff: string; readonly surw: string }>> = {
  reorder_3: { rff: 'RFF 6.7, POS 223, PCT3 241', surw: 'SURW 7.3, POS 86, PCT3 185, random -' },
  reorder_5: { rff: 'RFF 5.8, POS 4377 (17), PCT3 1126', surw: 'SURW 10, POS 2169, PCT3 647, random -' },
  reorder_10: { rff: 'RFF 5.8, POS -, PCT3 2356', surw: 'SURW 17, POS -, PCT3 3225 (16), random -' },
  reorder_20: { rff: 'RFF 5.8, POS -, PCT3 2128', surw: 'SURW 6, POS -, PCT3 3005, random -' },
  reorder_50: { rff: 'RFF 5.8, POS -, PCT3 12346 (7)', surw: 'SURW 13, POS -, PCT3 3304 (6), random -' },
  reorder_100: { rff: 'RFF 5.8, POS -, PCT3 7447 (1)', surw: 'SURW 194, POS -, PCT3 -, random -' },
  twostage_2: { rff: 'RFF 8.2, POS 15, PCT3 8.9', surw: 'SURW 7.5, POS 15, PCT3 13, random 464' },
  twostage_20: { rff: 'RFF 22, POS 185, PCT3 188', surw: 'SURW 5.7, POS 156, PCT3 159, random -' },
  twostage_50: { rff: 'RFF 35, POS 1984 (19), PCT3 849', surw: 'SURW 20, POS 1637, PCT3 1676, random -' },
};

export interface EffectivenessOptions {
  /** Names of programs; default: all. */
  readonly programs: readonly string[];
  readonly strategies: readonly SamplerName[];
  /** Trials of each cell, with the seeds 1, 2, ... */
  readonly seeds: number;
  /** Most schedules of a trial. */
  readonly executions: number;
  readonly json: boolean;
}

export interface EffectivenessRow {
  readonly program: string;
  readonly strategy: string;
  readonly seeds: number;
  readonly executions: number;
  /** Trials that found the bug. */
  readonly found: number;
  /** Schedules up to and including the first that failed, over the trials that found it; null when none did. */
  readonly mean: number | null;
  readonly least: number | null;
  readonly most: number | null;
  readonly stepsPerExecution: number;
}

export const needleNames: readonly string[] = needles.map(({ name }) => name!); // all of ours have one

export function benchEffectiveness(options: EffectivenessOptions): void {
  const { programs, strategies, seeds, executions, json } = options;
  const status = progress(10_000, json);
  const rows: (string | number)[][] = [];
  for (const program of needles as unknown as readonly Program[]) {
    const name = program.name!;
    if (programs.length > 0 && !programs.includes(name)) continue;
    const cells = strategies.map((strategy) => {
      const row = measure(program, strategy, options, (seed) =>
        status.update(() => `${name}: ${strategy}, seed ${seed} of ${seeds}`),
      );
      if (json) console.log(JSON.stringify({ ...row, published: published[name] }));
      return row;
    });
    rows.push([name, ...cells.map(shown), published[name]?.rff ?? '', published[name]?.surw ?? '']);
  }
  status.clear();
  if (json) return;
  console.log(
    `mean schedules to the first bug, ${seeds} seeds, at most ${executions} schedules; (k) found with k seeds, - with none`,
  );
  console.log(renderTable(['program', ...strategies, 'published: RFF', 'published: SURW'], rows));
}

function shown({ mean, found, seeds }: EffectivenessRow): string {
  if (mean === null) return '-';
  const text = mean < 100 ? mean.toFixed(1) : String(Math.round(mean));
  return found === seeds ? text : `${text} (${found})`;
}

function measure(
  program: Program,
  strategy: SamplerName,
  { seeds, executions }: EffectivenessOptions,
  onSeed: (seed: number) => void,
): EffectivenessRow {
  const first: number[] = [];
  let run = 0;
  let steps = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    onSeed(seed);
    // Only the portfolio looks at behaviours.
    const executor = new VirtualExecutor(program, undefined, { behaviours: strategy === 'portfolio' });
    const campaign = exploreWith(executor, sampler(strategy, seed), {
      executions,
      deadline: Number.POSITIVE_INFINITY,
    });
    run += campaign.executions;
    steps += campaign.steps;
    const [finding] = campaign.findings;
    if (finding === undefined) continue;
    if (finding.outcome.kind !== 'violated')
      throw new Error(`${program.name} is ${finding.outcome.kind}: ${finding.outcome.message}`);
    first.push(finding.execution);
  }
  const none = first.length === 0;
  return {
    program: program.name!,
    strategy,
    seeds,
    executions,
    found: first.length,
    mean: none ? null : Math.round((10 * first.reduce((sum, n) => sum + n, 0)) / first.length) / 10,
    least: none ? null : Math.min(...first),
    most: none ? null : Math.max(...first),
    stepsPerExecution: Math.round(steps / run),
  };
}
