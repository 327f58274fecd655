/**
 * A twin evaluates what the plain function evaluates, in the same order, each once. Random expression trees with side effects
 * are run three times: as the author wrote them, as the plain form of the instrumented module, and as the twin.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { load, loadOriginal, type Module, newView, runPlain, runTwin } from './fixtures/subject.ts';
import { installHost } from './host.ts';

const modules = 24;
const treesPerModule = 50;
const depthMost = 4;
const seed = 20251120;

/** What a tree may use. `f(n)` logs n and gives a function, object or number; `t(n)` throws; `z(n)` gives null or undefined. */
const prelude = `
let log;
const note = (x) => { log.push(x); return x; };
const make = (n) => { const o = { n, get g() { note('get' + n); return n; }, set g(x) { note('set' + n + ':' + String(x)); },
  m(...args) { note('m' + n + '(' + args.length + ')' + (this === o)); return args.length > 1 ? o : n; },
  self() { note('self' + n); return o; }, fn: (...args) => note('fn' + n + args.length), nil: null,
  tag(strings, ...values) { note('tag' + n + strings.raw.join('|') + values.length + (this === o)); return n; },
  *[Symbol.iterator]() { note('iterate' + n); yield n; yield n + 1; }, toString() { note('string' + n); return 's' + n; }, valueOf() { note('value' + n); return n; } };
  return o; };
const f = (n) => { note('f' + n); return n; };
const o = (n) => { note('o' + n); return make(n); };
const z = (n) => { note('z' + n); return n % 2 === 0 ? null : undefined; };
const t = (n) => { note('t' + n); throw new Error('t' + n); };
const tag = (strings, ...values) => { note('tag' + strings.join('|') + values.length); return values.length; };
class K { constructor(...args) { note('new' + args.length); this.n = args.length; this.args = args.length; } m() { note('K.m' + this.n); return this.n; } static s(...args) { note('K.s' + (this === K)); return new K(...args); } }
class P { #x = 1; #m(...args) { note('#m' + args.length); return this.#x; } static call(p, ...args) { return p.#m(...args); } static take(p) { return p.#m; } go(a) { return this.#m?.(a) + [a].map(this.#m, this)[0]; } }
`;

type Kind =
  | 'number'
  | 'call'
  | 'member call'
  | 'computed member call'
  | 'optional call'
  | 'optional member call'
  | 'optional null'
  | 'chain'
  | 'chain in parentheses'
  | 'spread arguments'
  | 'tagged template'
  | 'tagged member template'
  | 'template literal'
  | 'conditional'
  | 'and'
  | 'or'
  | 'nullish'
  | 'assignment'
  | 'compound assignment'
  | 'logical assignment'
  | 'member assignment'
  | 'member compound assignment'
  | 'destructuring assignment'
  | 'update'
  | 'sequence'
  | 'array'
  | 'object'
  | 'new'
  | 'new member'
  | 'destructuring defaults'
  | 'default parameters'
  | 'Atomics'
  | 'throw'
  | 'try'
  | 'arrow'
  | 'function expression'
  | 'declaration'
  | 'private call'
  | 'getter'
  | 'binary'
  | 'unary'
  | 'apply'
  | 'map'
  | 'class'
  | 'missing function'
  | 'element'
  | 'element assignment'
  | 'element compound assignment'
  | 'element logical assignment'
  | 'element update'
  | 'element target'
  | 'element in a pattern'
  | 'element in a chain'
  | 'element deleted'
  | 'view method'
  | 'callback of a view'
  | 'missing object';

/** The text of a tree and the kinds in it. */
interface Tree {
  readonly text: string;
  readonly kinds: ReadonlySet<Kind>;
}

function node(
  kind: Kind,
  parts: fc.Arbitrary<Tree>[],
  write: (...texts: string[]) => string,
): fc.Arbitrary<Tree> {
  return fc.tuple(...parts).map((trees) => {
    const kinds = new Set<Kind>([kind]);
    for (const tree of trees) for (const k of tree.kinds) kinds.add(k);
    return { text: write(...trees.map((tree) => tree.text)), kinds };
  });
}

function leaf(kind: Kind, write: (n: number) => string): fc.Arbitrary<Tree> {
  return fc.integer({ min: 0, max: 9 }).map((n) => ({ text: write(n), kinds: new Set<Kind>([kind]) }));
}

const leaves = fc.oneof(
  leaf('number', String),
  leaf('call', (n) => `f(${n})`),
  leaf('getter', (n) => `o(${n}).g`),
  leaf('optional null', (n) => `z(${n})?.m(f(${n}))`),
  leaf('Atomics', (n) => `Atomics.add(v, ${n % 8}, ${n + 1})`),
  leaf('element', (n) => `v[${n}]`),
  leaf('element update', (n) => `v[${n}]++`),
  leaf('Atomics', (n) => `Atomics.load(v, f(${n % 8}))`),
  leaf('throw', (n) => (n === 7 ? `t(${n})` : `f(${n})`)),
);

/** Every kind of inner node; each is wrapped in parentheses, so that trees compose. */
function inner(e: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  const n = leaf('number', String);
  return fc.oneof(
    node('call', [e, e], (a, b) => `f(${a}, ${b})`),
    node('member call', [n, e, e], (i, a, b) => `o(${i}).m(${a}, ${b})`),
    node('member call', [n, e], (i, a) => `o(${i}).self().m(${a})`),
    node('computed member call', [n, e, e], (i, a, b) => `o(${i})[(${a}, 'm')](${b})`),
    node('optional call', [n, e], (i, a) => `o(${i}).fn?.(${a})`),
    node('optional member call', [n, e], (i, a) => `o(${i})?.m(${a}, 1)`),
    node('optional null', [n, e, e], (i, a, b) => `z(${i})?.self(${a}).m(${b})`),
    node('optional null', [n, e, e], (i, a, b) => `o(${i}).nil?.[${a}](${b}).x`),
    node('chain', [n, e, e], (i, a, b) => `o(${i})?.self?.(${a})?.m(${b}, 2)?.self()?.['n']`),
    node('chain', [n, e, e], (i, a, b) => `o(${i}).self(${a})?.none?.(${b}).x.y(${a})`),
    node('chain in parentheses', [n, e], (i, a) => `(o(${i})?.self()).m(${a})`),
    node('spread arguments', [n, e, e], (i, a, b) => `f(...[${a}, ...o(${i})], ${b})`),
    node('spread arguments', [n, e], (i, a) => `o(${i}).m(...o(${i}), ${a})`),
    node('tagged template', [e, e], (a, b) => `tag\`x\${${a}}y\${${b}}\``),
    node('tagged member template', [n, e], (i, a) => `o(${i}).tag\`\${${a}}\\n\``),
    node('template literal', [n, e, e], (i, a, b) => `\`\${${a}}-\${o(${i})}-\${String(${b})}\``),
    node('conditional', [e, e, e], (a, b, c) => `(${a} ? ${b} : ${c})`),
    node('and', [e, e], (a, b) => `(${a} && ${b})`),
    node('or', [e, e], (a, b) => `(${a} || ${b})`),
    node('nullish', [n, e, e], (i, a, b) => `((${a}, z(${i})) ?? ${b})`),
    node('assignment', [e], (a) => `(x = ${a})`),
    node('compound assignment', [e], (a) => `(x += ${a})`),
    node('compound assignment', [e], (a) => `(y **= ${a})`),
    node('logical assignment', [e, e], (a, b) => `(x ||= ${a}, y &&= ${b}, w ??= ${a})`),
    node('member assignment', [n, e], (i, a) => `(o(${i}).g = ${a})`),
    node('member assignment', [n, e, e], (i, a, b) => `(o(${i}).self()[(${a}, 'g')] = ${b})`),
    node('member compound assignment', [n, e], (i, a) => `(o(${i}).g -= ${a})`),
    node('member compound assignment', [n, e, e], (i, a, b) => `(o(${i})[(${a}, 'nil')] ??= ${b})`),
    node(
      'destructuring assignment',
      [n, e, e],
      (i, a, b) => `([x = ${a}, o(${i}).g = ${b}] = [undefined, , 1])`,
    ),
    node('destructuring assignment', [n, e, e], (i, a, b) => `({ n: x, [(${a}, 'q')]: y = ${b} } = o(${i}))`),
    node('update', [n, e], (i, a) => `(o(${i}).g++ + --o(${i})[(${a}, 'g')] + x++)`),
    node('sequence', [e, e, e], (a, b, c) => `(${a}, ${b}, ${c})`),
    node('array', [n, e, e], (i, a, b) => `[${a}, , ...o(${i}), ${b}].length`),
    node(
      'object',
      [n, e, e, e],
      (i, a, b, c) =>
        `({ a: ${a}, [\`k\${${b}}\`]: ${c}, ...o(${i}), m() { return ${a}; }, get q() { return 1; } }).m()`,
    ),
    node('new', [n, e, e], (i, a, b) => `new K(${a}, ...o(${i}), ${b}).n`),
    node('new member', [e, e], (a, b) => `new (f(${a}), { K }.K)(${b}).m()`),
    node('new member', [e], (a) => `K.s(${a}).m()`),
    node(
      'destructuring defaults',
      [n, e, e],
      (i, a, b) =>
        `(() => { const { q = ${a}, n, ...rest } = o(${i}), [r = ${b}, s = q] = [null]; return s; })()`,
    ),
    node(
      'default parameters',
      [e, e],
      (a, b) => `((p = ${a}, { q = ${b} } = {}, ...rest) => { note('p' + String(p)); return q; })()`,
    ),
    node('Atomics', [e, e], (a, b) => `Atomics.add(v, (${a}, 1), (${b}, 2))`),
    node('Atomics', [e, e], (a, b) => `Atomics.compareExchange((${a}, v), 2, 20, (${b}, 5))`),
    node('Atomics', [e], (a) => `(Atomics.store(v, 3, 7) + Atomics.load(v, (${a}, 3)))`),
    node('throw', [n, e], (i, a) => `(${a}, ${i} % 4 === 3 ? t(${i}) : f(${i}))`),
    node(
      'try',
      [n, e, e, e],
      (i, a, b, c) =>
        `(() => { try { ${a}; if (x === y) t(${i}); return ${b}; } catch (error) { note(error.message); return 3; } finally { ${c}; } })()`,
    ),
    node(
      'try',
      [n, e],
      (i, a) =>
        `(() => { try { return ${a} + t(${i}); } catch (error) { return note(error.message).length; } })()`,
    ),
    node('arrow', [e, e], (a, b) => `((p) => { note(p); return ${a}; })(${b})`),
    node(
      'function expression',
      [n, e],
      (i, a) => `(function again(k) { note('again' + k); return k <= 0 ? ${a} : again(k - 1); })(${i} % 3)`,
    ),
    node(
      'declaration',
      [e, e],
      (a, b) =>
        `(() => { const p = (k) => ${a}, q = p(1) + p(2), { r = function () { return ${b}; } } = {}, s = r(p); return s; })()`,
    ),
    node(
      'private call',
      [e, e],
      (a, b) => `(P.call(new P(), ${a}) + P.take(new P()).call(new P(), ${b}) + new P().go(${a}))`,
    ),
    node('getter', [n, e], (i, a) => `(o((${a}, ${i})).g + { get l() { return ${a}; } }.l)`),
    node('binary', [n, e, e], (i, a, b) => `(${a} + o(${i}) * (${b} - 1))`),
    node('binary', [e, e], (a, b) => `(${a} < ${b} === ${a} in { 1: 1 } ? 1 : 2)`),
    node('unary', [e, e], (a, b) => `(-${a} + +!(${b}) + (typeof ${a}).length)`),
    node(
      'apply',
      [n, e, e],
      (i, a, b) => `(f.call(null, ${a}) + o(${i}).m.apply(${b}, [1]) + f.bind(null, ${a})())`,
    ),
    node('map', [e, e], (a, b) => `[1, 2].map((i) => ${a}).reduce((s, i) => s + i + ${b}, 0)`),
    node(
      'class',
      [e, e, e],
      (a, b, c) =>
        `(class extends (f(${a}), K) { [\`k\${${b}}\`]() { return ${c}; } m() { return super.m() + (() => super.m())(); } static s(...args) { return super.s(...args).n; } }).s(${a})`,
    ),
    node('element', [e, e], (a, b) => `(${a}, v)[(${b}, 2)]`),
    node('element', [n, e], (i, a) => `o(${i})[o(${a} & 3)]`),
    node('element', [n, e], (i, a) => `(new v.constructor([1, 2, ${a}])[${i}] + [3, 4][f(${i}) & 1])`),
    node('element assignment', [e, e, e], (a, b, c) => `((${a}, v)[(${b}, 3)] = ${c})`),
    node('element assignment', [n, e, e], (i, a, b) => `(o(${i})[o(${a} & 1)] = v[1] = ${b})`),
    node('element compound assignment', [e, e, e], (a, b, c) => `((${a}, v)[(${b}, 4)] += ${c})`),
    node('element compound assignment', [n, e, e], (i, a, b) => `(o(${i})[o(${a} & 1)] **= ${b})`),
    node(
      'element logical assignment',
      [e, e, e],
      (a, b, c) => `(v[(${a}, 0)] ||= ${b}, v[1] &&= ${c}, v[9] ??= ${a})`,
    ),
    node('element update', [e, e], (a, b) => `(--v[(${a}, 5)] + v[${b} & 7]++ - o(1)[o(2)]++)`),
    node('element target', [e, e], (a, b) => `([v[${a} & 7], v[2] = ${b}] = [v[2], , v[0]])`),
    node(
      'element target',
      [n, e, e],
      (i, a, b) => `({ n: v[(${a}, 1)], [(${b}, 'q')]: v[6] = ${i}, ...o(${i})[o(1)] } = o(${i}))`,
    ),
    node(
      'element target',
      [n, e],
      (i, a) =>
        `(() => { let s = 0; for (v[${a} & 7] of o(${i})) s += v[3]; for (v[2] in [5]); return s; })()`,
    ),
    node(
      'element in a pattern',
      [e, e, e],
      (a, b, c) =>
        `(() => { const { [(${a}, 1)]: q = ${c}, 2: r, [\`\${(${b}, 'length')}\`]: s, ...u } = (${b}, v); ({ [r & 1]: v[3], 9: x = ${a} } = v); return q + s + u[4]; })()`,
    ),
    node('element in a chain', [n, e, e], (i, a, b) => `(v?.[(${a}, 2)] + (z(${i})?.[${b}].x ?? 1))`),
    node('element in a chain', [n, e], (i, a) => `o(${i})?.self?.()[o(${a} & 1)]?.[0]`),
    node('element deleted', [n, e], (i, a) => `(delete o(${i})[(${a}, 'n')] && delete y?.[9])`),
    node(
      'view method',
      [e, e],
      (a, b) => `(v.fill(${a}, 1, 3), v.set([${b}], f(1)), v.slice(0, 2).join().length)`,
    ),
    node(
      'callback of a view',
      [n, e],
      (i, a) =>
        `new DataView(v.buffer).getInt32(v.at(${i} - 9) & 4) + v.reduce((s, x) => s + x + (${a} & 1), 0)`,
    ),
    node(
      'missing object',
      [n, e, e],
      (i, a, b) =>
        `(() => { try { return (z(${i})[${a}] = ${b}); } catch (error) { return note(error.name).length; } })()`,
    ),
    node(
      'missing object',
      [n, e, e],
      (i, a, b) =>
        `(() => { try { return [z(${i})[${a}]] = [${b}]; } catch (error) { return note(error.name).length; } })()`,
    ),
    node(
      'missing function',
      [n, e],
      (i, a) =>
        `(() => { try { return o(${i}).none(${a}); } catch (error) { return note(error.name).length; } })()`,
    ),
    node(
      'missing function',
      [n, e],
      (i, a) =>
        `(() => { try { return z(${i})(${a}); } catch (error) { return note(error.name).length; } })()`,
    ),
    node(
      'missing function',
      [n, e],
      (i, a) =>
        `(() => { try { return z(${i}).m(${a}); } catch (error) { return note(error.name).length; } })()`,
    ),
  );
}

/** Trees of a given depth; a bounded one, since a node may write a part twice. */
function tree(depth: number): fc.Arbitrary<Tree> {
  if (depth === 0) return leaves;
  const below = tree(depth - 1);
  return fc.oneof({ weight: 1, arbitrary: leaves }, { weight: 4, arbitrary: inner(below) });
}

const allKinds: readonly Kind[] = [
  ...(['number', 'call', 'member call', 'computed member call', 'optional call'] as const),
  ...([
    'optional member call',
    'optional null',
    'chain',
    'chain in parentheses',
    'spread arguments',
  ] as const),
  ...(['tagged template', 'tagged member template', 'template literal', 'conditional', 'and', 'or'] as const),
  ...(['nullish', 'assignment', 'compound assignment', 'logical assignment', 'member assignment'] as const),
  ...(['member compound assignment', 'destructuring assignment', 'update', 'sequence', 'array'] as const),
  ...(['object', 'new', 'new member', 'destructuring defaults', 'default parameters', 'Atomics'] as const),
  ...([
    'throw',
    'try',
    'arrow',
    'function expression',
    'declaration',
    'private call',
    'getter',
    'binary',
  ] as const),
  ...(['unary', 'apply', 'map', 'class', 'missing function', 'missing object'] as const),
  ...(['element', 'element assignment', 'element compound assignment', 'element update'] as const),
  ...([
    'element logical assignment',
    'element target',
    'element in a pattern',
    'element in a chain',
  ] as const),
  ...(['element deleted', 'view method', 'callback of a view'] as const),
];

const moduleOf = (trees: readonly Tree[]): string =>
  `${prelude}${trees
    .map(
      ({ text }, i) =>
        `export function tree${i}(v, list) { log = list; let x = 4, y = 2, w; const value = ${text}; return [value, x, y, w]; }`,
    )
    .join('\n')}`;

/** Everything that can be seen of one run: what it gave or threw, what it logged, what it left in memory. */
function seen(
  run: (fn: unknown, ...args: unknown[]) => { value: unknown; error: unknown },
  fn: unknown,
): unknown {
  const log: unknown[] = [];
  const view = newView();
  const { value, error } = run(fn, view, log);
  return {
    value: shown(value),
    error:
      error instanceof Error ? `${error.name}${error.message.startsWith('t') ? error.message : ''}` : error,
    log: log.map(shown),
    view: [...view],
  };
}

/** Values in a form that two module instances share. */
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value === 'function') return 'function';
  if (typeof value === 'object' && value !== null) return `object ${String((value as { n?: unknown }).n)}`;
  return Object.is(value, -0) ? '-0' : value;
}

const host = installHost();

describe(`random expression trees (seed ${seed})`, () => {
  const met = new Map<Kind, number>();
  let trees = 0;
  let threw = 0;
  let steps = 0;
  /** Steps of trees without a frame that JavaScript cannot suspend, and those of them that were not suspended. */
  let suspendable = 0;
  let unsuspended = 0;
  let plainAccesses = 0;

  test('trees are evaluated alike in plain form and as twins', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(tree(depthMost), { minLength: treesPerModule, maxLength: treesPerModule }),
        async (drawn) => {
          const source = moduleOf(drawn);
          const [original, plain, twin]: Module[] = await Promise.all([
            loadOriginal(source),
            load(source),
            load(source),
          ]);
          for (const [i, { text, kinds }] of drawn.entries()) {
            trees++;
            for (const kind of kinds) met.set(kind, (met.get(kind) ?? 0) + 1);
            const name = `tree${i}`;
            const expected = seen(runPlain, original![name]) as { error: unknown };
            if (expected.error !== undefined) threw++;
            expect(seen(runPlain, plain![name]), `plain form of ${text}`).toEqual(expected);
            const asTwin = seen((fn, ...args) => {
              host.plain = () => plainAccesses++;
              const run = runTwin(fn, ...args);
              host.plain = undefined;
              const all = run.steps === '' ? [] : run.steps.split(' ');
              steps += all.length;
              if (!kinds.has('getter') && !kinds.has('callback of a view')) {
                suspendable += all.length;
                unsuspended += all.filter((step) => step.startsWith('!')).length;
              }
              return run;
            }, twin![name]);
            expect(asTwin, `twin of ${text}`).toEqual(expected);
          }
        },
      ),
      { seed, numRuns: modules, endOnFailure: false },
    );
  }, 120_000);

  test('the trees held every kind of node, threw at times, and made steps, all of them suspended where that can be', () => {
    const missing = allKinds.filter((kind) => (met.get(kind) ?? 0) < 10);
    expect(missing).toEqual([]);
    expect(trees).toBeGreaterThanOrEqual(500);
    expect(threw).toBeGreaterThan(trees / 50);
    expect(threw).toBeLessThan(trees / 2);
    expect(steps).toBeGreaterThan(1_000);
    expect(suspendable).toBeGreaterThan(500);
    expect(unsuspended).toBe(0);
    // Elements of shared memory, watched on the way.
    expect(plainAccesses).toBeGreaterThan(1_000);
  });
});
