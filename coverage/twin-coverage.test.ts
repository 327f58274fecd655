import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { moduleRunnerTransform } from 'vite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { threadproof } from '../src/instrument/vitest.ts';
import { childFolder } from './provider.ts';
import { twinCoverage } from './twin-coverage.ts';

interface FileMap {
  readonly fnMap: Record<string, { readonly name: string }>;
  readonly f: Record<string, number>;
}

const code = 'export function f(g) {\n  return g();\n}\n';
let root: string;
let file: string;
const before = process.env[childFolder];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'threadproof-'));
  file = join(root, 'a.js');
  writeFileSync(file, code);
});
afterEach(() => {
  rmSync(root, { recursive: true });
  if (before === undefined) delete process.env[childFolder];
  else process.env[childFolder] = before;
});

/** The provider with a vitest that has one project, whose plugin has seen one module. */
function make() {
  const plugin = threadproof();
  (plugin.configResolved as unknown as (config: object) => void)({ root });
  const { handler } = plugin.transform as unknown as {
    handler: (this: object, code: string, id: string) => { code: string; map: string } | null;
  };
  const map = { version: 3, sources: [file], sourcesContent: [code], names: [], mappings: 'AAAA;AACA;AACA' };
  const instrumented = handler.call({ getCombinedSourcemap: () => map }, code, file)!;
  const errors: string[] = [];
  const project = { vite: { config: { plugins: [plugin], root } } };
  const ctx = {
    version: '4.1.12',
    logger: {
      error: (text: string) => errors.push(text),
      warn: (text: string) => errors.push(text),
      log: () => {},
    },
    _coverageOptions: { reportsDirectory: join(root, 'out'), reporter: [], processingConcurrency: 1 },
    config: { root },
    projects: [project],
    getRootProject: () => project,
  };
  const provider = twinCoverage();
  provider.initialize(ctx as never);
  const { remapCoverage, generateReports } = provider as unknown as {
    remapCoverage(
      url: string,
      offset: number,
      sources: object,
      functions: object[],
    ): Promise<Record<string, FileMap>>;
    generateReports(map: object): Promise<void>;
  };
  return { provider, instrumented, errors, remapCoverage, generateReports };
}

const ranThrough = (text: string, from: string, count: number) => {
  const startOffset = text.indexOf(from);
  return [
    {
      functionName: '',
      isBlockCoverage: true,
      ranges: [{ startOffset: 0, endOffset: text.length, count: 1 }],
    },
    {
      functionName: '',
      isBlockCoverage: true,
      ranges: [{ startOffset, endOffset: text.indexOf('\n}', startOffset) + 2, count }],
    },
  ];
};

test('a twin that ran is the function, and there is one function', async () => {
  const { instrumented, errors, remapCoverage } = make();
  const run = (await moduleRunnerTransform(instrumented.code, null, file, code))!;
  const functions = [
    ...ranThrough(run.code, 'function f', 0),
    ...ranThrough(run.code, 'function* ', 3).slice(1),
  ];
  const executed = `${run.code}\n//# sourceMappingURL=data:,\n`;
  const found = await remapCoverage(pathToFileURL(file).href, 0, { code: executed }, functions);
  expect(Object.values(found[file]!.fnMap).map(({ name }) => name)).toEqual(['f']);
  expect(found[file]!.f).toEqual({ 0: 3 });
  expect(errors).toEqual([]);
});

test('a module that no test loaded has its functions too', async () => {
  const { remapCoverage } = make();
  const found = await remapCoverage(pathToFileURL(file).href, 0, { code }, []);
  expect(found[file]!.f).toEqual({ 0: 0 });
});

test('a module that something changed after the plugin is converted as it is, with a word about it', async () => {
  const { errors, remapCoverage } = make();
  const found = await remapCoverage(pathToFileURL(file).href, 0, { code }, ranThrough(code, 'function f', 2));
  expect(found[file]!.f).toEqual({ 0: 2 });
  expect(errors).toEqual([expect.stringContaining('is not what the plugin made of it')]);
});

test('a module without twins is converted as it is', async () => {
  const { errors, remapCoverage } = make();
  const other = join(root, 'b.js');
  writeFileSync(other, code);
  const found = await remapCoverage(
    pathToFileURL(other).href,
    0,
    { code },
    ranThrough(code, 'function f', 2),
  );
  expect(found[other]!.f).toEqual({ 0: 2 });
  expect(errors).toEqual([]);
});

test('what a process counted goes to the functions it came from', async () => {
  const { provider } = make();
  const children = join(root, 'out/.tmp/children');
  mkdirSync(children, { recursive: true });
  const url = pathToFileURL(file).href;
  const ran = { url, functions: ranThrough(code, 'function f', 4) };
  writeFileSync(
    join(children, 'a.json'),
    JSON.stringify({ result: [ran, { ...ran, url: `${url}.gone.js` }] }),
  );
  Object.assign(provider, { transformFile: async () => ({ code, map: null }) });
  const map = (await provider.generateCoverage({ allTestsRun: false })) as {
    toJSON(): Record<string, FileMap>;
  };
  const found = JSON.parse(JSON.stringify(map)) as Record<string, FileMap>;
  expect(Object.keys(found)).toEqual([file]);
  expect(found[file]!.f).toEqual({ 0: 4 });
});

test('no data is a failure', async () => {
  const { provider, errors, generateReports } = make();
  expect(provider.name).toBe('custom');
  const { exitCode } = process;
  try {
    await generateReports({ files: () => [] });
    expect(process.exitCode).toBe(1);
  } finally {
    process.exitCode = exitCode;
  }
  expect(errors).toEqual([expect.stringContaining('Coverage has no data')]);
});

test('the folder for the counts of other processes lies in the reports folder', () => {
  make();
  expect(process.env[childFolder]).toBe(join(root, 'out/.tmp/children'));
});
