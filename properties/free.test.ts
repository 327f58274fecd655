/** The suite on threads that run free. What they show depends on the machine: here is only what they cannot help but show, and what they must never. */
import { expect, test, vi } from 'vitest';
import type { FreeResult } from './free.ts';
import { runFreely, summaryOf } from './free-run.ts';

async function outputOf(run: () => Promise<number>): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: unknown) => void lines.push(String(line)));
  try {
    return { code: await run(), text: lines.join('\n') };
  } finally {
    log.mockRestore();
  }
}

test('a property holds on free threads, a broken subject is seen, and comes again under virtual with a line to replay it', async () => {
  const names = ['mutual-exclusion', 'Q2', 'channel-calls'];
  // The case of Q2 with this seed is `T0: close() | T1: tryPut(20); put(21); close()`, and T1 sleeps for ever in every other execution (1,081 of 2,000 on two busy processors):
  // were it one in twenty, all 400 would pass once in 800 million runs.
  const options = { cases: 1, repeats: 400, seed: 12, json: true };
  const { code, text } = await outputOf(() => runFreely(options, (name) => names.includes(name)));
  const rows = text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(rows.map(({ label, outcome }) => [label, outcome])).toEqual([
    ['mutual-exclusion', 'passed'],
    ['channel-calls', 'outside'],
    ['Q2', 'violated'],
  ]);
  expect(rows[0]).toMatchObject({ cases: 1, executions: 400 });
  expect(rows[2]).toMatchObject({
    reproduced: true,
    schedule: expect.stringMatching(/^tp1_/),
    replay: expect.stringMatching(
      new RegExp(
        `^npm run properties -- --only Q2 --seed ${rows[2]!['caseSeed']} --path 0 --schedules \\d+$`,
      ),
    ),
  });
  expect(code).toBe(0);
}, 120_000);

test('a property that fails on free threads, or of which nothing could be said, fails the run; a broken subject that is not seen does not', () => {
  const result: FreeResult = {
    row: 'latch-opens',
    cases: 20,
    executions: 1_000,
    outside: 0,
    unjudged: 3,
    wallMs: 1_000,
    finding: undefined,
  };
  const holds = { result, virtual: undefined };
  const mirror = [
    { ...holds, result: { ...result, row: 'X1' }, caughtBy: 'latch-opens', fault: 'too early' },
  ];
  const clean = summaryOf([holds], mirror);
  expect(clean.failed).toBe(0);
  expect(clean.text).toMatch(/latch-opens +20 +1,000 +3 +holds/);
  expect(clean.text).toMatch(/X1 +latch-opens +1,000 +not seen/);
  expect(clean.text).toContain('1 of 1 properties hold; broken subjects: 0 of 1 seen');
  const outcome = { kind: 'violated', message: 'T0 came too early' } as const;
  const finding = { outcome, plan: 'T0: wait()', seed: 7, executions: 5 };
  const virtual = { found: undefined, schedules: 20_000, replay: '' };
  const broken = summaryOf([{ result: { ...result, finding }, virtual }], []);
  expect(broken.failed).toBe(1);
  expect(broken.text).toContain(
    'latch-opens: VIOLATED on free threads, case of seed 7\nT0: wait()\n\nT0 came too early\n\nNot reproduced in 20000 schedules',
  );
  const silent = summaryOf([{ ...holds, result: { ...result, unjudged: 1_000 } }], []);
  expect(silent.failed).toBe(1);
  expect(silent.text).toMatch(/latch-opens +20 +1,000 +1,000 +exhausted/);
});
