/**
 * Keeps the README's code and output true: a block after `<!-- file: PATH -->` is that file, one after `<!-- output: ARGS -->` is what the
 * command prints for these arguments (times aside). `npm run readme` rewrites them; a test compares.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** The README with its blocks as they should be. */
export function filledReadme(): string {
  return readFileSync(join(root, 'README.md'), 'utf8')
    .replace(/(<!-- file: (\S+) -->\n```\w+\n)[\s\S]*?```/g, (_, head: string, path: string) => {
      return `${head}${readFileSync(join(root, path), 'utf8')}\`\`\``;
    })
    .replace(/(<!-- output: (.+?) -->\n```\w+\n)[\s\S]*?```/g, (_, head: string, args: string) => {
      return `${head}${commandOutput(args.split(' '))}\`\`\``;
    });
}

function commandOutput(args: readonly string[]): string {
  const command = ['--conditions=threadproof-source', '--import', 'tsx', 'src/cli/main.ts', ...args];
  try {
    return execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  } catch (error) {
    // Exit code 1 is a finding, which is what an example shows.
    const { status, stdout } = error as { status?: number; stdout?: string };
    if (status !== 1 || stdout === undefined) throw error;
    return withoutTimes(stdout);
  }
}

function withoutTimes(text: string): string {
  return text.replace(/; [\d.]+ ms CPU, [\d.]+ ms/g, '');
}

if (process.argv[2] === '--write') writeFileSync(join(root, 'README.md'), filledReadme());
