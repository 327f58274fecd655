/** The half of the coverage provider that makes reports of counts. It runs in vitest's main process. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { V8CoverageProvider } from '@vitest/coverage-v8/dist/provider.js';
import { moduleRunnerTransform } from 'vite';
import {
  type CoverageProvider,
  parseAstAsync,
  type ReportContext,
  type TestProject,
  type Vitest,
} from 'vitest/node';
import type { PlainModule, ThreadproofApi } from '../src/instrument/vitest.ts';
import { countsAt, Places, readChildScripts } from './child-processes.ts';
import { type FunctionCoverage, project } from './projection.ts';
import { childFolder } from './provider.ts';

interface Sources {
  readonly code: string;
  readonly map?: object | undefined;
}

interface CoverageMap {
  files(): string[];
  merge(other: object): void;
}

/** The parts of V8CoverageProvider that are changed here; its types call them private. Pinned to the exact version in package.json. */
interface Inner {
  name: string;
  ctx: Vitest;
  remapCoverage(
    url: string,
    offset: number,
    sources: Sources,
    functions: readonly FunctionCoverage[],
  ): Promise<object>;
  coverageFilesDirectory: string;
  initialize(ctx: Vitest): void;
  isIncluded(file: string): boolean;
  transformFile(file: string, project: TestProject, environment: string): Promise<Sources | null>;
  getSources(url: string, transform: (file: string) => Promise<Sources | null>): Promise<Sources>;
  generateCoverage(context: ReportContext): Promise<CoverageMap>;
  generateReports(map: CoverageMap, allTestsRun?: boolean): Promise<void>;
}

export function twinCoverage(): CoverageProvider {
  const provider = new V8CoverageProvider();
  const inner = provider as unknown as Inner;
  const remapCoverage = inner.remapCoverage.bind(provider);
  const initialize = inner.initialize.bind(provider);
  const generateCoverage = inner.generateCoverage.bind(provider);
  const generateReports = inner.generateReports.bind(provider);
  inner.name = 'custom';

  const children = (): string => join(inner.coverageFilesDirectory, 'children');

  inner.initialize = (ctx) => {
    initialize(ctx);
    process.env[childFolder] = children();
  };

  inner.remapCoverage = async (url, offset, sources, functions) => {
    const file = fileURLToPath(url);
    const found = findModule(inner.ctx, file);
    if (found === undefined) return remapCoverage(url, offset, sources, functions);
    const { plain } = found;
    const counts = await plainCounts(file, found, sources.code, offset, functions);
    if (counts === undefined) {
      inner.ctx.logger.error(
        `threadproof coverage: ${file} is not what the plugin made of it (does another plugin change it later?): its twins are counted as code of their own`,
      );
      return remapCoverage(url, offset, sources, functions);
    }
    return remapCoverage(url, 0, { code: plain.code, map: { ...plain.map, sources: [url] } }, counts);
  };

  inner.generateCoverage = async (context) => {
    const map = await generateCoverage(context);
    const scripts = readChildScripts(
      children(),
      (url) => existsSync(fileURLToPath(url)) && inner.isIncluded(fileURLToPath(url)),
    );
    const urls = new Set(scripts.map(({ url }) => url));
    for (const url of urls) {
      const ofFile = scripts.filter((script) => script.url === url);
      const file = fileURLToPath(url);
      const places = new Places();
      const text = readFileSync(file, 'utf8');
      for (const script of ofFile) places.add(script, text);
      // Transforming first: where no test loaded the module, the plugin has not seen it.
      const sources = await inner.getSources(url, (path) =>
        inner.transformFile(path, inner.ctx.getRootProject(), 'ssr'),
      );
      const plain = findModule(inner.ctx, file)?.plain;
      const base =
        plain === undefined ? sources : { code: plain.code, map: { ...plain.map, sources: [url] } };
      if (base.map === undefined) continue;
      const counts = countsAt(places, base.code, base.map as never, await parseAstAsync(base.code));
      map.merge(await remapCoverage(url, 0, base, counts));
    }
    return map;
  };

  inner.generateReports = async (map, allTestsRun) => {
    await generateReports(map, allTestsRun);
    if (map.files().length > 0) return;
    process.exitCode = 1;
    inner.ctx.logger.error('ERROR: Coverage has no data: no file that is measured was found');
  };
  return provider;
}

interface Found {
  readonly plain: PlainModule;
  readonly api: ThreadproofApi;
}

/** The module before its twins, from whichever project's plugin has it; undefined when it has no twins. */
function findModule(ctx: Vitest, file: string): Found | undefined {
  for (const { vite } of [ctx.getRootProject(), ...ctx.projects]) {
    const api = vite.config.plugins.find(({ name }) => name === 'threadproof')?.api as
      | ThreadproofApi
      | undefined;
    const plain = api?.plain(file);
    if (api !== undefined && plain !== undefined) return { plain, api };
  }
  return undefined;
}

/** The counts of the plain module; undefined when `executed` does not come from it. */
async function plainCounts(
  file: string,
  { plain, api }: Found,
  executed: string,
  offset: number,
  functions: readonly FunctionCoverage[],
): Promise<readonly FunctionCoverage[] | undefined> {
  // No test loaded it.
  if (functions.length === 0) return functions;
  const instrumented = api.instrument(file, plain);
  // Between the plugin and V8 stands one more step, vite's form for its module runner. It is taken again for its map.
  const run = await moduleRunnerTransform(instrumented.code, null, file, instrumented.code);
  if (run === null || run.map === null || !sameCode(run.code, executed)) return undefined;
  return project(
    functions,
    offset,
    {
      executed,
      executedMap: run.map as never,
      instrumented: instrumented.code,
      copies: instrumented.copies(),
      plain: plain.code,
    },
    await parseAstAsync(plain.code),
  );
}

/** Vitest puts comments with the map behind the code. */
function sameCode(code: string, executed: string): boolean {
  return executed.startsWith(code) && /^\s*(\/\/# [^\n]*\s*)*$/.test(executed.slice(code.length));
}
