import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filledReadme } from './readme.ts';

test('the code and the output in the README are those of the files and the command (npm run readme)', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  expect(readme).toContain('<!-- file: examples/barrier.ts -->');
  expect(readme).toContain('DEADLOCKED with 1 preemption');
  expect(readme).toBe(filledReadme());
});
