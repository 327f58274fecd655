import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filled, pages } from './readme.ts';

const read = (page: string): string => readFileSync(join(import.meta.dirname, '..', page), 'utf8');

test.each(pages())(
  'the code and the output in %s are those of the files and the command (npm run readme)',
  (page) => {
    expect(read(page)).toBe(filled(page));
  },
);

test.each(pages())('every mark in %s has its block, and the block says what language it is in', (page) => {
  const marks = read(page).match(/^<!-- (file|output): .+ -->$/gm) ?? [];
  const blocks = read(page).match(/^<!-- (file|output): .+ -->\n```\w+\n/gm) ?? [];
  expect(blocks.map((block) => block.split('\n')[0])).toEqual(marks);
});

test('the README shows its example, found', () => {
  expect(pages()).toContain('docs/soundness.md');
  expect(read('README.md')).toContain('<!-- file: examples/barrier.ts -->');
  expect(read('README.md')).toContain('DEADLOCKED with 1 preemption');
});

test('the index of the runtime has every page of it, and each page an example', () => {
  const index = read('docs/runtime/README.md');
  const ofRuntime = pages().filter((page) => page.startsWith('docs/runtime/') && !page.endsWith('README.md'));
  expect(ofRuntime.length).toBeGreaterThan(20);
  for (const page of ofRuntime) {
    expect(index, page).toContain(`](${page.slice('docs/runtime/'.length)})`);
    expect(read(page), page).toContain('<!-- file: examples/runtime/');
  }
  expect(read('README.md')).toContain('](docs/runtime/README.md)');
});
