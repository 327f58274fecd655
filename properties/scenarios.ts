/** The report of scenarios (C-15): counts, a pass rate that is a number, and a gate that fails on any failure and on nothing at all. */
import * as fc from 'fast-check';
import type { Plan } from '../src/generate/plan.ts';
import {
  exitCodeOf,
  runScenario,
  type ScenarioOutcome,
  type ScenarioResult,
  type ScenarioSummary,
  summarise,
} from '../src/index.ts';
import { promiseProgram, type Turns } from './promises.ts';
import type { Property } from './property.ts';

export interface ReportSubject {
  summarise(results: readonly ScenarioResult[]): ScenarioSummary;
  exitCodeOf(summary: ScenarioSummary, leastRate: number): number;
}

interface World {
  readonly turns: Turns;
  readonly results: ScenarioResult[];
}

/** How a scenario ends; only the first is a pass. */
const ends: Readonly<Record<string, () => ScenarioOutcome | Promise<ScenarioOutcome>>> = {
  passes: () => ({ passed: true }),
  fails: () => ({ passed: false }),
  throws: () => {
    throw new Error('broken');
  },
  forgets: () => undefined as unknown as ScenarioOutcome,
};

const end = fc.oneof(
  { weight: 3, arbitrary: fc.constant('passes') },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(ends)) },
);
const plans: fc.Arbitrary<Plan> = fc
  .array(fc.array(end, { maxLength: 6 }), { minLength: 1, maxLength: 3 })
  .map((clients) => ({
    prefix: [],
    threads: clients.map((list) => list.map((how) => ({ name: 'scenario', args: [how] }))),
  }));

export const scenarioReport: Property<ReportSubject> = {
  name: 'scenario-report',
  about: 'a report of scenarios counts what passed, as numbers, and its gate lets nothing else through',
  ids: ['C-15'],
  subject: { summarise, exitCodeOf },
  cases: (subject) =>
    promiseProgram<World>({
      name: 'scenario-report',
      plans,
      world: (turns) => ({ turns, results: [] }),
      operations: {
        scenario: {
          run: async ({ turns, results }, thread, how: string) => {
            const run = async (): Promise<ScenarioOutcome> => {
              await turns.next('scenario', thread);
              return ends[how]!(); // of the names above
            };
            results.push(await runScenario({ name: how, run }, 60_000));
          },
        },
      },
      judge: ({ world: { results }, history, stuck }) => {
        if (stuck) return 'a scenario never ended';
        const total = history.length;
        const passed = history.filter(({ args }) => args[0] === 'passes').length;
        const summary = subject.summarise(results);
        if (summary.total !== total || summary.passed !== passed || summary.failed !== total - passed)
          return `${passed} of ${total} passed, and it counts ${JSON.stringify(summary)}`;
        const passRate = total === 0 ? 0 : passed / total;
        if (summary.passRate !== passRate)
          return `the pass rate is ${passRate}, not ${JSON.stringify(summary.passRate)}`;
        for (const least of [0, 0.05, 0.5, 1]) {
          const code = total > 0 && passed >= least * total ? 0 : 1;
          if (subject.exitCodeOf(summary, least) !== code)
            return `${passed} of ${total} passed, ${100 * least} % are asked for, and the exit code is not ${code}`;
        }
        return undefined;
      },
    }),
};
