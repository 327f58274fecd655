/**
 * Samples, and what is made of them. Codes that are compared run in turns, A B A B, so that whatever else the machine does
 * meets them alike; a ratio is taken within each round, and the median over the rounds is shown with its least and most.
 */

/** What one run of a code cost. */
export interface Sample {
  /** Nanoseconds for each operation, by the clock of the case. */
  readonly ns: number;
  /** Processors that were at work: CPU time by wall time. Two threads that never sleep come near 2 on an idle machine. */
  readonly cores: number;
}

/** A code that is measured. */
export interface Case {
  readonly name: string;
  /** What `ns` counts: CPU time where one thread works, wall time where several do. */
  readonly clock: 'cpu' | 'wall';
  readonly threads: number;
  run(operations: number): Sample | Promise<Sample>;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface Figures {
  readonly subject: string;
  readonly against: string;
  readonly threads: number;
  readonly clock: 'cpu' | 'wall';
  /** Nanoseconds an operation. */
  readonly subjectNs: Spread;
  readonly againstNs: Spread;
  /** `time`: the subject's time by the other's, less is better. `rate`: its operations a second by the other's, more is better. */
  readonly of: 'time' | 'rate';
  readonly ratio: Spread;
  /** The same by CPU time, of all threads together: it says less of speed and more of cost, and does not mind a busy machine. */
  readonly cpuRatio: Spread;
  /** Processors at work, medians. */
  readonly subjectCores: number;
  readonly againstCores: number;
  /** What the median ratio should be (`<= 1.5`), or the median time (`< 10 ns`); null where the figure is only reported. */
  readonly target: string | null;
  readonly met: boolean | null;
}

/** A comparison that could not be made. */
export interface Skipped {
  readonly subject: string;
  readonly against: string;
  readonly skipped: string;
}

export type Row = Figures | Skipped;

export interface Pace {
  /** Rounds that count; one more is run before. */
  readonly rounds: number;
  /** How long a run of each case lasts, about. */
  readonly milliseconds: number;
}

/** Operations of a run are multiples of this, so that cases may work in blocks. */
export const BLOCK = 1000;

/** A code of one thread, by its CPU time. */
export function single(name: string, body: (operations: number) => unknown): Case {
  return {
    name,
    clock: 'cpu',
    threads: 1,
    run(operations): Sample {
      const cpuBefore = process.cpuUsage();
      const start = performance.now();
      body(operations);
      const wallMs = performance.now() - start;
      const { user, system } = process.cpuUsage(cpuBefore);
      return { ns: ((user + system) * 1000) / operations, cores: (user + system) / 1000 / wallMs };
    },
  };
}

/** The cases' samples of all rounds, by name. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

/** Runs the cases in turns. How many operations a run has is found first, which also warms the code up. */
export async function interleave(cases: readonly Case[], { rounds, milliseconds }: Pace): Promise<Samples> {
  const samples = new Map<string, Sample[]>();
  const operations: number[] = [];
  for (const each of cases) operations.push(await operationsFor(each, milliseconds));
  for (let round = 0; round <= rounds; round += 1)
    for (const [i, each] of cases.entries()) {
      const sample = await each.run(operations[i]!); // one for each case
      if (round === 0) samples.set(each.name, []);
      else samples.get(each.name)!.push(sample); // set in round 0
    }
  return samples;
}

async function operationsFor(measured: Case, milliseconds: number): Promise<number> {
  for (let operations = BLOCK; ; operations *= 2) {
    const { ns } = await measured.run(operations);
    if (ns * operations >= milliseconds * 1e6) return operations;
  }
}

/** What is expected of a comparison: at most so much of the other's time, or at least so many times its rate. */
export interface Expectation {
  readonly most?: number;
  readonly least?: number;
  /** Nanoseconds that the subject's median stays below. */
  readonly belowNs?: number;
  /** What a comparison without expectation shows. */
  readonly of?: 'time' | 'rate';
}

/** Compares two cases that were interleaved. */
export function compare(
  samples: Samples,
  subject: Case,
  against: Case,
  { most, least, belowNs, of = least === undefined ? 'time' : 'rate' }: Expectation = {},
): Figures {
  const ours = samples.get(subject.name)!; // both were among the cases
  const theirs = samples.get(against.name)!;
  const ratioOf = (cost: (sample: Sample) => number): Spread =>
    spread(
      ours.map((sample, round) => {
        const byTime = cost(sample) / cost(theirs[round]!); // as many rounds
        return of === 'time' ? byTime : 1 / byTime;
      }),
    );
  const ratio = ratioOf(({ ns }) => ns);
  const subjectNs = spread(ours.map(({ ns }) => ns));
  const targets: string[] = [];
  let met = true;
  if (most !== undefined) {
    targets.push(`<= ${most}`);
    met &&= ratio.median <= most;
  }
  if (least !== undefined) {
    targets.push(`>= ${least}`);
    met &&= ratio.median >= least;
  }
  if (belowNs !== undefined) {
    targets.push(`< ${belowNs} ns`);
    met &&= subjectNs.median < belowNs;
  }
  return {
    subject: subject.name,
    against: against.name,
    threads: subject.threads,
    clock: subject.clock,
    subjectNs,
    againstNs: spread(theirs.map(({ ns }) => ns)),
    of,
    ratio,
    cpuRatio: subject.clock === 'cpu' ? ratio : ratioOf(({ ns, cores }) => ns * cores),
    subjectCores: spread(ours.map(({ cores }) => cores)).median,
    againstCores: spread(theirs.map(({ cores }) => cores)).median,
    target: targets.length === 0 ? null : targets.join(', '),
    met: targets.length === 0 ? null : met,
  };
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: rounded(sorted[sorted.length >> 1]!), // there is a round
    least: rounded(sorted[0]!),
    most: rounded(sorted.at(-1)!),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
