import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { makeProject, repository } from './fixtures/vitest-project.ts';
import { type ThreadproofOptions, threadproof } from './vitest.ts';

/** What the plugin's hooks do, without vitest. */
function hooks(options?: ThreadproofOptions) {
  const plugin = threadproof(options);
  const config = plugin.config as unknown as (config: object) => void;
  (plugin.configResolved as unknown as (config: object) => void)({ root: '/project' });
  const { order, handler } = plugin.transform as unknown as {
    order: string;
    handler: (this: object, code: string, id: string) => { code: string; map: string } | null;
  };
  const transform = (id: string, code = 'export const f = (g) => g();') =>
    handler.call(
      { getCombinedSourcemap: () => ({ version: 3, mappings: '', sources: [id], names: [] }) },
      code,
      id,
    );
  return { api: plugin.api!, config, order, transform };
}

const inRepository = (path: string): string => join(repository, path);

describe('which modules get twins', () => {
  test.each<[string, ThreadproofOptions | undefined, string, boolean]>([
    ['a module of the project', undefined, '/project/src/a.ts', true],
    ['with a query', undefined, '/project/src/a.ts?t=1', true],
    ['a test', undefined, '/project/a.test.js', true],
    ['a module outside it', undefined, '/elsewhere/a.ts', false],
    ['a folder whose name begins like the project', undefined, '/project-2/a.ts', false],
    ['a package', undefined, '/project/node_modules/p/a.js', false],
    ['a package that is included', { include: ['node_modules/p'] }, '/project/node_modules/p/a.js', true],
    ['its neighbour', { include: ['node_modules/p'] }, '/project/node_modules/p2/a.js', false],
    ['what is not included', { include: [/\/src\//] }, '/project/lib/a.js', false],
    ['what is included', { include: [/\/src\//g] }, '/project/src/a.js', true],
    ['what is excluded', { exclude: ['src/a.ts'] }, '/project/src/a.ts', false],
    ['what is included and excluded', { include: ['src'], exclude: [/a\.ts$/] }, '/project/src/a.ts', false],
    ['a style sheet', undefined, '/project/a.css', false],
    ['a virtual module', undefined, '\0virtual:a.js', false],
    ['the helper of using', undefined, '\0@oxc-project+runtime@0.1.0/helpers/usingCtx.js', true],
    ['the runtime', undefined, inRepository('src/runtime/sync/mutex.ts'), true],
    ['the engine', { include: [/./] }, inRepository('src/engine/virtual.ts'), false],
    ['the door', { include: [/./] }, inRepository('src/index.ts'), false],
  ])('%s', (_, options, id, expected) => {
    expect(hooks(options).transform(id) !== null).toBe(expected);
  });

  test('a module without functions that could be suspended is left as it is, but makes itself known', () => {
    const { api, transform } = hooks();
    expect(transform('/project/a.js')).not.toBeNull();
    expect(api.plain('/project/a.js')?.code).toBe('export const f = (g) => g();');
    expect(transform('/project/a.js', 'export const x = 1;')).toEqual({
      code: 'export const x = 1;\n;globalThis[Symbol.for("threadproof.host")]?.instrumented(["/project/a.js"]);',
      map: null,
    });
    expect(api.plain('/project/a.js')).toBeUndefined();
  });

  test('what is not JavaScript is refused by name', () => {
    expect(() => hooks().transform('/project/a.js', 'let = = 1')).toThrow(
      /threadproof: \/project\/a\.js could not be given twins: .*exclude/,
    );
  });
});

describe('the configuration', () => {
  const setup = fileURLToPath(new URL('./vitest-setup.ts', import.meta.url));

  test('the host is set up first, one after the other', () => {
    const config = { test: { setupFiles: './mine.ts' } };
    hooks().config(config);
    expect(config.test).toMatchObject({ setupFiles: [setup, './mine.ts'], sequence: { setupFiles: 'list' } });
  });

  test('included packages and the runtime go through vite', () => {
    const config: { test?: { server?: { deps?: { inline?: RegExp[] } } } } = {};
    hooks({ include: ['node_modules/p', /q\.js$/] }).config(config);
    const inline = config.test!.server!.deps!.inline!;
    const isInline = (path: string): boolean => inline.some((pattern) => pattern.test(path));
    expect(isInline(inRepository('src/runtime/sync/mutex.ts'))).toBe(true);
    expect(isInline('/project/node_modules/p/index.js')).toBe(true);
    expect(isInline('/project/node_modules/p2/index.js')).toBe(false);
    expect(isInline('/project/node_modules/r/q.js')).toBe(true);
  });

  test('everything that goes through vite already stays so', () => {
    const config = { test: { server: { deps: { inline: true } } } };
    hooks().config(config);
    expect(config.test.server.deps.inline).toBe(true);
  });

  test('it comes behind every other plugin', () => {
    expect(hooks().order).toBe('post');
  });
});

const barrier = `export enum Cell { Arrived, Generation }

export class Barrier {
  readonly #words: Int32Array;
  constructor(words: Int32Array, private readonly parties: number) {
    this.#words = words;
  }
  /** The fault: the wake-up can come between the arrival and the load. */
  arrive(): void {
    if (Atomics.add(this.#words, Cell.Arrived, 1) + 1 === this.parties) return this.release();
    const generation: number = Atomics.load(this.#words, Cell.Generation);
    Atomics.wait(this.#words, Cell.Generation, generation);
  }
  private release(): void {
    Atomics.add(this.#words, Cell.Generation, 1);
    Atomics.notify(this.#words, Cell.Generation);
  }
}
`;

const latch = `interface Held { readonly words: Int32Array }

class Latch implements Disposable {
  constructor(readonly words: Int32Array) {}
  [Symbol.dispose](): void {
    Atomics.sub(this.words, 0, 1);
  }
}
export function inside({ words }: Held): number {
  using latch = new Latch(words);
  return Atomics.add(latch.words, 0, 1) + 1;
}
export function fails(): never {
  throw new TypeError('from the fixture');
}
`;

const tests = `import { explore } from 'threadproof';
import { Mutex, SharedMemory } from 'threadproof/runtime';
import { expect, test } from 'vitest';
import { Barrier } from './barrier.ts';
import { fails, inside } from './latch.ts';
import { fromSetup } from './setup.ts';

const setup = () => new Int32Array(new SharedArrayBuffer(16));

test('a barrier that deadlocks', () => {
  const result = explore({ threads: 2, setup, thread: (_id, words) => new Barrier(words, 2).arrive() }, { seed: 1 });
  expect(result.outcome).toBe('deadlocked');
  const waits = result.trace.filter(({ kind }) => kind === 'wait').map(({ site }) => site);
  expect(waits).toEqual([{ file: new URL('./barrier.ts', import.meta.url).pathname, line: 12, column: 5 }]);
});

test('using is suspended too', () => {
  const seen = new Set<number>();
  const result = explore({ threads: 2, setup: () => ({ words: setup() }), thread: (_id, held) => seen.add(inside(held)) }, { executions: 50, seed: 1 });
  expect([result.outcome, result.unscheduled, [...seen].sort()]).toEqual(['passed', 0, [1, 2]]);
});

test('a setup file of the project is instrumented', () => {
  expect(fromSetup()).toBe(1);
});

test('an error in the author\\'s file', () => {
  fails();
});
`;

test('a project of its own', { timeout: 60_000 }, async () => {
  using project = makeProject(
    {
      'barrier.ts': barrier,
      'latch.ts': latch,
      'setup.ts':
        'const one = (f: () => number) => f();\nexport const fromSetup = () => one(() => 1);\nfromSetup();\n',
      'a.test.ts': tests,
    },
    `{ setupFiles: ['./setup.ts'] }`,
  );
  const { code, output } = await project.vitest();
  expect(output).toContain('3 passed');
  expect(output).toContain('1 failed');
  expect(output).toContain('TypeError: from the fixture');
  expect(output).toMatch(/❯ fails latch\.ts:14:9\s/);
  expect(output).toMatch(/ a\.test\.ts:28:3\s/);
  expect(code).toBe(1);
});
