/** `npm run bench -- <what>`: figures beside those of other tools. Never pass or fail. */
import { parseArgs } from 'node:util';
import { withNegativeNumbers } from '../src/report/arguments.ts';
import { endOnClosedPipe } from '../src/report/pipe.ts';
import { samplerNames } from '../src/strategy/samplers.ts';
import { benchEffectiveness, needleNames } from './effectiveness.ts';
import { benchExhaust } from './exhaust.ts';
import { benchExplore } from './explore.ts';
import { benchHandOff } from './handoff.ts';
import { benchPool } from './pool.ts';
import { benchRecording } from './recording.ts';
import { type Topic, topics } from './runtime/topics.ts';
import { benchRuntime } from './runtime.ts';

const usage = `npm run bench -- <what> [options]

  explore              executions and steps per CPU-second, beside Shuttle and Loom
  effectiveness        schedules to the first bug, strategy by strategy, beside published figures
  runtime [topic...]   the runtime's primitives, beside what they are made of and what they replace
                       (${topics.join(', ')}; default: all)
  pool                 the thread pool, beside piscina, tinypool, poolifier and workerpool (after npm run build)
  handoff              hand-offs a second of the workers executor, beside two bare workers
  recording            what it costs to record an operation of a thread that runs free

  --rounds N           rounds that are counted (default 7)
  --exhaust            explore: what it takes to explore every behaviour, beside Loom
  --executions N       executions a round (explore; default 50000), most of a trial (effectiveness; default 10000)
  --programs A,B       programs (effectiveness; default: all)
  --strategies A,B     strategies (effectiveness; default: portfolio,rff,surw,urw,pos,pct,random)
  --seeds N            trials of each (effectiveness; default 20)
  --milliseconds N     how long a round of each code lasts, about (runtime; default 100)
  --json               one JSON object a line
  --help`;

function fail(message: string): never {
  console.error(`bench: ${message}\nsee npm run bench -- --help`);
  process.exit(2);
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) fail(`--${name} "${text}": give a whole number from 1`);
  return Number(text);
}

function parse() {
  try {
    return parseArgs({
      args: withNegativeNumbers(process.argv.slice(2)),
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '7' },
        executions: { type: 'string' },
        programs: { type: 'string' },
        strategies: { type: 'string', default: 'portfolio,rff,surw,urw,pos,pct,random' },
        seeds: { type: 'string', default: '20' },
        milliseconds: { type: 'string', default: '100' },
        exhaust: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    return fail((error as Error).message);
  }
}

function known(name: string): Topic {
  const topic = topics.find((each) => each === name);
  return topic ?? fail(`topic "${name}" of runtime is not known: ${topics.join(', ')}`);
}

/** The names in a list with commas; each must be one of `all`. */
function names<N extends string>(what: string, text: string, all: readonly N[]): N[] {
  return text.split(',').map((name) => {
    const found = all.find((each) => each === name.trim());
    return found ?? fail(`--${what} "${name}" is not known: ${all.join(', ')}`);
  });
}

endOnClosedPipe();
const { values, positionals } = parse();
const [what, ...rest] = positionals;
const rounds = whole('rounds', values.rounds);
const executions = whole('executions', values.executions ?? (what === 'effectiveness' ? '10000' : '50000'));
const milliseconds = whole('milliseconds', values.milliseconds);
const { json } = values;
if (values.help) console.log(usage);
else if (what === undefined) fail('say what: explore, effectiveness, runtime, pool, handoff, recording');
else if (what === 'runtime')
  await benchRuntime({ rounds, milliseconds, json, topics: rest.length === 0 ? topics : rest.map(known) });
else if (what === 'pool') await benchPool({ rounds, json });
else if (what === 'handoff') await benchHandOff({ rounds, json });
else if (what === 'recording') await benchRecording({ rounds, json });
else if (what !== 'explore' && what !== 'effectiveness')
  fail(`"${what}" is not known: explore, effectiveness, runtime, pool, handoff, recording`);
else if (rest.length > 0) fail(`"${rest[0]}": ${what} has no topics`);
else if (what === 'effectiveness')
  benchEffectiveness({
    programs: values.programs === undefined ? [] : names('programs', values.programs, needleNames),
    strategies: names('strategies', values.strategies, samplerNames),
    seeds: whole('seeds', values.seeds),
    executions,
    json,
  });
else if (values.exhaust) benchExhaust({ rounds, json });
else benchExplore({ rounds, executions, json });
