/**
 * `npm run bench -- explore --exhaust`: what it takes to explore every behaviour of the seven programs, beside Loom's exhaustive search and
 * Shuttle's depth-first one (both from measurements on a machine of the same kind).
 */
import { exploreWith } from '../src/engine/explore.ts';
import type { Program } from '../src/engine/program.ts';
import { VirtualExecutor } from '../src/engine/virtual.ts';
import { renderTable } from '../src/report/table.ts';
import { exhaustive } from '../src/strategy/exhaustive/search.ts';
import { P1, P2, P3, P4, P5, P6, P7 } from './programs.ts';

/** Executions and CPU seconds of Loom, executions of Shuttle's depth-first search. */
const peers: Readonly<
  Record<string, { readonly loom: number; readonly seconds: number; readonly shuttle: number | null }>
> = {
  P1: { loom: 30, seconds: 0.0012, shuttle: null },
  P2: { loom: 7_847, seconds: 0.42, shuttle: 25_424 },
  P3: { loom: 26_475, seconds: 1.12, shuttle: null },
  P4: { loom: 414, seconds: 0.022, shuttle: null },
  P5: { loom: 60, seconds: 0.0024, shuttle: null },
  P6: { loom: 185_936, seconds: 10, shuttle: 570_417 },
  P7: { loom: 12_095, seconds: 0.67, shuttle: 15_223_020 },
};

/** A round repeats a search until it has run for about so long: one may take less than the clock can tell. */
const roundMs = 50;

export function benchExhaust({ rounds, json }: { readonly rounds: number; readonly json: boolean }): void {
  const programs = [P1, P2, P3, P4, P5, P6, P7] as unknown as readonly Program[];
  // The first search of each comes before all others: nothing of its program is compiled yet.
  const first = programs.map((program) => search(program));
  const rows = programs.map((program, i) => {
    const name = program.name!; // all of ours have one
    const peer = peers[name]!; // the table above has all seven
    const times: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const ms = meanMs(program);
      if (round > 0) times.push(ms);
    }
    times.sort((a, b) => a - b);
    const ms = times[times.length >> 1]!;
    const row = {
      program: name,
      executions: first[i]!.executions,
      complete: first[i]!.complete,
      firstMs: round3(first[i]!.ms),
      ms: round3(ms),
      least: round3(times[0]!),
      most: round3(times.at(-1)!),
      loomExecutions: peer.loom,
      loomMs: peer.seconds * 1000,
      timesLessThanLoom: Math.round((peer.seconds * 1000) / ms),
      timesLessThanLoomFirst: Math.round((peer.seconds * 1000) / first[i]!.ms),
      shuttleDepthFirst: peer.shuttle,
    };
    if (json) console.log(JSON.stringify(row));
    return row;
  });
  if (json) return;
  console.log(
    'CPU ms to explore every behaviour; the first search in this process, then medians of',
    rounds,
    'rounds',
  );
  console.log(
    renderTable(
      [
        'program',
        'executions',
        'complete',
        'first',
        'ms',
        'spread',
        'Loom exec',
        'Loom ms',
        'ratio',
        'ratio first',
        'Shuttle DFS',
      ],
      rows.map((r) => [
        r.program,
        r.executions,
        r.complete ? 'yes' : 'no',
        r.firstMs,
        r.ms,
        `${r.least}-${r.most}`,
        r.loomExecutions,
        r.loomMs,
        r.timesLessThanLoom,
        r.timesLessThanLoomFirst,
        r.shuttleDepthFirst ?? '',
      ]),
    ),
  );
}

function meanMs(program: Program): number {
  let spent = 0;
  let searches = 0;
  for (; spent < roundMs; searches++) spent += search(program).ms;
  return spent / searches;
}

function search(program: Program): {
  readonly executions: number;
  readonly complete: boolean;
  readonly ms: number;
} {
  const before = process.cpuUsage();
  const executor = new VirtualExecutor(program);
  const campaign = exploreWith(executor, exhaustive(), {
    executions: Number.POSITIVE_INFINITY,
    deadline: Number.POSITIVE_INFINITY,
  });
  const { user, system } = process.cpuUsage(before);
  if (campaign.findings.length > 0)
    throw new Error(`the program fails: ${campaign.findings[0]!.outcome.message}`);
  return { executions: campaign.executions, complete: campaign.complete, ms: (user + system) / 1000 };
}

function round3(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
