/** `npm run bench -- <what>`: figures beside those of other tools. Never pass or fail. */
import { parseArgs } from 'node:util';
import { endOnClosedPipe } from '../src/report/pipe.ts';
import { benchExplore } from './explore.ts';

const usage = `npm run bench -- <what> [options]

  explore          executions and steps per CPU-second, beside Shuttle and Loom

  --rounds N       rounds that are counted (default 7)
  --executions N   executions a round (default 50000)
  --json           one JSON object a line
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
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    return fail((error as Error).message);
  }
}

endOnClosedPipe();
const { values, positionals } = parse();
if (values.help) console.log(usage);
else if (positionals.length !== 1) fail('say what: explore');
else if (positionals[0] !== 'explore') fail(`"${positionals[0]}" is not known: explore`);
else
  benchExplore({
    rounds: whole('rounds', values.rounds),
    executions: whole('executions', values.executions),
    json: values.json,
  });
