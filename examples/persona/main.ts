/**
 * Runs the scenarios and prints their summary as JSON; exit code 1 when one of them fails. A provider of one's own can be given:
 * `node --conditions=threadproof-source --import tsx examples/persona/main.ts [http://host:port]`
 */
import { exitCodeOf, runScenario, type ScenarioResult, summarise } from 'threadproof';
import { Provider } from '../inference/provider.ts';
import { Stage, scenarios } from './scenarios.ts';

const provider = await Provider.start();
const stage = new Stage(process.argv[2] ?? provider.host);
const results: ScenarioResult[] = [];
for (const scenario of scenarios(stage)) results.push(await runScenario(scenario, 60_000));
await stage.close();
await provider.stop();
const summary = summarise(results);
console.log(JSON.stringify(summary, undefined, 2));
process.exitCode = exitCodeOf(summary);
