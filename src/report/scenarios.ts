/**
 * Scenarios run one after the other, each under a watchdog outside of it, and a summary for machines: the pass rate is a number, and the exit
 * code 1 on any failure. Nothing that was swallowed, skipped or not run counts as a pass.
 */

/** What a scenario says of itself. A scenario that throws has failed. */
export interface ScenarioOutcome {
  readonly passed: boolean;
  /** Figures by name. */
  readonly metrics?: Readonly<Record<string, number>>;
  readonly notes?: readonly string[];
}

export interface Scenario {
  readonly name: string;
  run(): ScenarioOutcome | Promise<ScenarioOutcome>;
}

export interface ScenarioResult {
  readonly name: string;
  readonly passed: boolean;
  readonly metrics: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
  readonly wallMs: number;
}

export interface ScenarioSummary {
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  /** Share that passed, from 0 to 1; 0 when there were none. */
  readonly passRate: number;
  readonly scenarios: readonly ScenarioResult[];
}

/** Runs one scenario; after `limitMs` milliseconds it has failed, and is left to itself. */
export async function runScenario({ name, run }: Scenario, limitMs: number): Promise<ScenarioResult> {
  const start = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const watchdog = new Promise<ScenarioOutcome>((resolve) => {
    timer = setTimeout(
      () => resolve({ passed: false, notes: [`did not end within ${limitMs} ms`] }),
      limitMs,
    );
  });
  let outcome: ScenarioOutcome;
  try {
    outcome = await Promise.race([Promise.resolve().then(run), watchdog]);
  } catch (error) {
    outcome = {
      passed: false,
      notes: [error instanceof Error ? (error.stack ?? String(error)) : String(error)],
    };
  } finally {
    clearTimeout(timer);
  }
  // Anything but true, `undefined` of a scenario that forgot to answer for one, is no pass.
  return {
    name,
    passed: outcome?.passed === true,
    metrics: outcome?.metrics ?? {},
    notes: outcome?.notes ?? [],
    wallMs: performance.now() - start,
  };
}

/** Counts. */
export function summarise(scenarios: readonly ScenarioResult[]): ScenarioSummary {
  const total = scenarios.length;
  const passed = scenarios.filter((scenario) => scenario.passed).length;
  return { total, passed, failed: total - passed, passRate: total === 0 ? 0 : passed / total, scenarios };
}

/** 0 when there were scenarios and at least this share of them passed (default: all), else 1. */
export function exitCodeOf({ total, passRate }: ScenarioSummary, leastRate = 1): 0 | 1 {
  return total > 0 && passRate >= leastRate ? 0 : 1;
}
