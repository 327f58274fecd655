/**
 * What generated programs have covered, beside the number of behaviours: which kinds of operations were in flight at the same time, out of those
 * that could have been; and of programs of threads the reads-from pairs and blocking edges (engine/coverage). Over all executions of all programs of a run.
 *
 * A kind of operation is its name: what it was given and what it answered make no new one. Two kinds (or one with itself) could overlap when some
 * program had them in different threads. Whether the subject would ever let them (two holders of one lock) is not known here, so a pair that is
 * missing is a question, and no mistake.
 */
import { BehaviourCoverage } from '../engine/coverage.ts';
import type { History } from '../history/history.ts';
import { eachOverlap } from '../history/overlap.ts';
import type { StepObserver } from '../instrument/executed-step.ts';
import type { Plan } from './plan.ts';

export interface ProgramsCovered {
  readonly overlaps: OverlapsCovered;
  /** Distinct pairs (write, read that saw it), over all programs; null for programs that have no steps (of promises). */
  readonly readsFrom: number | null;
  /** Distinct pairs (thread that slept and where, thread and place that wrote the word last); null likewise. */
  readonly blocking: number | null;
}

/** Unordered pairs of kinds of operations. */
export interface OverlapsCovered {
  /** Those that were in flight at the same time in some execution. */
  readonly covered: number;
  /** Those that some program had in different threads. */
  readonly possible: number;
  /** Those that could have been and never were, in alphabetical order. */
  readonly missing: readonly (readonly [string, string])[];
}

export class ProgramCoverage {
  #steps: BehaviourCoverage | undefined;
  /** Kinds by name, numbered as they come. */
  readonly #kinds = new Map<string, number>();
  /** The possible pairs, and whether they overlapped. */
  readonly #pairs = new Map<number, boolean>();

  /** Follows the steps of executions. */
  get observer(): StepObserver {
    this.#steps ??= new BehaviourCoverage();
    return this.#steps;
  }

  /** A program that is run. */
  program({ threads }: Plan): void {
    const kinds = threads.map((list) => [...new Set(list.map(({ name }) => this.#kind(name)))]);
    for (const [t, mine] of kinds.entries())
      for (const others of kinds.slice(t + 1))
        for (const a of mine)
          for (const b of others) {
            const pair = pairOf(a, b);
            if (!this.#pairs.has(pair)) this.#pairs.set(pair, false);
          }
  }

  /** An execution of such a program. */
  execution(history: History): void {
    eachOverlap(history, (a, b) => {
      this.#pairs.set(pairOf(this.#kind(a.name), this.#kind(b.name)), true);
    });
  }

  covered(): ProgramsCovered {
    const names = [...this.#kinds.keys()];
    const missing = [...this.#pairs]
      .filter(([, overlapped]) => !overlapped)
      .map(([pair]) => {
        const [a, b] = [names[pair % mostKinds]!, names[Math.floor(pair / mostKinds)]!]; // numbered by #kind
        return a <= b ? ([a, b] as const) : ([b, a] as const);
      })
      .sort(([a, b], [c, d]) => (a === c ? compare(b, d) : compare(a, c)));
    const possible = this.#pairs.size;
    const steps = this.#steps?.covered();
    return {
      overlaps: { covered: possible - missing.length, possible, missing },
      readsFrom: steps?.readsFrom ?? null,
      blocking: steps?.blocking ?? null,
    };
  }

  #kind(name: string): number {
    const kind = this.#kinds.get(name) ?? this.#kinds.size;
    if (kind === this.#kinds.size) this.#kinds.set(name, kind);
    return kind;
  }
}

/** Only so that a pair fits in one number. */
const mostKinds = 2 ** 26;

function pairOf(a: number, b: number): number {
  return a < b ? a * mostKinds + b : b * mostKinds + a;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
