import { expect, test } from 'vitest';
import { measureRecording } from './recording.ts';
import { operationNames } from './recording-program.ts';

test('recorded operations are measured beside bare ones, with one thread and with two', async () => {
  const rows = await measureRecording(1, 20);
  expect(rows.map(({ operation, threads }) => [threads, operation])).toEqual(
    [1, 2].flatMap((threads) => operationNames.map((name) => [threads, name])),
  );
  for (const { bare, recorded, median, least, most } of rows) {
    expect(bare).toBeGreaterThan(0);
    expect([median, least, most]).toEqual(Array(3).fill(recorded - bare));
  }
});
