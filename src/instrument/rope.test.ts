import { LEAST_UPPER_BOUND, originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { parse as acornParse } from 'acorn';
import { convert } from 'ast-v8-to-istanbul';
import { describe, expect, test } from 'vitest';
import { type AnyNode, childrenOf, isFunction, parse } from './ast.ts';
import {
  file,
  loadTypeScript,
  moduleUrl,
  newView,
  runPlain,
  runTwin,
  stripTypes,
} from './fixtures/subject.ts';
import { installHost, twinOf } from './host.ts';
import { Rope } from './rope.ts';
import { transform } from './transform.ts';

interface Place {
  readonly source: string | null;
  readonly line: number | null;
  readonly column: number | null;
}

/** Where coverage tools place an offset of the output: the mark at or before it, else the next of its line. */
function original(map: TraceMap, code: string, offset: number): Place {
  const before = code.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n') - 1;
  const found = originalPositionFor(map, { line, column });
  const {
    source,
    line: l,
    column: c,
  } = found.source === null ? originalPositionFor(map, { line, column, bias: LEAST_UPPER_BOUND }) : found;
  return { source, line: l, column: c };
}

const at = ({ line, column }: Place) => `${line}:${column}`;

/** Start and last character of a node, as places of the author's file. */
function span(map: TraceMap, code: string, start: number, end: number): string {
  return `${at(original(map, code, start))}-${at(original(map, code, end - 1))}`;
}

interface Found {
  readonly span: string;
  readonly text: string;
}

/** What coverage tools count as statements: statements, initialisers, bodies of arrows; and blocks, for functions. */
function statements(tree: AnyNode, code: string, map: TraceMap, from = 0): Found[] {
  const found: Found[] = [];
  const add = (node: AnyNode): void => {
    if (node.start < from) return;
    found.push({ span: span(map, code, node.start, node.end), text: code.slice(node.start, node.end) });
  };
  const visit = (node: AnyNode): void => {
    if (/Statement$|^(Function|Class)Declaration$/.test(node.type)) add(node);
    if (node.type === 'VariableDeclarator' && node.init) add(node.init);
    if (node.type === 'ArrowFunctionExpression' && node.body.type !== 'BlockStatement') add(node.body);
    for (const child of childrenOf(node)) visit(child);
  };
  visit(tree);
  return found;
}

/** The map of the author's text to itself, with marks as the rope makes them. */
function identityMap(source: string): string {
  const rope = new Rope(source);
  rope.copy(0, source.length);
  const lines = source.split('\n');
  const starts = lines.map((_, i) => lines.slice(0, i).join('\n').length + (i > 0 ? 1 : 0));
  return rope.map(
    (offset) => {
      const line = starts.findLastIndex((start) => start <= offset);
      return { source: file, line: line + 1, column: offset - starts[line]! };
    },
    new Map([[file, source]]),
  );
}

/** The same for the author's text, where a place is that of the sign or the first letter of the word. */
function authors(source: string): { readonly all: Found[]; readonly twice: string[] } {
  const map = new TraceMap(identityMap(source));
  const program = parse(source, 'module');
  const all = statements(program, source, map);
  const twice: string[] = [];
  const visit = (node: AnyNode, inTwin: boolean): void => {
    let inside = inTwin;
    if (isFunction(node))
      inside = !node.generator && !node.async && /\w\(|`/.test(source.slice(node.body.start, node.body.end));
    if (node.type === 'MethodDefinition' && node.kind !== 'method') {
      // Constructors and accessors have no twins; what is declared in them has.
      for (const child of childrenOf(node.value)) visit(child, false);
      return;
    }
    if (node.type === 'StaticBlock' || node.type === 'PropertyDefinition') inside = false;
    if (inside && /Statement$/.test(node.type) && !isFunction(node))
      twice.push(span(map, source, node.start, node.end));
    if (inside && node.type === 'VariableDeclarator' && node.init)
      twice.push(span(map, source, node.init.start, node.init.end));
    for (const child of childrenOf(node)) visit(child, inside);
  };
  visit(program, false);
  return { all, twice };
}

/** Where the helpers at the top of a module end. */
function preludeEnd(code: string): number {
  return /\.sites\([^;]*;/.exec(code)!.index;
}

/** Statements that we add and that no author's statement stands for: pairs of declarations and members, bodies of our own arrows. */
const ours = /^(\$tp_P\(\w+,\$tp_tw_|\$tp_[DM]\(|\$tp_[SV]\b|\$tp_ps$|super\[|this$|function\*)/;

const samples: Readonly<Record<string, string>> = {
  'with semicolons': `import { f } from './f.js';
const get = (v, i) => f(v, i);
const deep = (v) => {
  let x = f(v, 1);
  if (f(x)) f(v); else return x;
  for (let i = f(0); i < f(1); i++) { f(i); continue; }
  for (const k in f(1)) f(k);
  for (const k of f(1)) { if (k) break; }
  while (f(2)) x += f(3);
  do { x = f(4) ? f(5) : get(6); } while (f(x));
  try { throw f(x); } catch (e) { f(e); } finally { f(0); }
  switch (f(x)) { case f(1): f(2); break; default: f(3); }
  label: { if (f(x)) break label; }
  const { a = f(1), b: [c] } = f(2), d = f(3);
  return x?.y(f(a)) ?? f(\`\${b}\`) ?? tag\`\${c}\${d}\`;
};
export function outer(v, w = f(v)) {
  const inner = function () { return f(v)?.x; };
  function again(n) { return n && again(n - 1); }
  x.y.z(inner(), ...again(3));
  return (again(1), inner().q);
}
export default (v) => f(v).g;
class C extends f(D) {
  #p(a) { return f(a); }
  m(a) { const g = () => this.#p(a); return super.m(g(), this.#p(a)); }
  static s(a) { f(a); }
  ['k' + f(1)](a) { return [a].map((x) => f(x)); }
  field = (a) => { f(a); return this.field(a); };
  get g() { return f(this); }
  constructor() { super(f(1)); this.h = () => f(this); }
}
const o = { m(a) { f(a); return a; }, k: (a) => f(a), [f(1)]() { f(2); }, async l() { await f(1); } };
`,
  'without semicolons': `import { f } from './f.js'
const get = (v, i) => f(v, i)
const named = function again(v) { f(v); return again }
export function outer(v) {
  let x = f(v, 1)
  const word = x
  x = word
  if (f(x)) x
  else f(x)
  while (x) x = f(x).y
  do x = f() ; while (x)
  const arrow = () => f(x).y, other = x => f(x)
  const object = { a: f(x), m() { return f(x) } }
  x?.y?.(f)
  x.y?.()
  f\`a\`
  this.#p
  throw f(arrow, other, object, get, named)
}
class C {
  #p() { f() }
  all(x) {
    const m = this.#p
    x = y => this.#p(y)
    this.#p()
    return m
  }
  static { f(C) }
}
`.replace('\n  this.#p\n  throw', '\n  throw'),
  'over several lines': `export function outer(
  view,
  count = 1,
) {
  const result = view
    .map((x) =>
      count(
        x,
      ),
    )
    .filter(
      Boolean,
    )?.[0]
    ?.call(
      view,
    );
  return Atomics.compareExchange(
    view,
    result,
    1, // one
    2,
  ) === 1
    ? outer(
        view,
      )
    : \`
\${outer(view)}
\`;
}
`,
};

describe.each(Object.entries(samples))('statements %s', (_name, source) => {
  const { code, map: json } = transform(source, { file });
  const map = new TraceMap(json);
  const output = statements(parse(code, 'module'), code, map, preludeEnd(code)).filter(
    ({ text }) => !ours.test(text),
  );
  const author = authors(source);

  test('every statement of the output starts and ends where one of the author does', () => {
    const known = new Set(author.all.map((s) => s.span));
    expect(output.filter((s) => !known.has(s.span))).toEqual([]);
  });

  test('every statement of the author is in the output, and in a function with a twin it is there twice', () => {
    const counts = new Map<string, number>();
    for (const { span: s } of output) counts.set(s, (counts.get(s) ?? 0) + 1);
    expect(author.all.filter((s) => !counts.has(s.span))).toEqual([]);
    expect(author.twice.length).toBeGreaterThan(2);
    expect(author.twice.filter((s) => (counts.get(s) ?? 0) < 2)).toEqual([]);
  });

  test('the map names the file and holds its text', () => {
    expect(map.sources).toEqual([file]);
    expect(map.sourcesContent).toEqual([source]);
  });
});

describe('with TypeScript stripped first', () => {
  const source = `interface Options {
  readonly spin?: number;
}

export class Lock {
  readonly #view: Int32Array<SharedArrayBuffer>;

  constructor(view: Int32Array<SharedArrayBuffer>, readonly options: Options = {}) {
    this.#view = view;
  }

  lock<T>(
    body: () => T,
  ): T {
    while (Atomics.compareExchange(this.#view, 0, 0, 1) !== 0) {
      Atomics.wait(this.#view, 0, 1);
    }
    const value: T = body();
    Atomics.store(this.#view, 0, 0); Atomics.notify(this.#view, 0, 1);
    return value as T;
  }
}

type Unused = Lock;
export function main(view: Int32Array<SharedArrayBuffer>): number {
  return new Lock(view).lock((): number => {
    const lines = (new Error('x').stack as string);
    return lines.length > 0 ? Atomics.load(view, 1) : 0;
  });
}
`;
  const stripped = stripTypes(source, 'subject.js');
  const { code, map: json } = transform(stripped.code, { file, inputMap: stripped.map });
  const map = new TraceMap(json);

  test('steps stand at the lines of the TypeScript', async () => {
    const module = await loadTypeScript(source);
    expect(runPlain(module['main'], newView()).value).toBe(10);
    expect(runTwin(module['main'], newView())).toEqual({
      value: 10,
      error: undefined,
      steps: 'compareExchange@15 load@28 store@19 notify@19',
    });
  });

  test('both copies of every statement map to the same place, in the lines of the TypeScript', () => {
    const before = new TraceMap(stripped.map);
    const plain = statements(parse(stripped.code, 'module'), stripped.code, before);
    const places = new Set(plain.map((s) => s.span));
    const output = statements(parse(code, 'module'), code, map, preludeEnd(code)).filter(
      ({ text }) => !ours.test(text),
    );
    expect(output.filter((s) => !places.has(s.span))).toEqual([]);
    const twice = (text: string) => output.filter((s) => s.text.includes(text)).map((s) => s.span);
    for (const text of ['Atomics.wait', 'body()', 'Atomics.notify', 'return lines'])
      expect(twice(text).length, text).toBeGreaterThan(0);
    expect(map.sourcesContent).toEqual([source]);
    expect(map.sources).toEqual([file]);
  });

  test('columns of steps are 1-based and those of the TypeScript', () => {
    const host = installHost();
    const registered: { file: string; positions: readonly number[] }[] = [];
    const sites = /\.sites\(("[^"]*"),(\[[^\]]*\])\)/.exec(code);
    expect(sites).not.toBeNull();
    registered.push({
      file: JSON.parse(sites![1]!) as string,
      positions: JSON.parse(sites![2]!) as number[],
    });
    const lines = source.split('\n');
    const { positions } = registered[0]!;
    expect(registered[0]!.file).toBe(file);
    for (let i = 0; i < positions.length; i += 2)
      expect(lines[positions[i]! - 1]!.slice(positions[i + 1]! - 1)).toMatch(/^Atomics\.\w+\(/);
    const base = host.sites('/author/other.js', positions);
    expect(host.site(base + 1)).toEqual({
      file: '/author/other.js',
      line: positions[2],
      column: positions[3],
    });
    expect(host.sites('/author/other.js', positions)).toBe(base);
    expect(host.site(-1)).toBeUndefined();
    expect(host.site(1e9)).toBeUndefined();
  });

  test('stacks of both forms lead to the author, by the map', async () => {
    const text = `export function fail(a) {
  const b = a;

  throw check(new Error('here ' + b));
}
const check = (x) => x;`;
    const made = transform(text, { file });
    const trace = new TraceMap(made.map);
    const url = moduleUrl(made.code);
    const module = (await import(/* @vite-ignore */ url)) as Record<string, unknown>;
    for (const run of [runPlain, runTwin]) {
      const { error } = run(module['fail'], 1);
      const frame = (error as Error).stack!.split('\n').find((line) => line.includes('data:'));
      const [, line, column] = /:(\d+):(\d+)\)?$/.exec(frame!)!;
      expect(originalPositionFor(trace, { line: Number(line), column: Number(column) - 1 })).toMatchObject({
        source: file,
        line: 4,
        column: 14,
      });
    }
    expect(twinOf(module['fail'])).toBeDefined();
  });

  test.each([
    ['an empty map', { version: 3, mappings: '', sources: [], names: [] }],
    ['no map', undefined],
  ])('%s: the code is the author text', (_name, inputMap) => {
    const made = transform('export const a = (v) => Atomics.load(v, 0);', { file, inputMap });
    expect(new TraceMap(made.map).sources).toEqual([file]);
    expect(made.code).toContain(`sites(${JSON.stringify(file)},[1,25])`);
  });

  test('an input map as text, and code that the input map does not know', () => {
    const inputMap = JSON.stringify({
      version: 3,
      sources: ['../src/a.ts'],
      names: [],
      mappings: 'AAAA',
      sourcesContent: ['x'],
    });
    const made = transform('export const a = 1;\nexport const b = (v) => Atomics.load(v, 0);', {
      file: '/out/b.js',
      inputMap,
    });
    const trace = new TraceMap(made.map);
    expect(trace.sources).toEqual(['../src/a.ts']);
    expect(made.code).toContain('sites("/out/b.js",[0,1])');
  });
});

describe('the rope', () => {
  const author = (offset: number) => ({ source: 'a', line: 1, column: offset });

  test('text of our own has the marks that it is given, at its start or its last character', () => {
    const rope = new Rope('one two');
    rope.add('<<', 0);
    rope.copy(0, 3);
    rope.add('>>');
    rope.close(2);
    rope.copy(4, 7);
    expect(rope.toString()).toBe('<<one>>two');
    const map = new TraceMap(rope.map(author, new Map([['a', 'one two']])));
    const column = (c: number) => originalPositionFor(map, { line: 1, column: c }).column;
    expect([0, 1, 2, 4, 5, 6, 7, 9].map(column)).toEqual([0, 0, 0, 0, 0, 2, 4, 4]);
  });

  test('lines are counted in text of our own, in slots and in copies', () => {
    const rope = new Rope('x\ny');
    const slot = rope.slot();
    rope.add('a\nb\n');
    rope.copy(0, 3);
    slot.text = '\n';
    expect(rope.toString()).toBe('\na\nb\nx\ny');
    const map = new TraceMap(rope.map(author, new Map()));
    expect(originalPositionFor(map, { line: 4, column: 0 }).column).toBe(0);
    expect(originalPositionFor(map, { line: 5, column: 0 }).column).toBe(2);
    expect(originalPositionFor(map, { line: 2, column: 0 }).source).toBeNull();
  });

  test('nothing is closed in copies, slots and empty ropes', () => {
    const rope = new Rope('ab');
    rope.close(0);
    rope.copy(0, 2);
    rope.close(1);
    rope.slot();
    rope.close(1);
    rope.copy(1, 1);
    expect(rope.toString()).toBe('ab');
  });
});

/** An entry of a coverage map. */
interface Located {
  readonly type?: unknown;
  readonly loc?: unknown;
  readonly locations?: unknown;
  readonly decl?: unknown;
}

interface Counted {
  readonly statements: readonly string[];
  readonly branches: readonly string[];
  readonly functions: readonly string[];
}

/** What the coverage tool of vitest counts in a module, by place. */
async function counted(code: string, map: string): Promise<Counted> {
  const ranges = [{ startOffset: 0, endOffset: code.length, count: 1 }];
  const converted = await convert({
    code,
    sourceMap: JSON.parse(map) as never,
    ast: acornParse(code, { ecmaVersion: 'latest', sourceType: 'module' }) as never,
    wrapperLength: 0,
    coverage: { url: `file://${file}`, functions: [{ functionName: '', ranges, isBlockCoverage: true }] },
  });
  const [data] = Object.values(converted) as unknown as [Record<string, Record<string, Located>>];
  const set = (table: Record<string, Located>, of: (entry: Located) => unknown): string[] =>
    [...new Set(Object.values(table).map((entry) => JSON.stringify(of(entry))))].sort();
  return {
    statements: set(data['statementMap']!, (entry) => entry),
    branches: set(data['branchMap']!, ({ type, loc, locations }) => [type, loc, locations]),
    functions: set(data['fnMap']!, ({ decl }) => (decl as { start: unknown }).start),
  };
}

function classBraces(source: string): Set<string> {
  const braces = new Set<string>();
  const visit = (node: AnyNode): void => {
    if (node.type === 'ClassBody') {
      const before = source.slice(0, node.start).split('\n');
      const start = { line: before.length, column: before.at(-1)!.length };
      braces.add(JSON.stringify({ start, end: { line: start.line, column: start.column + 1 } }));
    }
    for (const child of childrenOf(node)) visit(child);
  };
  visit(parse(source, 'module'));
  return braces;
}

describe('what the coverage tool of vitest counts', () => {
  test.each(Object.entries(samples))(
    '%s: statements, branches and functions of both copies are those of the author',
    async (_name, source) => {
      const author = await counted(source, identityMap(source));
      const { code, map } = transform(source, { file });
      const made = await counted(code, map);
      expect(made.branches).toEqual(author.branches);
      // The pairs of a class's methods are a statement of ours; it counts as the brace that opens the class.
      const braces = classBraces(source);
      expect(made.statements.filter((text) => !braces.has(text))).toEqual(author.statements);
      expect(made.statements.length).toBe(author.statements.length + braces.size);
      expect(made.functions).toEqual(author.functions);
    },
  );
});
