/** The repository tests its own order: who may import whom, rules for files, and leftovers. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const sources = tracked.filter((file) => /\.(ts|mts|mjs|js)$/.test(file) && !file.includes('/fixtures/'));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Imports of a file, as paths from the root; packages keep their names. Comments are left out. */
function importsOf(file: string): string[] {
  const code = withoutComments(read(file));
  const specifiers = [
    ...code.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s*'([^']+)'/g,
    ),
  ];
  return specifiers.map(([, a, b, c]) => {
    const specifier = a ?? b ?? c!; // one of the three groups matched
    return specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;
  });
}

/** A folder of ours: the first name, and the second inside src. */
function roomOf(file: string): string {
  const parts = file.split('/');
  return parts[0] === 'src' ? (parts.length > 2 ? `src/${parts[1]}` : 'src') : parts[0]!; // split gives at least one
}

/** Which rooms each room may import, besides itself. Test files may import anything but a room that imports them. */
const directions: Readonly<Record<string, readonly string[]>> = {
  'src/runtime': [],
  'src/history': [],
  'src/schedule': [],
  'src/instrument': [],
  'src/race': ['src/history', 'src/instrument'],
  'src/linearize': ['src/history'],
  'src/strategy': ['src/schedule', 'src/instrument'],
  'src/engine': ['src/strategy', 'src/schedule', 'src/history', 'src/race', 'src/instrument'],
  'src/shrink': ['src/engine', 'src/strategy', 'src/schedule', 'src/instrument'],
  'src/report': ['src/engine'],
  'src/generate': [
    'src/engine',
    'src/strategy',
    'src/schedule',
    'src/history',
    'src/linearize',
    'src/shrink',
    'src/report',
    'src/instrument',
  ],
  src: [
    'src/engine',
    'src/strategy',
    'src/schedule',
    'src/history',
    'src/linearize',
    'src/shrink',
    'src/report',
    'src/instrument',
    'src/generate',
  ],
  'src/cli': ['src', 'src/engine', 'src/instrument', 'src/schedule', 'src/report'],
  models: ['src/linearize', 'src/history', 'src/runtime'],
  properties: [
    'src',
    'src/engine',
    'src/history',
    'src/instrument',
    'src/report',
    'src/runtime',
    'src/generate',
    'src/schedule',
    'src/shrink',
    'src/strategy',
    'models',
    'examples',
  ],
  fuzz: ['properties', 'src', 'src/engine', 'src/generate', 'src/report', 'src/schedule'],
  bench: [
    'src',
    'src/engine',
    'src/generate',
    'src/strategy',
    'src/report',
    'src/runtime',
    'properties',
    'models',
  ],
  coverage: ['src/instrument'],
  examples: [],
};

test('imports go one way only', () => {
  const wrong: string[] = [];
  for (const file of sources) {
    if (/\.test\.ts$/.test(file) || file === 'vitest.config.ts') continue;
    const room = roomOf(file);
    const allowed = directions[room];
    expect(allowed, `${file}: the room ${room} has no row in the table of directions`).toBeDefined();
    for (const target of importsOf(file)) {
      if (!existsSync(join(root, target))) continue; // a package, or Node's own
      const other = roomOf(target);
      if (other !== room && !allowed!.includes(other)) wrong.push(`${file} imports ${target}`); // asserted above
    }
  }
  expect(wrong).toEqual([]);
});

test('the runtime knows nothing of the harness and needs no package', () => {
  for (const file of sources.filter((f) => f.startsWith('src/runtime/'))) {
    if (!file.endsWith('.test.ts'))
      // Where the runtime itself is TypeScript, its workers need tsx; built, they need nothing.
      for (const target of importsOf(file))
        if (!(file === 'src/runtime/pool/worker-thread.ts' && target === 'tsx/esm/api'))
          expect(target, file).toMatch(/^src\/runtime\//);
    expect(read(file), `${file} mentions the harness`).not.toMatch(
      /threadproof|harness|src\/(engine|instrument|strategy|schedule)/i,
    );
  }
});

test('nobody imports coverage but the configuration', () => {
  for (const file of sources.filter((f) => !f.startsWith('coverage/') && f !== 'vitest.config.ts'))
    for (const target of importsOf(file))
      expect(target.startsWith('coverage/'), `${file} imports ${target}`).toBe(false);
});

test('imports of our own files name the file, and every source says what it is for', () => {
  for (const file of sources.filter((f) => f.endsWith('.ts'))) {
    for (const target of importsOf(file))
      if (/^(src|models|properties|fuzz|coverage|bench)\//.test(target))
        expect(target, file).toMatch(/\.(ts|js|json)$/);
    if (!file.endsWith('.test.ts') && file !== 'vitest.config.ts')
      expect(/^\/\*\*/m.test(read(file)), `${file} has no comment that says what it is for`).toBe(true);
  }
});

test('there are no inner barrels', () => {
  const barrels = sources.filter((file) => /(^|\/)index\.ts$/.test(file)).sort();
  expect(barrels).toEqual(['src/index.ts', 'src/runtime/index.ts']);
});

test('files are short enough to read', () => {
  const long = sources
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => ({ file, lines: read(file).split('\n').length }))
    .filter(({ file, lines }) => lines > (longFiles[file] ?? 500));
  expect(long).toEqual([]);
});

/** Files that must be long, with the reason at their head. */
const longFiles: Readonly<Record<string, number>> = {
  'src/engine/virtual.ts': 1125,
  'src/instrument/emitter.ts': 1600,
  // Runs in a worker as one piece, before anything of the author's.
  'src/engine/workers/agent.ts': 620,
  // Both directions of one protocol, with a worker's whole life.
  'src/engine/workers/threads.ts': 620,
};

test('there are no leftovers', () => {
  const wrong: string[] = [];
  for (const file of tracked.filter(
    (f) => /\.(ts|mts|mjs|js|json|md)$/.test(f) && f !== 'package-lock.json' && f !== 'src/tidy.test.ts',
  )) {
    const text = read(file);
    for (const [name, pattern] of leftoversInCode)
      if (/\.m?[tj]s$/.test(file) && pattern.test(withoutComments(text))) wrong.push(`${file}: ${name}`);
    for (const [name, pattern] of leftovers) if (pattern.test(text)) wrong.push(`${file}: ${name}`);
  }
  for (const file of tracked)
    if (/(^|\/)(node_modules|dist)\/|^coverage\/out\/|^fuzz\/out\/|\.tgz$|\.orig$|~$/.test(file))
      wrong.push(`${file}: generated`);
  expect(wrong).toEqual([]);
});

const leftovers: readonly (readonly [string, RegExp])[] = [
  ['a note to oneself', /\b(TODO|FIXME|XXX|HACK)\b/],
  ['a test that does not run, or runs alone', /\b(it|test|describe)\.(only|skip|todo)\b/],
  ['a switched-off type check', /@ts-(ignore|nocheck|expect-error)/],
  ['a path of one machine', /\/(work|home\/\w+|root)\/[\w.]+\//],
];

const leftoversInCode: readonly (readonly [string, RegExp])[] = [
  ['the type any', /\bas any\b|: any\b/],
  ['a debugger statement', /^\s*debugger;/m],
];

function withoutComments(code: string): string {
  return code
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/\/\/ .*$/gm, '');
}

test('every folder of the product is there, with its runtime dependencies pinned', () => {
  for (const folder of ['src', 'properties', 'models', 'fuzz', 'coverage'])
    expect(
      tracked.some((f) => f.startsWith(`${folder}/`)),
      folder,
    ).toBe(true);
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  for (const group of ['dependencies', 'devDependencies'])
    for (const [name, version] of Object.entries(manifest[group] ?? {}))
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
});
