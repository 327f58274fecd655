/**
 * The vitest plugin: `plugins: [threadproof()]` in vitest.config.ts gives the project's modules, tests included, their twins.
 *
 * The hook runs after every other plugin (`order: 'post'` puts it behind vite's own import analysis and vitest's hoisting of mocks), so what it
 * reads is plain JavaScript, TypeScript stripped and `using` lowered, and nothing but vite's module-runner form is made of what it writes.
 */
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { instrumentedPath, packageFilter } from './filter.ts';
import { installHost } from './host.ts';
import { type Transformed, transform } from './transform.ts';

/** A file or folder, absolute or relative to the project root; or a test of the absolute path, with forward slashes. */
export type PathPattern = string | RegExp;

export interface ThreadproofOptions {
  /** What gets twins. Default: everything under the project root outside node_modules. Packages in node_modules can be named too. */
  readonly include?: readonly PathPattern[];
  /** What is left as it is, over `include`. The harness itself always is. */
  readonly exclude?: readonly PathPattern[];
}

/** A module before its twins were added: plain JavaScript, and its map to the author's file. */
export interface PlainModule {
  readonly code: string;
  readonly map: object;
}

/** What the plugin offers to others in the same process, as vite's `plugin.api`. */
export interface ThreadproofApi {
  /** The module as it was before `instrument`; undefined when it has no twins. */
  readonly plain: (file: string) => PlainModule | undefined;
  /** What the plugin makes of it. The map leads to `plain.code`. */
  readonly instrument: (file: string, plain: PlainModule) => Transformed;
}

const here = import.meta.url;
const extension = here.endsWith('.ts') ? 'ts' : 'js';
const packageRoot = new URL('../', here);
const setupFile = fileURLToPath(new URL(`./vitest-setup.${extension}`, here));
const runtimeFolder = fileURLToPath(new URL('runtime/', packageRoot));
const harness = packageFilter(packageRoot);
/** The doors of the harness stand beside its folders. */
const doors = ['index', 'explore'].map((name) => fileURLToPath(new URL(`${name}.${extension}`, packageRoot)));
/** What a compiler lowers `using` to calls the author's code back, so it needs twins as well. */
const compilerHelper = /@oxc-project[+/]runtime.*[/\\]helpers[/\\]/;
const script = /\.[cm]?[jt]sx?$/;

interface TestConfig {
  setupFiles?: string | string[];
  sequence?: { setupFiles?: 'list' | 'parallel' };
  server?: { deps?: { inline?: true | (string | RegExp)[] } };
}

/**
 * Cost: modules roughly double in text, and take about as long to load as to strip their types.
 * @throws Error from the hook, naming the file, when what reaches it is not JavaScript.
 */
export function threadproof(options: ThreadproofOptions = {}): Plugin<ThreadproofApi> {
  let root = process.cwd();
  const plain = new Map<string, PlainModule>();

  const matches = (patterns: readonly PathPattern[], path: string): boolean =>
    patterns.some((pattern) => {
      if (typeof pattern !== 'string')
        return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(path);
      const whole = isAbsolute(pattern) ? pattern : join(root, pattern);
      return path === whole || path.startsWith(whole.endsWith('/') ? whole : `${whole}/`);
    });

  const wanted = (id: string): boolean => {
    if (compilerHelper.test(id)) return true;
    const path = fileOf(id);
    if (!isAbsolute(path) || !script.test(path)) return false;
    if (doors.includes(path) || !instrumentedPath(harness, path)) return false;
    if (options.exclude !== undefined && matches(options.exclude, path)) return false;
    if (path.startsWith(runtimeFolder)) return true;
    if (options.include !== undefined) return matches(options.include, path);
    return path.startsWith(`${root}/`) && !path.includes('/node_modules/');
  };

  const instrument: ThreadproofApi['instrument'] = (file, { code, map }) =>
    transform(code, { file, inputMap: map, mapTo: 'code' });

  return {
    name: 'threadproof',
    enforce: 'post',
    apply: 'serve',
    api: { plain: (file) => plain.get(file), instrument },

    config(config) {
      // Global setup files run here, in vitest's main process, and are instrumented as the rest.
      installHost();
      const withTest = config as { test?: TestConfig };
      const { setupFiles, sequence, server, ...rest } = withTest.test ?? {};
      const inline = server?.deps?.inline ?? [];
      withTest.test = {
        ...rest,
        setupFiles: [setupFile, ...(setupFiles === undefined ? [] : [setupFiles].flat())],
        // Vitest starts setup files side by side; the host comes before what needs it.
        sequence: { setupFiles: 'list', ...sequence },
        server: {
          ...server,
          deps: {
            ...server?.deps,
            inline: inline === true || [...inline, ...inlined(options.include ?? [])],
          },
        },
      };
    },

    configResolved(config) {
      root = config.root;
    },

    transform: {
      order: 'post',
      handler(code, id) {
        if (!wanted(id)) return null;
        const file = fileOf(id);
        const before: PlainModule = { code, map: this.getCombinedSourcemap() };
        let result: Transformed;
        try {
          result = instrument(file, before);
        } catch (error) {
          throw new Error(
            `threadproof: ${file} could not be given twins: ${(error as Error).message}. Leave it out with threadproof({ exclude: [...] }) if it is not run by threads`,
            { cause: error },
          );
        }
        if (result.twins === 0) {
          plain.delete(file);
          // What it is made of may still decide what a program does: see loaded.ts.
          const known = `globalThis[Symbol.for("threadproof.host")]?.instrumented(${JSON.stringify([file])});`;
          return { code: `${code}\n;${known}`, map: null };
        }
        plain.set(file, before);
        return { code: result.code, map: result.map };
      },
    },
  };
}

/** The id of a module without vite's query: the path of its file. */
function fileOf(id: string): string {
  const end = id.search(/[?#]/);
  return end === -1 ? id : id.slice(0, end);
}

/** Packages that get twins must go through vite, which otherwise leaves node_modules to Node. */
function inlined(include: readonly PathPattern[]): RegExp[] {
  const patterns = [new RegExp(`^${escaped(runtimeFolder)}`)];
  for (const pattern of include)
    patterns.push(
      typeof pattern === 'string'
        ? new RegExp(`/${escaped(pattern.replace(/^(\.?\/)+|\/$/g, ''))}(/|$)`)
        : pattern,
    );
  return patterns;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
