/**
 * Module hooks of the Node loader (they run on Node's hooks thread). After the hooks below them, such as tsx's, have made
 * JavaScript of a module, the twins are added. A module that is asked for with `?threadproof=<thread>` is an instance of its own for that
 * thread, and so are the ES modules that it imports.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { type InstrumentFilter, instrumented } from './filter.ts';
import { inlineMap, withInlineMap } from './inline-map.ts';
import { transform } from './transform.ts';

interface LoadResult {
  format?: string | null | undefined;
  source?: string | ArrayBuffer | Uint8Array | null | undefined;
  shortCircuit?: boolean;
  responseURL?: string;
}
interface LoadContext {
  format?: string | null | undefined;
}
interface ResolveResult {
  url: string;
  format?: string | null | undefined;
  shortCircuit?: boolean;
}
interface ResolveContext {
  parentURL?: string | undefined;
}

const instanceQuery = 'threadproof';

export interface HooksData {
  readonly filter: InstrumentFilter;
  /** Gets the URL of each file that is loaded, those of the harness apart. */
  readonly port: MessagePort;
  /** Only tell what is loaded, and load it as it is. */
  readonly onlyWatch: boolean;
}

let filter: InstrumentFilter = { exclude: [] };
let port: MessagePort | undefined;
let onlyWatch = false;

export function initialize(data: HooksData): void {
  ({ filter, port, onlyWatch } = data);
}

export async function resolve(
  specifier: string,
  context: ResolveContext,
  next: (specifier: string, context: ResolveContext) => Promise<ResolveResult>,
): Promise<ResolveResult> {
  if (onlyWatch) return next(specifier, context);
  const result = asModule(await next(specifier, context));
  const instance = context.parentURL?.startsWith('file:')
    ? new URL(context.parentURL).searchParams.get(instanceQuery)
    : null;
  if (instance === null || !result.url.startsWith('file:')) return result;
  const url = new URL(result.url);
  if (url.searchParams.has(instanceQuery) || !instrumented(filter, url)) return result;
  url.searchParams.set(instanceQuery, instance);
  return { ...result, url: url.href };
}

const modules = new Map<string, boolean>();

/**
 * A TypeScript file that is written as an ES module but stands in a package without `"type": "module"` would be compiled to CommonJS, of
 * which an isolate has one instance only; it is loaded as what it is written as.
 */
function asModule(result: ResolveResult): ResolveResult {
  if (result.format !== 'commonjs' || !result.url.startsWith('file:')) return result;
  const url = new URL(result.url);
  // What a module that was taken for CommonJS imports, tsx asks for under a name of its own.
  const pathname = url.pathname.replace(/%3Ftsx-commonjs-export-preparse=1$/, '');
  if (pathname !== url.pathname) {
    url.pathname = pathname;
    url.search = '';
  }
  if (!/\.tsx?$/.test(url.pathname) || !instrumented(filter, url)) return result;
  const file = fileURLToPath(new URL(url.pathname, 'file:'));
  let isModule = modules.get(file);
  if (isModule === undefined) {
    isModule = /^\s*(import\b[^(]|export\b)/m.test(readFileSync(file, 'utf8'));
    modules.set(file, isModule);
  }
  return isModule ? { ...result, url: url.href, format: 'module' } : result;
}

export async function load(
  url: string,
  context: LoadContext,
  next: (url: string, context: LoadContext) => Promise<LoadResult>,
): Promise<LoadResult> {
  const result = await next(url, context);
  if (!url.startsWith('file:')) return result;
  const location = new URL(url);
  if (!instrumented(filter, location)) return result;
  location.search = '';
  location.hash = '';
  port?.postMessage(location.href);
  if (onlyWatch || result.format !== 'module') return result;
  const file = fileURLToPath(location);
  const source =
    result.source === null || result.source === undefined
      ? readFileSync(file, 'utf8')
      : typeof result.source === 'string'
        ? result.source
        : new TextDecoder().decode(result.source);
  const { code, map } = transform(source, { file, sourceType: 'module', inputMap: inlineMap(source) });
  return { ...result, source: withInlineMap(code, map) };
}
