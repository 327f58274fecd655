/**
 * Keeps the code and the output in the README and in docs/ true: a block after `<!-- file: PATH -->` is that file, one after `<!-- output: ARGS -->` is what the
 * command prints for these arguments (times aside). `npm run readme` rewrites them; a test compares.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** The pages that are kept true. */
export function pages(): readonly string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  return [
    'README.md',
    ...docs
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`)
      .sort(),
  ];
}

/** A page with its blocks as they should be. */
export function filled(page: string): string {
  return readFileSync(join(root, page), 'utf8')
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
    return withoutTimes(execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8' }));
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

if (process.argv[2] === '--write') for (const page of pages()) writeFileSync(join(root, page), filled(page));
