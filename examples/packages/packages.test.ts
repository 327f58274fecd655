/** What docs/packages.md says was found in published packages is found, by the replay lines that it gives. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exploreModule } from 'threadproof';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs/packages.md'), 'utf8');
const lines = [
  ...page.matchAll(/^npx threadproof replay (\S+) (\S+) --export (\w+) --executor workers$/gm),
].map(([, file, schedule, name]) => ({ file: file!, schedule: schedule!, name: name! }));

const found: Readonly<Record<string, readonly [outcome: string, message: RegExp]>> = {
  semaphoreAmounts: ['deadlocked', /T2 waits .*semaphore\.js:84 .*T1 waits .*semaphore\.js:84/],
  channelStrings: ['violated', /received: first message, second message, first message/],
  channelObjects: ['violated', /message 7 arrived as {"id":8}/],
  patient: ['violated', /thread 1 threw SyntaxError: Unexpected end of JSON input/],
  late: ['violated', /question 2 got the answer to question 1/],
  torn: ['violated', /thread 1 threw SyntaxError: Unterminated string in JSON/],
  producers: ['violated', /2 bytes were accepted, the ring holds 1/],
};

describe('published packages, unmodified, under workers', () => {
  test('the page has a replay line for each finding', () => {
    expect(lines.map(({ name }) => name)).toEqual(Object.keys(found));
  });

  test.each(lines)('$name', async ({ file, schedule, name }) => {
    const [outcome, message] = found[name]!;
    const result = await exploreModule(join(root, file), {
      export: name,
      executor: 'workers',
      strategy: 'replay',
      schedule,
    });
    expect([result.outcome, result.unscheduled]).toEqual([outcome, 0]);
    expect(result.message).toMatch(message);
    if (name === 'patient') expect(page).toContain(result.report!.split('\n\n')[1]!);
  });

  test('a ring for one producer and one consumer: every behaviour', async () => {
    const result = await exploreModule(join(root, 'examples/packages/ringbuf.ts'), {
      export: 'ordered',
      executor: 'workers',
      strategy: 'exhaustive',
    });
    expect([result.outcome, result.complete, result.executions]).toEqual(['passed', true, 44]);
  });
});
