/** Checkpoints of programs in modules: what they are made of, and signals. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'threadproof-checkpoint-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command on a program with a checkpoint. */
function explore(
  module: string,
  checkpoint: string,
  args: readonly string[],
  signal?: NodeJS.Signals,
): Promise<Ended> {
  const tsx = join(root, 'node_modules/tsx/dist/esm/index.mjs');
  const main = join(root, 'src/cli/main.ts');
  const argv = ['--conditions=threadproof-source', '--import', tsx, main, 'explore', module];
  const { NODE_V8_COVERAGE: _, VITEST: __, ...env } = process.env;
  const child = spawn(
    process.execPath,
    [...argv, '--strategy', 'exhaustive', '--checkpoint', checkpoint, ...args],
    { env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let [out, err] = ['', ''];
  child.stdout.on('data', (part) => {
    out += String(part);
    // The search begins once its line is printed.
    if (signal !== undefined && out.includes('exhaustive, seed')) setTimeout(() => child.kill(signal), 200);
  });
  child.stderr.on('data', (part) => {
    err += String(part);
  });
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** A program of several files, in a folder of its own. */
function program(name: string): {
  module: string;
  checkpoint: string;
  edit: (file: string, from: string, to: string) => void;
} {
  const of = join(folder, name);
  cpSync(join(root, 'src/cli/fixtures/several-files'), of, { recursive: true });
  return {
    module: join(of, 'main.mjs'),
    checkpoint: join(of, 'checkpoint.json'),
    edit: (file, from, to) => {
      const text = readFileSync(join(of, file), 'utf8');
      expect(text).toContain(from);
      writeFileSync(join(of, file), text.replace(from, to));
    },
  };
}

test.concurrent('a checkpoint is refused once a module of the program has changed', async () => {
  const { module, checkpoint, edit } = program('virtual');
  const first = await explore(module, checkpoint, ['--executions', '20']);
  expect(first.out).toContain('exhausted: 20 executions');
  for (const [file, from, to] of [
    ['main.mjs', 'const rounds = 3', 'const rounds = 2'],
    ['data.json', '"most": 9', '"most": 8'],
    ['common.cjs', 'x + 0', 'x + 1'],
  ] as const) {
    edit(file, from, to);
    const { code, err } = await explore(module, checkpoint, ['--executions', '20']);
    expect(code).toBe(2);
    expect(err).toMatch(changed(file));
    edit(file, to, from);
  }
  const last = await explore(module, checkpoint, ['--executions', '20']);
  expect(last.out).toContain('exhausted: 40 executions');
});

test.concurrent('under workers, whose modules are left as they are, too', async () => {
  const { module, checkpoint, edit } = program('workers');
  const args = ['--executions', '5', '--executor', 'workers'];
  expect((await explore(module, checkpoint, args)).out).toContain('exhausted: 5 executions');
  edit('constants.mjs', 'least = 0', 'least = 1');
  const { code, err } = await explore(module, checkpoint, args);
  expect(code).toBe(2);
  expect(err).toMatch(changed('constants.mjs'));
});

const changed = (file: string): RegExp =>
  new RegExp(`is a checkpoint of another version of .*\\(.*${file} has changed\\): delete it to begin anew`);
