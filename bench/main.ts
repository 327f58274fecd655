/** `npm run bench -- <what>`: figures beside those of other tools. Never pass or fail. */
import { parseArgs } from 'node:util';
import { endOnClosedPipe } from '../src/report/pipe.ts';
import { benchExhaust } from './exhaust.ts';
import { benchExplore } from './explore.ts';
import { benchPool } from './pool.ts';
import { type Topic, topics } from './runtime/topics.ts';
import { benchRuntime } from './runtime.ts';

const usage = `npm run bench -- <what> [options]

  explore              executions and steps per CPU-second, beside Shuttle and Loom
  runtime [topic...]   the runtime's primitives, beside what they are made of and what they replace
                       (${topics.join(', ')}; default: all)
  pool                 the thread pool, beside piscina, tinypool, poolifier and workerpool (after npm run build)

  --rounds N           rounds that are counted (default 7)
  --executions N       executions a round (explore; default 50000)
  --exhaust            explore: what it takes to explore every behaviour, beside Loom
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
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '7' },
        executions: { type: 'string', default: '50000' },
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

endOnClosedPipe();
const { values, positionals } = parse();
const [what, ...rest] = positionals;
const rounds = whole('rounds', values.rounds);
const executions = whole('executions', values.executions);
const milliseconds = whole('milliseconds', values.milliseconds);
const { json } = values;
if (values.help) console.log(usage);
else if (what === undefined) fail('say what: explore, runtime, pool');
else if (what === 'runtime')
  await benchRuntime({ rounds, milliseconds, json, topics: rest.length === 0 ? topics : rest.map(known) });
else if (what === 'pool') await benchPool({ rounds, json });
else if (what !== 'explore') fail(`"${what}" is not known: explore, runtime, pool`);
else if (rest.length > 0) fail(`"${rest[0]}": explore has no topics`);
else if (values.exhaust) benchExhaust({ rounds, json });
else benchExplore({ rounds, executions, json });
