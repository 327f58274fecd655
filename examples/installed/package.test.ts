/** The package as npm packs it, in an empty project: its types, and threads that start, whether the user's code is bundled or not. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'threadproof-package-'));
const installed = join(folder, 'node_modules/threadproof');
const sources = ['app', 'tasks', 'worker'];
const printed = '{"squares":[1,4,9],"id":3,"joined":16,"doubled":42}\n';

/** Runs a program with nothing of ours around it; a watchdog ends it. */
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: process.env.PATH },
  });

beforeAll(() => {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root, stdio: 'ignore' });
  mkdirSync(installed, { recursive: true });
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  run('tar', 'xzf', tarball!, '-C', installed, '--strip-components=1'); // there is one
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const name of sources) cpSync(join(import.meta.dirname, `${name}.ts`), join(folder, `${name}.ts`));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compile = (out: string, options: BuildOptions): Promise<unknown> =>
  build({
    absWorkingDir: folder,
    entryPoints: Object.fromEntries(sources.map((name) => [name, `${name}.ts`])),
    outdir: out,
    format: 'esm',
    platform: 'node',
    ...options,
  });

test('the tarball has what the exports name, and no tests or sources', () => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  const { exports, bin } = createRequire(import.meta.url)(join(installed, 'package.json')) as {
    readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
    readonly bin: Readonly<Record<string, string>>;
  };
  for (const entry of [...Object.values(exports), ...Object.values(bin)])
    for (const file of typeof entry === 'string' ? [entry] : [entry.types, entry.default])
      expect(files).toContain(file.slice(2));
  expect(files.filter((name) => /\.test\.|fixtures|^src|^properties/.test(name))).toEqual([]);
});

test("the user's code compiles against its types", () => {
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  };
  const files = sources.map((name) => `${name}.ts`);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  expect(run(process.execPath, join(dirname(manifest), 'bin/tsc'), '-p', 'tsconfig.json')).toBe('');
});

test("a pool, a thread and a channel start from the user's modules", async () => {
  await compile('plain', {});
  expect(run(process.execPath, 'plain/app.js')).toBe(printed);
});

test("they start when a bundler moves the user's code", async () => {
  await compile('moved', { bundle: true, packages: 'external', splitting: true });
  expect(run(process.execPath, 'moved/app.js')).toBe(printed);
});

test('they start when a bundler takes the runtime in, with its two first modules beside it', async () => {
  const away = mkdtempSync(join(tmpdir(), 'threadproof-bundled-'));
  try {
    const entryPoints = {
      ...Object.fromEntries(sources.map((name) => [name, `${name}.ts`])),
      'start-worker': 'threadproof/runtime/start-worker',
      'start-thread': 'threadproof/runtime/start-thread',
    };
    // Outside of the project: nothing of node_modules is there.
    await compile(away, { bundle: true, splitting: true, entryPoints });
    writeFileSync(join(away, 'package.json'), '{ "type": "module" }');
    expect(run(process.execPath, join(away, 'app.js'))).toBe(printed);
  } finally {
    rmSync(away, { recursive: true, force: true });
  }
});
