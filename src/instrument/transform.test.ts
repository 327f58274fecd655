import { describe, expect, test } from 'vitest';
import { VirtualExecutor } from '../engine/virtual.ts';
import { roundRobin } from '../strategy/round-robin.ts';
import {
  evaluateScript,
  file,
  load,
  loadOriginal,
  loadScript,
  loadTypeScript,
  type Module,
  moduleUrl,
  newView,
  type Run,
  runPlain,
  runTwin,
  stripTypes,
} from './fixtures/subject.ts';
import { installHost, twinOf, UnsupportedError } from './host.ts';
import { transform } from './transform.ts';

/** One construct. `source` exports `main(v, log)`; `v` is a view of cells 0, 10, 20 ... on shared memory. */
interface Row {
  readonly name: string;
  readonly source: string;
  readonly value: unknown;
  /** As `Run.steps` of subject.ts writes them: `load@3` is a step at the author's line 3, `!load` one that was not suspended. */
  readonly steps: string;
  /** What the function logged, the same in both forms. */
  readonly log?: readonly unknown[];
  readonly language?: 'ts' | 'script';
}

const functions: readonly Row[] = [
  {
    name: 'function declaration, called before its text',
    source: `export function main(v) { return get(v, 1); }
function get(v, i) {
  return Atomics.load(v, i);
}`,
    value: 10,
    steps: 'load@3',
  },
  {
    name: 'function declarations are hoisted in inner blocks and functions',
    source: `export function main(v) {
  const first = inner(1);
  function inner(i) { return Atomics.load(v, i); }
  {
    return first + block(2);
    function block(i) { return Atomics.load(v, i); }
  }
}`,
    value: 30,
    steps: 'load@3 load@6',
  },
  {
    name: 'elements in frames that cannot be suspended, which are watched',
    source: `export function main(v, log) {
  const at = (i) => { log.push(i); return i; };
  class Base {
    static first = v[at(1)];
    static { for (v[at(2)] of [21]); }
    own = v[at(3)];
    named = () => v[4];
    made = class { x = v[0] };
    get five() { return v?.[at(5)]; }
    set five(x) { [v[at(5)], this.old] = [x, v[5]]; }
  }
  class Derived extends Base {
    constructor() { super(); this.six = v[at(6)]++; v[at(6)] **= 1; v[at(7)] ||= at(99); }
    *each() { const got = yield v[at(7)]; v[at(7)] += got; return v[7]; }
  }
  const d = new Derived();
  d.five = 55;
  const each = d.each();
  const object = { get x() { return v[at(0)]; }, set x(y) { v[0] = y; } };
  object.x = 3;
  const names = ['join', 'tag'];
  class Called {
    list = [1, 2];
    tag() { return this.list.length; }
    constructor() { this.calls = [this.list[names[0]]('-'), this[names[1]]\`\`, (this?.[names[1]])()].join('+'); }
  }
  return [new Called().calls, Base.first, v[2], d.own, d.named(), d.named.name, d.made.name, d.five, d.old, d.six, each.next().value, each.next(2).value, object.x].join();
}`,
    value: '1-2+2+2,10,21,30,40,named,made,55,50,60,70,72,3',
    steps: '',
    log: [1, 2, 3, 6, 6, 7, 5, 5, 7, 7, 0],
  },
  {
    name: 'the last of two declarations of one name is the function',
    source: `export function main(v) {
  function f() { return Atomics.load(v, 1); }
  function f() { return Atomics.load(v, 2) + g(v); }
  function g() { return Atomics.load(v, 3); }
  function g() { return 1; }
  return f();
}`,
    value: 21,
    steps: 'load@3',
  },
  {
    name: 'function expression',
    source: `const get = function (v) {
  return Atomics.load(v, 1);
};
export const main = function (v) { return get(v); };`,
    value: 10,
    steps: 'load@2',
  },
  {
    name: 'named function expression that calls itself',
    source: `const sum = function again(v, i) {
  return i === 0 ? 0 : Atomics.load(v, i) + again(v, i - 1);
};
export const main = (v) => sum(v, 3);`,
    value: 60,
    steps: 'load@2 load@2 load@2',
  },
  {
    name: 'arrow with an expression body, with a block body, with an object',
    source: `const a = (v) => Atomics.load(v, 1);
const b = (v) => { return Atomics.load(v, 2); };
const c = (v) => ({ got: Atomics.load(v, 3) });
const d = v => (log, Atomics.load(v, 4));
const log = 0;
export const main = (v) => [a(v), b(v), c(v).got, d(v)];`,
    value: [10, 20, 30, 40],
    steps: 'load@1 load@2 load@3 load@4',
  },
  {
    name: 'arrow with this and arguments',
    source: `function Box() { this.base = 1; }
Box.prototype.sum = function (v, i) {
  const go = () => this.base + Atomics.load(arguments[0], arguments[1]) + arguments.length;
  return go(v, i, 3, 4, 5);
};
export function main(v) { return new Box().sum(v, 2); }`,
    value: 23,
    steps: 'load@3',
  },
  {
    name: 'nested arrows with this and arguments',
    source: `class Box {
  base = 1;
  sum(v) {
    return (() => () => () => this.base + Atomics.load(arguments[0], 1))()()();
  }
}
export function main(v) { return new Box().sum(v); }`,
    value: 11,
    steps: 'load@4',
  },
  {
    name: 'arrow in an arrow, taken as a value and called later, keeps this and arguments',
    source: `class Box {
  base = 1;
  make(v) { const outer = () => [0].map(() => () => [this.base, arguments.length, Atomics.load(v, 1)]); return outer(); }
}
export function main(v) { return new Box().make(v, 0, 0)[0](); }`,
    value: [1, 3, 10],
    steps: 'load@3',
  },
  {
    name: 'properties called arguments are not the arguments',
    source: `const read = (o) => Atomics.load(o.v, o.arguments);
const pick = ({ arguments: i, v }) => Atomics.load(v, i);
class Box { arguments = (v) => Atomics.load(v, 3); }
export function main(v) {
  const both = () => { const { arguments: i } = { arguments: 4 }; return Atomics.load(v, i) + arguments.length; };
  return [read({ v, arguments: 1 }), pick({ v, arguments: 2 }), new Box().arguments(v), both()];
}`,
    value: [10, 20, 30, 42],
    steps: 'load@1 load@2 load@3 load@5',
  },
  {
    name: 'new.target in arrows',
    source: `function Made(v) {
  const go = () => [new.target === Made, Atomics.load(v, 1)];
  this.go = go;
}
function called(v) { return (() => [new.target, Atomics.load(v, 2)])(); }
export function main(v) { return [new Made(v).go(), called(v)]; }`,
    value: [
      [true, 10],
      [undefined, 20],
    ],
    steps: 'load@2 load@5',
  },
  {
    name: 'functions called where they stand',
    source: `const top = (() => (v) => Atomics.load(v, 1))();
export function main(v) {
  return top(v) + (function () { return Atomics.load(v, 2); })() + (() => Atomics.load(v, 3))();
}`,
    value: 60,
    steps: 'load@1 load@3 load@3',
  },
  {
    name: 'default parameters that call, in order, with what came before in reach',
    source: `const next = (v, log, i) => { log.push(i); return Atomics.load(v, i); };
function f(v, log, a = next(v, log, 1), b = next(v, log, a / 10 + 1), { c = next(v, log, 3) } = {}, ...rest) {
  return [a, b, c, rest, arguments.length];
}
export function main(v, log) { return [f(v, log), f(v, log, 5, 6, { c: 7 }, 8, 9)]; }`,
    value: [
      [10, 20, 30, [], 2],
      [5, 6, 7, [8, 9], 7],
    ],
    log: [1, 2, 3],
    steps: 'load@1 load@1 load@1',
  },
  {
    name: 'default parameters that call: those that follow are not there yet',
    source: `const id = (x) => x;
function f(v, a = id(b), b = 1) { return Atomics.load(v, a + b); }
export function main(v) { try { return f(v); } catch (error) { return error.name; } }`,
    value: 'ReferenceError',
    steps: '',
  },
  {
    name: 'default parameters that call, with a variable of the same name in the body',
    source: `const id = (x) => x;
function f(v, a = id(1)) { var a = a + 1; return Atomics.load(v, a); }
export function main(v) { return f(v); }`,
    value: 20,
    steps: 'load@2',
  },
  {
    name: 'default parameters do not see the variables of the body, which start as the parameters of their name',
    source: `const z = 'outer', get = (v) => Atomics.load(v, 1);
function read(v, x, see = () => x, y = get(v)) { var x = x + y; return [x, see()]; }
function write(v, x, set = (q) => { x = q; }, y = get(v)) { var x; set(7); y++; return [x, y]; }
function free(v, see = () => z, y = get(v)) { var z = 'inner'; return [see(), z]; }
function shared(v, y = get(v), see = () => y) { y = 5; return see(); }
function named(v, a = get(v), see = () => a) { function a() {} return [typeof a, typeof see()]; }
function evaluated(v, see = () => eval('typeof z'), y = get(v)) { var z; return see(); }
class Base { m() { return 'base'; } }
class Box extends Base {
  n = 4;
  m(v, x = get(v), see = () => x) { for (var x of [1]); { var { w = x } = {}; } return [this.n, super.m(), new.target, arguments.length, get(v), see(), x, w]; }
  arrows(v) { return ((x = get(v), see = () => [x, this.n]) => { var x = 3; return [this.n, arguments.length, see(), x, super.m()]; })(); }
}
export function main(v) {
  const box = new Box();
  return [read(v, 1), write(v, 1), free(v), shared(v), named(v), evaluated(v), box.m(v), box.arrows(v)];
}`,
    value: [
      ...[[11, 1], [1, 11], ['outer', 'inner'], 5, ['function', 'number'], 'string'],
      ...[
        [4, 'base', undefined, 1, 10, 10, 1, 1],
        [4, 1, [10, 4], 3, 'base'],
      ],
    ],
    steps: new Array(9).fill('load@1').join(' '),
  },
  {
    name: 'default parameters that call: those that follow are not there yet, whatever the body declares',
    source: `const id = (x) => x;
function f(v, a = b, b = id(1)) { var a; return Atomics.load(v, 1); }
export function main(v) { try { return f(v); } catch (error) { return error.message; } }`,
    value: "Cannot access 'b' before initialization",
    steps: '',
  },
  {
    name: 'the name of a function expression is a constant',
    source: `export function main(v, log) {
  const f = function g(again) {
    for (const change of [() => { g = 1; }, () => { g += log.push('evaluated'); }, () => { [g] = [1]; }, () => g++, () => { for (g of [1]); }])
      try { change(); } catch (error) { log.push(error.message); }
    return again ? g(false) + 1 : Atomics.load(v, 1) + (g === f);
  };
  return [f(true), (function h() { var h = Atomics.load(v, 2); h++; return h; })(), (function h(h) { h = id(h); return h; })(3)];
}
const id = (x) => x;`,
    value: [12, 21, 3],
    log: new Array(2)
      .fill([
        'Assignment to constant variable.',
        'evaluated',
        ...new Array(4).fill('Assignment to constant variable.'),
      ])
      .flat(),
    steps: 'load@5 load@7',
  },
  {
    name: 'default parameters that are functions',
    source: `function f(v, get = () => Atomics.load(v, 1), set = function (x) { return Atomics.store(v, 0, x); }) {
  return [get(), set(4)];
}
export function main(v) { return f(v); }`,
    value: [10, 4],
    steps: 'load@1 store@1',
  },
  {
    name: 'destructured parameters, with defaults and rest',
    source: `function f({ v, at: [i, , j = 3], ...others }, [first, ...more]) {
  return [Atomics.load(v, i), Atomics.load(v, j), others, first, more];
}
export function main(v) { return f({ v, at: [1, 2], x: 1 }, 'abc'); }`,
    value: [10, 30, { x: 1 }, 'a', ['b', 'c']],
    steps: 'load@2 load@2',
  },
  {
    name: 'rest and spread',
    source: `const sum = (v, ...at) => { let s = 0; for (const i of at) s += Atomics.load(v, i); return s; };
export function main(v) {
  const at = [1, 2];
  return [sum(v, ...at, 3), [...at, ...[sum(v, 4)]], { ...{ a: sum(v, 5) } }];
}`,
    value: [60, [1, 2, 40], { a: 50 }],
    steps: 'load@1 load@1 load@1 load@1 load@1',
  },
  {
    name: 'spread arguments to Atomics',
    source: `export function main(v) {
  return Atomics.add(...[v, 1, 5]) + Atomics.load(v, 1);
}`,
    value: 25,
    steps: 'add load@2',
  },
  {
    name: 'an argument in parentheses may be a sequence',
    source: `const two = (a, b) => [a, b, 0].length && [a, b];
export function main(v, log) {
  return [two((log.push(1), 2), 3), two((log.push(2), Atomics.load(v, 1))), Atomics.load((log, v), (0, 2))];
}`,
    value: [[2, 3], [10, undefined], 20],
    log: [1, 2],
    steps: 'load@3 load@3',
  },
  {
    name: 'an argument in parentheses may be a destructuring assignment, after a spread argument',
    source: `export function main(v) { const o = {}, id = (...a) => a; return [id(...[1], ([o.x] = [2]), ({ y: o.y } = { y: 3 })).length, o, Atomics.load(v, 1)]; }`,
    value: [3, { x: 2, y: 3 }, 10],
    steps: 'load@1',
  },
  {
    name: 'parentheses around objects, callees, values, keys',
    source: `const o = { a: (1), ['b']: (2, 3), get(v) { return Atomics.load(v, 1); }, [(0, 'k')](v) { return Atomics.load(v, 2); } };
export function main(v) {
  const x = (o ?? 0).a + (o).b + (o || o)['a'];
  const y = [(o).get(v), (o.get)(v), ((o))['get'](v), (0, o.k)(v), ((o).k)(v)];
  (o).a = (4);
  return [x, y, (o).a, { z: (x) }, (v)[(1)], ({ m() { return o.get(v); } }).m(), [((1))], (o)?.a];
}`,
    value: [5, [10, 10, 10, 20, 20], 4, { z: 5 }, 10, 10, [1], 4],
    steps: 'load@1 load@1 load@1 load@1 load@1 load@1',
  },
  {
    name: 'a callee that is not a function: arguments first, then TypeError',
    source: `export function main(v, log) {
  const o = { n: null, five: 5 };
  let nothing;
  for (const go of [() => nothing(log.push(1)), () => o.n(log.push(2)), () => o.five(log.push(3)), () => o.none(log.push(4)),
    () => o?.n(log.push(5)), () => o.n.x(log.push(6)), () => (5)(log.push(7))])
    try { go(); } catch (error) { log.push(error.name); }
  return Atomics.load(v, 0);
}`,
    value: 0,
    log: [
      1,
      'TypeError',
      2,
      'TypeError',
      3,
      'TypeError',
      4,
      'TypeError',
      5,
      'TypeError',
      'TypeError',
      7,
      'TypeError',
    ],
    steps: 'load@7',
  },
  {
    name: 'a function whose copy of the properties of another does not make it the other',
    source: `function target(v) { return Atomics.load(v, 1); }
function late(v) { return 2; }
const wrapped = Object.assign((v) => 3, target);
const described = Object.defineProperties((v) => 4, Object.getOwnPropertyDescriptors(target));
const heir = Object.setPrototypeOf(function () { return 5; }, target);
const proxy = new Proxy(target, { apply: () => 6 });
export function main(v) {
  return [target(v), late.call(0, v), wrapped(v), described(v), heir(v), proxy(v), heir.call(0), wrapped.bind(0)(v), [0].map(proxy)];
}`,
    value: [10, 2, 3, 4, 5, 6, 5, 3, [6]],
    steps: 'load@1',
  },
  {
    name: 'a function with a method called call of its own',
    source: `const o = { f(v) { return Atomics.load(v, 1); }, g() { return 2; } };
o.f.call = () => 'no';
o.g.call = () => 'no';
export function main(v) { return [o.f(v), o.g(v)]; }`,
    value: [10, 2],
    steps: 'load@1',
  },
  {
    name: 'generators run as they are, their steps unscheduled',
    source: `function* three(v) { for (let i = 1; i < 4; i++) yield Atomics.load(v, i); }
class Many { *[Symbol.iterator]() { yield* three(this.v); } v; static *s() { yield 1; } *#p() { yield 2; } all() { return [...this.#p(), ...Many.s()]; } }
export function main(v) { const many = new Many(); many.v = v; return [[...three(v)], [...many], many.all()]; }`,
    value: [[10, 20, 30], [10, 20, 30], [1, 2].reverse()],
    steps: '!load !load !load !load !load !load',
  },
  {
    name: 'function names and lengths are kept',
    source: `const say = (x) => x;
export function declared(a, b) { say(a); }
export const arrow = (a) => say(a), expression = function (a, b, c) { return say(a); }, named = function other() { say(1); };
let assigned; assigned = () => say(1);
let logical; logical ??= () => say(1);
const paren = (() => say(1));
const { destructured = () => say(1) } = {};
const [element = () => say(1)] = [];
const key = 'computed', sym = Symbol('s');
const o = { property: () => say(1), method() { say(1); }, [key]: () => say(1), [key + 2]() { say(1); }, [sym]: function () { say(1); },
  'quoted key': () => say(1), 5: () => say(1), async waits() { await say(1); }, arrow };
class C { field = () => say(1); #secret = () => say(1); static at = function () { say(1); }; [key] = () => say(1); method() { say(1); } #hidden() { say(1); }
  static hidden(c) { return [c.#secret, c.#hidden]; } ['m' + key]() { say(1); } static s() { say(1); } }
const param = (f = () => say(1)) => f;
export function main(v) {
  const inner = () => say(1);
  let late; late = () => say(1);
  const c = new C();
  const all = [declared, arrow, expression, named, assigned, logical, paren, destructured, element, o.property, o.method, o.computed, o.computed2, o[sym], o['quoted key'], o[5], o.waits, o.arrow,
    c.field, C.at, c[key], c.method, C.s, c['m' + key], ...C.hidden(c), param(), inner, late, (() => say(1)), say.bind(0)];
  return [all.map((f) => f.name), all.map((f) => f.length).join(''), Atomics.load(v, 0)];
}`,
    value: [
      [
        ...['declared', 'arrow', 'expression', 'other', 'assigned', 'logical', 'paren', 'destructured'],
        ...['element', 'property', 'method', 'computed', 'computed2', '[s]', 'quoted key', '5', 'waits'],
        ...['arrow', 'field', 'at', 'computed', 'method', 's', 'mcomputed', '#secret', '#hidden', 'f'],
        ...['inner', 'late', '', 'bound say'],
      ],
      '2130000000000000010000000000001',
      0,
    ],
    steps: 'load@21',
  },
];

const classes: readonly Row[] = [
  {
    name: 'methods and static methods',
    source: `class Cell {
  constructor(v) { this.v = v; }
  get(i) { return Atomics.load(this.v, i); }
  both() { return this.get(1) + this['get'](2); }
  static of(v) { return new Cell(v).both() + this.plus(v); }
  static plus(v) { return Atomics.load(v, 3); }
}
export function main(v) { return Cell.of(v); }`,
    value: 60,
    steps: 'load@3 load@3 load@6',
  },
  {
    name: 'the last of two methods of one name is the method',
    source: `class Cell {
  m(v) { return Atomics.load(v, 1); }
  m() { return 1; }
  n(v) { return 1; }
  n(v) { return Atomics.load(v, 2); }
  static o(v) { return Atomics.load(v, 1); }
  static o = () => 3;
  p(v) { return Atomics.load(v, 1); }
  ['p']() { return 4; }
}
export function main(v) { const c = new Cell(); return [c.m(v), c.n(v), Cell.o(v), c.p(v)]; }`,
    value: [1, 20, 3, 4],
    steps: 'load@5',
  },
  {
    name: 'an inherited method and one overridden by plain functions',
    source: `class Base { get(v) { return Atomics.load(v, 1); } twice(v) { return this.get(v) * 2; } }
class Same extends Base {}
class Other extends Base { get() { return 3; } }
export function main(v) {
  const own = new Same();
  own.get = () => 4;
  return [new Same().twice(v), new Other().twice(v), own.twice(v)];
}`,
    value: [20, 6, 8],
    steps: 'load@1',
  },
  {
    name: 'private methods: called, static, optional, on others',
    source: `class Cell {
  constructor(v) { this.v = v; this.next = this; }
  #get(i) { return Atomics.load(this.v, i); }
  static #sum(a, b) { return a.#get(1) + b.#get(2); }
  all(other) { return [this.#get(1), other.#get(2), other.next.#get(3), other?.#get(4), this.#get?.(5), other?.next.#get?.(6), Cell.#sum(this, other)]; }
}
export function main(v) { return new Cell(v).all(new Cell(v)); }`,
    value: [10, 20, 30, 40, 50, 60, 30],
    steps: 'load@3 load@3 load@3 load@3 load@3 load@3 load@3 load@3',
  },
  {
    name: 'private methods taken as values keep their twins',
    source: `class Cell {
  constructor(v) { this.v = v; this.next = this; }
  self() { return this; }
  #get(i) { return Atomics.load(this.v, i); }
  static #put(v) { return Atomics.store(v, 0, 7); }
  all() {
    const f = this.#get;
    const { v } = this;
    return [f.call({ v }, 1), this.#get.call(this, 2), this.next.next.#get.call({ v }, 3), this.self().#get.bind(this)(4),
      [5].map(this.#get, this), (0, Cell.#put)(v), (this).#get.apply(this, [6]), this?.#get === f, this.next?.next.#get.call(this, 7), [this?.#get][0].call(this, 1)];
  }
  take() { return [this.#get, this.next.#get, this?.#get, this.next?.#get]; }
}
export function main(v) { const c = new Cell(v); return [c.all(), c.take().map((f) => f.call(c, 1))]; }`,
    value: [
      [10, 20, 30, 40, [50], 7, 60, true, 70, 10],
      [10, 10, 10, 10],
    ],
    steps: 'load@4 load@4 load@4 load@4 load@4 store@5 load@4 load@4 load@4 load@4 load@4 load@4 load@4',
  },
  {
    name: 'code without spaces, as a compiler writes it',
    source: `export function main(v){const f=(()=>{return()=>Atomics.load(v,1)})();const g=function(){return(0,f)()};return[f(),g(),typeof(()=>1),void(()=>f())]}`,
    value: [10, 10, 'function', undefined],
    steps: 'load@1 load@1',
  },
  {
    name: 'private fields and accessors that hold functions',
    source: `class Cell {
  #get = (v) => Atomics.load(v, 1);
  get #also() { return this.#get; }
  set #also(f) { this.#get = f; }
  run(v) { const before = this.#get(v); this.#also = (w) => Atomics.load(w, 2); return [before, this.#also(v), #get in this]; }
}
export function main(v) { return new Cell().run(v); }`,
    value: [10, 20, true],
    steps: 'load@2 load@5',
  },
  {
    name: 'private names of nested classes',
    source: `class Outer {
  #m(v) { return Atomics.load(v, 1); }
  run(v) {
    const outer = this;
    class Inner { #m = 5; both() { return [this.#m, new Middle().both()]; } }
    class Middle { both() { return outer.#m(v); } }
    return new Inner().both();
  }
}
export function main(v) { return new Outer().run(v); }`,
    value: [5, 10],
    steps: 'load@2',
  },
  {
    name: 'a private method on the wrong object throws before its arguments',
    source: `class Cell {
  #get(i) { return i; }
  static of(o, log) { try { return o.#get(log.push(1)); } catch (error) { return error.name; } }
  go(v) { return Atomics.load(v, this.#get(1)); }
}
export function main(v, log) { return [Cell.of({}, log), new Cell().go(v)]; }`,
    value: ['TypeError', 10],
    log: [],
    steps: 'load@4',
  },
  {
    name: 'super.m() in methods, arrows and static methods',
    source: `class Base {
  get(i) { return Atomics.load(this.v, i); }
  static make(v, i) { return [this.name, Atomics.load(v, i)]; }
}
class Cell extends Base {
  get(i) { return super.get(i) + 1; }
  inArrow() { return (() => (() => super.get(2) + super['get'](3))())(); }
  value() { const go = () => super.get; return go().call(this, 1); }
  template() { const go = () => super.get\`x\`; return go(); }
  optional() { const go = () => [super.get?.(4), super.none?.(5)]; return [...go(), super.get?.(5)]; }
  plainInside() { const go = () => [6].map((i) => super.get(i)); return go(); }
  sortInside() { const go = () => { const seen = []; [2, 1].sort((a, b) => { seen.push(super.get(a), super.get?.(b)); return 0; }); return seen; }; return go(); }
  static make(v) { return [...super.make(v, 1), (() => super.make(v, 2)[1])()]; }
}
export function main(v) {
  const cell = new Cell();
  cell.v = v;
  return [cell.get(1), cell.inArrow(), cell.value(), cell.template(), cell.optional(), cell.plainInside(), cell.sortInside(), Cell.make(v)];
}`,
    value: [11, 50, 10, 0, [40, undefined, 50], [60], [10, 20], ['Cell', 10, 20]],
    steps: 'load@2 load@2 load@2 load@2 load@2 load@2 load@2 load@2 !load !load load@3 load@3',
  },
  {
    name: 'super follows the prototype of the object that the method was made in',
    source: `class A { m() { return 'A'; } static s() { return 'As'; } get n() { return this.k + 'A'; } }
class C { m(v) { return 'C' + Atomics.load(v, 1); } static s(v) { return 'Cs' + Atomics.load(v, 2); } get n() { return this.k + 'C'; } }
const key = 'computed';
class B extends A {
  k = 'k';
  m(v) { return super.m(v) + this.#own(v) + super.n; }
  static s(v) { return (() => super.s(v))(); }
  [key](v) { return super.m(v); }
  m2() { return super.m2; }
  #own(v) { return super.m(v); }
}
const keys = () => [Reflect.ownKeys(B.prototype), Reflect.ownKeys(B)].join();
export function main(v) {
  const before = [new B().m(v), B.s(v), new B().computed(v)];
  Object.setPrototypeOf(B.prototype, C.prototype);
  Object.setPrototypeOf(B, C);
  return [before, new B().m(v), B.s(v), new B().computed(v), new B().m2(), keys()];
}`,
    value: [
      ['AAkA', 'As', 'A'],
      ...['C10C10kC', 'Cs20', 'C10', undefined, 'constructor,m,computed,m2,length,name,prototype,s'],
    ],
    steps: 'load@2 load@2 load@2 load@2',
  },
  {
    name: 'super properties read, written and constructed',
    source: `class Base { static Inner = class { constructor(x) { this.x = x; } }; get n() { return 5; } }
class Cell extends Base {
  put(v) { super.w = Atomics.load(v, 1) + super.n; return ++this.w; }
  static make(v) { return (() => new super.Inner(Atomics.load(v, 2)).x)(); }
}
export function main(v) { return [new Cell().put(v), Cell.make(v)]; }`,
    value: [16, 20],
    steps: 'load@3 load@4',
  },
  {
    name: 'super in a class without a parent, or with null',
    source: `class Plain { go(v) { return [super.none, super.toString === Object.prototype.toString, Atomics.load(v, 1)]; } }
class Empty extends null { static go(v) { return [super.name === Function.prototype.name, Atomics.load(v, 2)]; } go(v) { return super.x; } }
export function main(v) { return [new Plain().go(v), Empty.go(v)]; }`,
    value: [
      [undefined, true, 10],
      [true, 20],
    ],
    steps: 'load@1 load@2',
  },
  {
    name: 'getters, setters and constructors run without a scheduling point',
    source: `class Cell {
  constructor(v) { this.v = v; this.first = Atomics.load(v, 1); }
  get now() { return Atomics.load(this.v, 2); }
  set now(x) { Atomics.store(this.v, 2, x); }
  static get here() { return 5; }
}
export function main(v) { const c = new Cell(v); c.now = c.now + 1; return [c.first, Atomics.load(v, 2), Cell.here]; }`,
    value: [10, 21, 5],
    steps: '!load !load !store load@7',
  },
  {
    name: 'field initialisers and static blocks run without a scheduling point',
    source: `export function main(v) {
  class Cell {
    a = Atomics.load(v, 1);
    static b = Atomics.load(v, 2);
    static c;
    static /* { */ { this.c = Atomics.load(v, 3); const go = () => this.b; this.d = go; }
  }
  return [new Cell().a, Cell.b, Cell.c, Cell.d(), Atomics.load(v, 0)];
}`,
    value: [10, 20, 30, 20, 0],
    steps: '!load !load !load load@8',
  },
  {
    name: 'class field arrows',
    source: `class Cell {
  base = 1;
  get = (v) => Atomics.load(v, this.base);
  static two = (v) => Atomics.load(v, 2);
  fn = function (v) { return Atomics.load(v, this.base + 2); };
  deep = () => (v) => this.get(v) + this.fn(v)
  ;['computed'] = (v) => this.get(v);
}
class Sub extends Cell { own = (v) => super.toString === Object.prototype.toString && this.get(v) }
export function main(v) { const c = new Sub(); return [c.get(v), Cell.two(v), c.fn(v), c.deep()(v), c.computed(v), c.own(v)]; }`,
    value: [10, 20, 30, 40, 10, 10],
    steps: 'load@3 load@4 load@5 load@3 load@5 load@3 load@3',
  },
  {
    name: 'derived constructors with arrows before super()',
    source: `class Base { constructor(f) { this.f = f; this.v = 1; } }
class Cell extends Base {
  constructor(v) {
    const early = () => Atomics.load(v, this.v);
    const free = () => Atomics.load(v, 2);
    const deep = () => () => this.v;
    super(early);
    this.free = free;
    this.deep = deep;
  }
}
export function main(v) { const c = new Cell(v); return [c.f(), c.free(), c.deep()()]; }`,
    value: [10, 20, 1],
    steps: 'load@4 load@5',
  },
  {
    name: 'computed class keys are evaluated once, in order',
    source: `const key = (log, k) => ({ toString() { log.push(k); return k; } });
export function main(v, log) {
  class Cell {
    [key(log, 'a')](v) { return Atomics.load(v, 1); }
    static [key(log, 'b')](v) { return Atomics.load(v, 2); }
    get [key(log, 'c')]() { return 3; }
    [(log.push('d'), Symbol.iterator)]() { return [Atomics.load(v, 4)].values(); }
    [key(log, 'e')] = () => 5;
    async [key(log, 'f')]() { await main(); }
    *[key(log, 'g')]() { yield main(); }
    [1n](v) { return Atomics.load(v, 6); }
  }
  const c = new Cell();
  return [c.a(v), Cell.b(v), c.c, [...c], c.e(), typeof c.f, c['1'](v)];
}`,
    value: [10, 20, 3, [40], 5, 'function', 60],
    log: ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
    steps: 'load@4 load@5 !load load@11',
  },
  {
    name: 'classes made again and again, with computed keys and heritage that call',
    source: `const mixin = (Base, v) => class extends Base { ['m' + Atomics.load(v, 1)]() { return Atomics.load(v, 2); } };
const make = (v, i) => i === 0 ? Object : mixin(make(v, i - 1), v);
export function main(v) {
  class Cell extends make(v, 2) {}
  const c = new Cell();
  return [c.m10(), class extends mixin(Object, v) {}.name];
}`,
    value: [20, ''],
    steps: 'load@1 load@1 load@1 load@1',
  },
  {
    name: 'methods called like properties of functions and objects',
    source: `class Cell {
  __proto__(v) { return Atomics.load(v, 1); }
  name(v) { return Atomics.load(v, 2); }
  'quoted name'(v) { return Atomics.load(v, 3); }
  12(v) { return Atomics.load(v, 4); }
  static call(v) { return Atomics.load(v, 5); }
  get(v) { return Atomics.load(v, 6); }
  static async(v) { return Atomics.load(v, 7); }
}
export function main(v) { const c = new Cell(); return [c.__proto__(v), c.name(v), c['quoted name'](v), c[12](v), Cell.call(v), c.get(v), Cell.async(v)]; }`,
    value: [10, 20, 30, 40, 50, 60, 70],
    steps: 'load@2 load@3 load@4 load@5 load@6 load@7 load@8',
  },
  {
    name: 'class members without semicolons',
    source: `const f = (v) => Atomics.load(v, 1)
class Cell {
  a = 1
  static b = 2
  'c'
  get = (v) => f(v)
  #m(v) { return f(v) }
  call(v) { return this.#m(v) }
  *gen() {}
}
export function main(v) { const c = new Cell()
  return [c.get(v), c.call(v), c.a, Cell.b]
}`,
    value: [10, 10, 1, 2],
    steps: 'load@1 load@1',
  },
];

const calls: readonly Row[] = [
  {
    name: 'optional calls: every shape, with this kept',
    source: `const f = (v) => Atomics.load(v, 1);
class Cell { constructor(v) { this.v = v; this.self = this; } m(i) { return Atomics.load(this.v, i); } get me() { return { d: this, f }; } }
export function main(v) {
  const o = new Cell(v), a = f;
  return [a?.(v), o?.m(2), o.m?.(3), o?.self.m(4), o?.['m']?.(5), o?.self?.self.m?.(6), o?.me.d.m(7), o.me?.f(v), (o?.self).m(1), o?.m.call(o, 2), o.self.me?.d?.['m'](3)];
}`,
    value: [10, 20, 30, 40, 50, 60, 70, 10, 10, 20, 30],
    steps: 'load@1 load@2 load@2 load@2 load@2 load@2 load@2 load@1 load@2 load@2 load@2',
  },
  {
    name: 'optional calls that short-circuit evaluate nothing after',
    source: `export function main(v, log) {
  const n = null, o = { n }, at = (i) => { log.push(i); return Atomics.load(v, i); };
  let u;
  return [n?.(at(1)), u?.(at(1)), o?.n?.(at(1)), o.n?.x(at(1)), o.none?.(at(1)), n?.b.c(at(1)).d, n?.[at(1)](at(1)), o?.n?.x.y(at(1))?.[at(2)], at?.(2), n?.b(at(1)) ?? at(3)];
}`,
    value: [...new Array(8).fill(undefined), 20, 30],
    log: [2, 3],
    steps: 'load@2 load@2',
  },
  {
    name: 'optional chains that go on after a call',
    source: `const o = { c(x) { return x === 0 ? null : { d: x, e: () => this.f(x) }; }, f(x) { return x + 1; } };
const a = { b: o };
export function main(v) {
  return [a?.b.c(Atomics.load(v, 1))?.d, a?.b.c(Atomics.load(v, 0))?.d, a?.b.c(Atomics.load(v, 2))?.e(), a?.b.c(0)?.e(Atomics.load(v, 3)).x.y];
}`,
    value: [10, undefined, 21, undefined],
    steps: 'load@4 load@4 load@4',
  },
  {
    name: 'optional chains in plain code',
    source: `const log = [];
const o = { self: null, m(x) { return [this === o, x]; }, t() { return this === o; } };
o.self = o;
const n = null;
const early = [o?.m(1), o.m?.(2), (o)?.self.m(3), n?.m(log.push(1)), (o?.m)(4)];
export function main(v) { return [early, Atomics.load(v, 1)]; }`,
    value: [[[true, 1], [true, 2], [true, 3], undefined, [true, 4]], 10],
    steps: 'load@6',
  },
  {
    name: 'tagged templates, with this and raw strings',
    source: `const tag = (strings, ...values) => [strings.raw.join('|'), ...values.map((v) => Atomics.load(v, 1))];
const o = { at: 2, tag(strings, v) { return [strings.length, Atomics.load(v, this.at)]; } };
export function main(v) {
  const once = () => ((s) => s)\`a\${1}b\`;
  return [tag\`x\\n\${v}y\`, o.tag\`\${v}\`, o['tag']\`\${v}\`, tag\`\`, once() === once(), Object.isFrozen(once())];
}`,
    value: [['x\\n|y', 10], [2, 20], [2, 20], [''], true, true],
    steps: 'load@1 load@2 load@2',
  },
  {
    name: 'template literals',
    source: `const get = (v, i) => Atomics.load(v, i);
export function main(v) { return \`a\${get(v, 1)}b\${\`\${get(v, 2)}\`}c\`; }`,
    value: 'a10b20c',
    steps: 'load@1 load@1',
  },
  {
    name: 'new: with calls among the arguments and in the callee',
    source: `class Pair { constructor(a, b) { this.a = a; this.b = b; } }
const get = (v, i) => Atomics.load(v, i), kind = () => ({ Pair });
export function main(v) {
  const p = new Pair(get(v, 1), ...[get(v, 2)]), q = new (kind().Pair)(get(v, 3)), r = new (kind()).Pair, s = new kind.prototype.constructor;
  return [p.a, p.b, q.a, r.a];
}`.replace(', s = new kind.prototype.constructor', ''),
    value: [10, 20, 30, undefined],
    steps: 'load@2 load@2 load@2',
  },
  {
    name: 'call, apply, bind, Reflect.apply',
    source: `function get(i, j) { return this.k + Atomics.load(this.v, i) + j; }
export function main(v) {
  const o = { v, k: 1 };
  const bound = get.bind(o, 1);
  return [get.call(o, 1, 2), get.apply(o, [2, 3]), get.apply(o, { length: 2, 0: 3, 1: 4 }), bound(5), bound.bind(0, 6)(), Reflect.apply(get, o, [4, 0]), get.call.call(get, o, 5, 0), Function.prototype.apply.call(get, o, [6, 0]), get.apply.apply(get, [o, [1, 0]])];
}`,
    value: [13, 24, 35, 16, 17, 41, 51, 61, 11],
    steps: 'load@1 load@1 load@1 load@1 load@1 load@1 load@1 load@1 load@1',
  },
  {
    name: 'callbacks of array iteration are suspended',
    source: `const get = (v, i) => Atomics.load(v, i);
export function main(v, log) {
  const at = [1, 2, 3];
  at.forEach((i) => log.push(get(v, i)));
  return [at.map((i) => get(v, i)), at.filter((i) => get(v, i) > 10), at.some((i) => get(v, i) === 20), at.every((i) => get(v, i) < 20),
    at.find((i) => get(v, i) > 10), at.findIndex((i) => get(v, i) > 10), at.reduce((s, i) => s + get(v, i), 0)];
}`,
    value: [[10, 20, 30], [2, 3], true, false, 2, 1, 60],
    log: [10, 20, 30],
    steps: new Array(20).fill('load@1').join(' '),
  },
  {
    name: 'callbacks of other builtins run without a scheduling point',
    source: `export function main(v) {
  const sorted = [2, 1].sort((a, b) => Atomics.load(v, a) - Atomics.load(v, b));
  return [sorted, 'x'.replace('x', () => Atomics.load(v, 4)), Array.from([5], (i) => Atomics.load(v, i)), JSON.stringify({ toJSON: () => Atomics.load(v, 6) })];
}`,
    value: [[1, 2], '40', [50], '60'],
    steps: '!load !load !load !load !load',
  },
  {
    name: 'functions passed through object properties, arrays, maps, closures',
    source: `const table = { get: null, list: [], map: new Map() };
table.get = (v, i) => Atomics.load(v, i);
table.list.push(table.get);
table.map.set('get', table.get);
const pass = (f) => f;
export function main(v) {
  const { get } = table, [first] = table.list;
  return [table.get(v, 1), table.list[0](v, 2), table.map.get('get')(v, 3), get(v, 4), first(v, 5), pass(pass)(get)(v, 6), (v ? get : first)(v, 7)];
}`,
    value: [10, 20, 30, 40, 50, 60, 70],
    steps: 'load@2 load@2 load@2 load@2 load@2 load@2 load@2',
  },
  {
    name: 'object literal methods: plain, computed, quoted, numeric, nested, with accessors',
    source: `let count = 0;
const key = () => 'k' + ++count;
const o = {
  v: null,
  m() { return Atomics.load(this.v, 1); },
  [key()]() { return Atomics.load(this.v, 2); },
  'quoted key'() { return Atomics.load(this.v, 3); },
  4() { return Atomics.load(this.v, 4); },
  get g() { return Atomics.load(this.v, 5); },
  set g(x) { Atomics.store(this.v, 5, x); },
  arrow: (v) => Atomics.load(v, 6),
  fn: function () { return Atomics.load(this.v, 7); },
  nested: { deep(v) { return Atomics.load(v, 0); } },
  *gen() { yield 1; }, async *agen() { yield key(); }, async later() { return key(); },
  async [key()]() {}, async *[key()]() { yield key(); }, get() { return key(); }, async() { return 9; }, __proto__() { return key(); },
};
export function main(v) {
  o.v = v;
  o.g = 55;
  return [o.m(), o.k1(), o['quoted key'](), o[4](), o.g, o.arrow(v), o.fn(), o.nested.deep(v), count, [...o.gen()], o.get(), o.async(), o.__proto__(), Object.keys(o).length];
}`,
    value: [10, 20, 30, 40, 55, 60, 70, 0, 3, [1], 'k4', 9, 'k5', 17],
    steps: '!store load@5 load@6 load@7 load@8 !load load@11 load@12 load@13',
  },
  {
    name: 'object literal: computed keys are evaluated once and in order, __proto__ sets the prototype',
    source: `const key = (log, k) => ({ toString() { log.push(k); return k; } });
const proto = { inherited(v) { return Atomics.load(v, 3); } };
export function main(v, log) {
  const o = { [key(log, 'a')](w) { return Atomics.load(w, 1); }, [key(log, 'b')]: (w) => Atomics.load(w, 2), __proto__: proto, get [key(log, 'c')]() { return 1; } };
  const p = { __proto__: (w) => main(w) }, q = { '__proto__': function (w) { return main(w); } };
  return [o.a(v), o.b(v), o.inherited(v), o.c, Object.keys(o).join(), typeof Object.getPrototypeOf(p), typeof Object.getPrototypeOf(q)];
}`,
    value: [10, 20, 30, 1, 'a,b,c', 'function', 'function'],
    log: ['a', 'b', 'c'],
    steps: 'load@4 load@4 load@2',
  },
  {
    name: 'eval, typeof, void, delete, in, instanceof, comma, spread around calls',
    source: `const get = (v, i) => Atomics.load(v, i), box = (x) => ({ x });
export function main(v) {
  const o = { a: 1 };
  return [typeof get(v, 1), void get(v, 2), delete box(o).x, 'x' in box(1), box(1) instanceof Object, (get(v, 3), get(v, 4)), !get(v, 0), -get(v, 1) + +get(v, 1), (-get(v, 1)) ** 2, get(v, 1) ** 2, eval('1 + 1')];
}`,
    value: ['number', undefined, true, true, true, 40, true, 0, 100, 100, 2],
    steps: new Array(9).fill('load@1').join(' '),
  },
  {
    name: 'direct eval in arrows has the this of the arrow, and what is around it',
    source: `class Box {
  n = 5;
  make(v) { return (x) => { const y = Atomics.load(v, 1); return [eval('this.n + x + y'), (() => eval('this.n'))(), [1].map(() => eval('this === null'))[0], eval(7), eval()]; }; }
}
const top = (v) => [Atomics.load(v, 2), eval('typeof this')];
export function main(v) { return [new Box().make(v)(1), top(v)]; }`,
    value: [
      [16, 5, false, 7, undefined],
      [20, 'undefined'],
    ],
    steps: 'load@3 load@5',
  },
  {
    name: 'assignments whose targets call',
    source: `const get = (v, i) => Atomics.load(v, i);
export function main(v, log) {
  const o = { a: [1, 2], get self() { log.push('self'); return this; } }, self = () => o;
  let x, y;
  self().b = get(v, 1);
  self().a[get(v, 0)] += get(v, 2);
  self().self.c ??= get(v, 3);
  self().c ||= get(v, 4);
  self().n = 1;
  self().n &&= get(v, 5);
  [x, self().d, y = get(v, 6)] = [1, 2];
  ({ x, e: self().e = get(v, 7), ...self().rest } = { x: 5, z: 6 });
  self().n++;
  return [o.a, o.b, o.c, o.n, x, y, o.d, o.e, o.rest];
}`,
    value: [[21, 2], 10, 30, 51, 5, 60, 2, 70, { z: 6 }],
    log: ['self'],
    steps: new Array(7).fill('load@1').join(' '),
  },
];

const atomics: readonly Row[] = [
  {
    name: 'every function of Atomics',
    source: `export function main(v) {
  return [
    Atomics.load(v, 1),
    Atomics.store(v, 1, 12),
    Atomics.add(v, 1, 3),
    Atomics.sub(v, 1, 1),
    Atomics.and(v, 1, 6),
    Atomics.or(v, 1, 1),
    Atomics.xor(v, 1, 2),
    Atomics.exchange(v, 1, 9),
    Atomics.compareExchange(v, 1, 9, 8),
    Atomics.wait(v, 1, 9),
    Atomics.wait(v, 1, 8, 0),
    Atomics.notify(v, 1),
    Atomics.notify(v, 1, 1),
    Atomics.isLockFree(4),
  ];
}`,
    value: [10, 12, 12, 15, 14, 6, 7, 5, 9, 'not-equal', 'timed-out', 0, 0, true],
    steps:
      'load@3 store@4 add@5 sub@6 and@7 or@8 xor@9 exchange@10 compareExchange@11 wait@12 wait@13 notify@14 notify@15',
  },
  {
    name: 'a step that throws, throws where it stands',
    source: `export function main(v) {
  try { return Atomics.load(v, 99); } catch (error) { return [error.name, Atomics.load(v, 1)]; }
}`,
    value: ['RangeError', 10],
    steps: 'load@2 load@2',
  },
  {
    name: 'too few and too many arguments',
    source: `export function main(v, log) { return [Atomics.load(v), Atomics.load(v, 1, log.push(1)), Atomics.notify(v, 0, 1, log.push(2)), Atomics.store(v, 1)]; }`,
    value: [0, 10, 0, 0],
    log: [1, 2],
    steps: 'load load notify store',
  },
  {
    name: 'destructured and aliased Atomics',
    source: `const { load, add: plus } = Atomics;
const A = Atomics;
const f = Atomics.load;
const B = A, { exchange } = B, g = f;
export function main(v) {
  const { store } = A;
  return [load(v, 1),
    plus(v, 1, 1),
    A.load(v, 1),
    f(v, 2),
    globalThis.Atomics.load(v, 3),
    store(v, 4, 1),
    B.load(v, 4),
    exchange(v, 4, 5),
    g(v, 4)];
}`,
    value: [10, 10, 11, 20, 30, 1, 1, 1, 5],
    steps: 'load@7 add@8 load@9 load@10 load@11 store@12 load@13 exchange@14 load@15',
  },
  {
    name: 'Atomics passed about',
    source: `let B = Atomics;
const run = (f, ...args) => f(...args);
const use = (A, v) => A.load(v, 1);
const { load = null, ['store']: put } = Atomics;
export function main(v) { return [run(Atomics.load, v, 1), use(Atomics, v), B['load'](v, 2), Atomics['load'](v, 3), load(v, 1), put(v, 1, 4), B.add(v, 1, 1), Atomics?.load(v, 1), Atomics.load?.(v, 1), Atomics.load.call(null, v, 1), [v].map((w) => run(Atomics.load.bind(0, w, 2)))]; }`,
    value: [10, 10, 20, 30, 10, 4, 4, 5, 5, 5, [20]],
    steps: 'load load load load load store add load load load load',
  },
  {
    name: 'a local variable called Atomics is not Atomics',
    source: `const fake = { load: (v, i) => 'fake' + i };
function parameter(Atomics, v) { return Atomics.load(v, 1); }
function local(v) { const Atomics = fake; return Atomics.load(v, 2); }
function hoisted(v) { if (v === 0) { var Atomics = 0; } Atomics = fake; return Atomics.load(v, 3); }
function destructured({ Atomics }, v) { return Atomics.load(v, 4); }
function caught(v) { try { throw fake; } catch (Atomics) { return Atomics.load(v, 5); } }
function looped(v) { for (const Atomics of [fake]) return Atomics.load(v, 6); }
function early(v) { const A = Atomics, { load } = Atomics; return [A.load(v, 7), load(v, 7)]; function Atomics() {} }
const own = (v) => { class Atomics { static load = fake.load; } return Atomics.load(v, 8); };
const named = function Atomics(v) { return typeof Atomics.load; };
function switched(v) { switch (1) { case 0: { } case 1: Atomics = fake; return Atomics.load(v, 9); let Atomics; } }
export function main(v) {
  let threw;
  try { early(v); } catch (error) { threw = error.name; }
  let dead;
  try { switched(v); } catch (error) { dead = error.name; }
  return [parameter(fake, v), local(v), hoisted(v), destructured({ Atomics: fake }, v), caught(v), looped(v), own(v), named(v), threw, dead, Atomics.load(v, 1)];
}`,
    value: [
      ...['fake1', 'fake2', 'fake3', 'fake4', 'fake5', 'fake6', 'fake8', 'undefined', 'TypeError'],
      ...['ReferenceError', 10],
    ],
    steps: 'load@17',
  },
  {
    name: 'an alias taken before a local Atomics is declared further out',
    source: `function inner(v) { const A = Atomics, f = Atomics.load; return [A.load(v, 1), f(v, 2)]; }
const Atomics = { load: (v, i) => 'fake' + i };
export const main = (v) => [inner(v), globalThis.Atomics.load(v, 1)];`,
    value: [['fake1', 'fake2'], 10],
    steps: 'load@3',
  },
  {
    name: 'a call to pure globals is a plain call, but its arguments may make steps',
    source: `export function main(v) { return [Math.max(Atomics.load(v, 1), 5), String(Atomics.load(v, 2)), Number.isInteger(Atomics.load(v, 3)), JSON.stringify([Atomics.load(v, 4)])]; }`,
    value: [10, '20', true, '[40]'],
    steps: 'load@1 load@1 load@1 load@1',
  },
  {
    name: 'a local variable called like a pure global is called like any other',
    source: `const Math = { max: (v) => Atomics.load(v, 1) };
export function main(v) { return Math.max(v); }`,
    value: 10,
    steps: 'load@1',
  },
  {
    name: 'BigInt64Array',
    source: `export function main() {
  const v = new BigInt64Array(new SharedArrayBuffer(8));
  return [Atomics.add(v, 0, 5n), Atomics.load(v, 0)];
}`,
    value: [0n, 5n],
    steps: 'add@3 load@3',
  },
];

const statements: readonly Row[] = [
  {
    name: 'functions called in the declaration that makes them, of every kind and place',
    source: `export const top = (v) => Atomics.load(v, 1), got = typeof top, called = (v) => top(v);
export function main(v, log) {
  const one = () => Atomics.load(v, 1), two = one() + one(), three = function () { return two + one(); }, four = three();
  let five = () => four, six = (five = () => Atomics.load(v, 2)) && five();
  if (six) var seven = () => Atomics.load(v, 3), eight = seven();
  for (let f = () => Atomics.load(v, 4), n = f(); n > 0; n = 0) log.push(n, f.name);
  const o = { f: () => Atomics.load(v, 5), g: one() }, bound = one.bind(), nine = bound();
  return [two, four, five(), six, eight, o.f(), o.g, nine, got, called(v), one.name, three.name, seven.name];
}`,
    value: [20, 30, 20, 20, 30, 50, 10, 10, 'function', 10, 'one', 'three', 'seven'],
    log: [40, 'f'],
    steps: 'load@3 load@3 load@3 load@4 load@5 load@6 load@3 load@3 load@4 load@7 load@1',
  },
  {
    name: 'functions called in the expression that makes them',
    source: `export default (v) => Atomics.load(v, 1);
class C { static m(v) { return Atomics.load(v, 2); } static { C.has = typeof C.m; } }
export function main(v) {
  let f, g, o = {};
  const id = (h) => h();
  const all = [(f = () => Atomics.load(v, 1), f()), (g ??= () => Atomics.load(v, 2))(), (o.h = () => Atomics.load(v, 3), o.h()), id(() => Atomics.load(v, 4)),
    ((h = () => Atomics.load(v, 5), x = h()) => x)(), { m() { return Atomics.load(v, 6); }, n: 1 }.m(), C.m(v), C.has];
  block: { all.push(late()); function late() { return Atomics.load(v, 7); } }
  return all;
}`,
    value: [10, 20, 30, 40, 50, 60, 20, 'function', 70],
    steps: 'load@6 load@6 load@6 load@6 load@7 load@7 load@2 load@8',
  },
  {
    name: 'functions declared in a switch, called in its tests and from any case',
    source: `export function main(v, log) {
  for (const i of [10, 20, 30])
    switch (i) {
      default: log.push(f(3)); break;
      case f(1): log.push(i); function f(at) { return Atomics.load(v, at); }
      case f(2): log.push(f(0));
    }
  switch (1) { default: return g(); function g() { return Atomics.load(v, 4); } }
}`,
    value: 40,
    log: [10, 0, 0, 30],
    steps: 'load@5 load@5 load@5 load@5 load@5 load@5 load@5 load@5 load@8',
  },
  {
    name: 'if, else, while, do, for, with steps in every part',
    source: `const get = (v, i) => Atomics.load(v, i);
export function main(v, log) {
  if (get(v, 0)) log.push('no'); else if (get(v, 1)) log.push('yes')
  else log.push('no');
  let i = 0;
  while (get(v, i) < 20) i++;
  do i--; while (get(v, i) > 0)
  for (let j = get(v, 0), k = 3; j < get(v, 1); j += get(v, 1)) log.push(j + k)
  for (;;) { if (get(v, 1)) break }
  return i;
}`,
    value: 0,
    log: ['yes', 3],
    steps: new Array(12).fill('load@1').join(' '),
  },
  {
    name: 'for-of and for-in, with steps in head and body, and patterns as targets',
    source: `const get = (v, i) => Atomics.load(v, i), list = (v) => [get(v, 1), get(v, 2)];
export function main(v, log) {
  for (const x of list(v)) log.push(x + get(v, 1));
  for (const k in { a: get(v, 1), b: 2 }) log.push(k);
  const o = {};
  for (o.x of list(v)) ;
  for ([o.y = get(v, 3)] of [[], [5]]) log.push(o.y);
  for (const { a = get(v, 4) } of [{}]) log.push(a);
  for (const f of [() => get(v, 5)]) log.push(f());
  for (var i = 0, g = () => get(v, 6); i < 1; i++) log.push(g());
  return o.x;
}`,
    value: 20,
    log: [20, 30, 'a', 'b', 30, 5, 40, 50, 60],
    steps: new Array(11).fill('load@1').join(' '),
  },
  {
    name: 'a fresh variable for each round of a loop',
    source: `export function main(v) {
  const fs = [];
  for (let i = 1; i < 4; i++) fs.push(() => Atomics.load(v, i));
  return fs.map((f) => f());
}`,
    value: [10, 20, 30],
    steps: 'load@3 load@3 load@3',
  },
  {
    name: 'labels, break and continue',
    source: `export function main(v, log) {
  outer: for (let i = 1; i < 4; i++) {
    inner: for (let j = 0; ; j++) {
      if (Atomics.load(v, j) === 10) continue outer;
      if (i === 2) { log.push(i); break outer; }
      continue inner;
    }
  }
  block: { if (Atomics.load(v, 0) === 0) break block; log.push('no'); }
  return 1;
}`,
    value: 1,
    log: [2],
    steps: 'load@4 load@4 load@4 load@9',
  },
  {
    name: 'switch with steps in head, tests and bodies, and functions declared in it',
    source: `export function main(v, log) {
  for (const i of [1, 2, 3, 4])
    switch (Atomics.load(v, i)) {
      case (Atomics.load(v, 1)): log.push(one()); break
      case Atomics.load(v, 2): { log.push('two') }
      case 'never': log.push('through'); break;
      function one() { return Atomics.load(v, 5); }
      case 30: const f = () => Atomics.load(v, 6); log.push(f()); break
      default: log.push(one())
    }
  return 0;
}`,
    value: 0,
    log: [50, 'two', 'through', 60, 50],
    steps:
      'load@3 load@4 load@7 load@3 load@4 load@5 load@3 load@4 load@5 load@8 load@3 load@4 load@5 load@7',
  },
  {
    name: 'try, catch, finally, with steps in each and values that pass',
    source: `const get = (v, i) => Atomics.load(v, i);
function f(v, log) {
  try {
    log.push(get(v, 1));
    throw new Error('x' + get(v, 2));
  } catch ({ message, name = get(v, 0) }) {
    log.push(message);
    return get(v, 3);
  } finally {
    log.push(get(v, 4));
  }
}
function g(v) { for (;;) try { return get(v, 1) } finally { break } return 'out'; }
function h(v) { try { return f(v, []) } catch { return 0 } finally { get(v, 5) } }
export function main(v, log) { return [f(v, log), g(v), h(v)]; }`,
    value: [30, 'out', 30],
    log: [10, 'x20', 40],
    steps: new Array(10).fill('load@1').join(' '),
  },
  {
    name: 'errors go through twins as they are',
    source: `const bad = Object.assign(new Error('bad'), { code: 7 });
function deep(v) { Atomics.load(v, 1); throw bad; }
class Cell { #p(v) { return deep(v); } m(v) { return this.#p(v); } }
export function main(v) {
  try { [1].forEach(() => new Cell().m(v)); } catch (error) { return [error === bad, error.code]; }
}`,
    value: [true, 7],
    steps: 'load@2',
  },
  {
    name: 'code without semicolons',
    source: `const get = (v, i) => Atomics.load(v, i)
let a = 1
const plus = x => get(x, 1)
const both = function () { return 1 }
;[1].forEach(x => a += x)
export const arrow = () => get
export default arrow
export function main(v) {
  let x = get(v, 1)
  x
  ++x
  const f = () => get(v, 2)
  const g = () => get(v, 3), y = 1
  var z = x
  plus(v)
  if (x) for (;;) { var w = plus; break } else x = 0
  try { for (;;) var u = v, dead = a++ > 3 && broken() }
  catch (error) { return error }
  function broken() { throw [f(), g(), x, y, z, a] }
}`,
    value: [20, 30, 11, 1, 11, 5],
    steps: 'load@1 load@1 load@1 load@1',
  },
  {
    name: 'an iterator of our own runs without a scheduling point',
    source: `export function main(v) {
  const it = { [Symbol.iterator]() { let i = 0; return { next: () => ({ done: i > 2, value: Atomics.load(v, i++) }), return: () => { Atomics.store(v, 0, 1); return {}; } }; } };
  const out = [];
  for (const x of it) { out.push(x); if (x === 10) break; }
  const [first] = it;
  return [out, first];
}`,
    value: [[0, 10], 1],
    steps: '!load !load !store !load !store',
  },
  {
    name: 'destructuring with defaults that call',
    source: `const get = (v, i) => Atomics.load(v, i);
export function main(v) {
  const { a = get(v, 1), b: { c = get(v, 2) } = {}, ['k' + get(v, 0)]: d = 4, ...rest } = { z: 1 };
  let [e = get(v, 3), , f = get(v, 4)] = [];
  return [a, c, d, rest, e, f];
}`,
    value: [10, 20, 4, { z: 1 }, 30, 40],
    steps: new Array(5).fill('load@1').join(' '),
  },
  {
    name: 'logical operators, conditionals and sequences evaluate what they must',
    source: `const get = (v, i, log) => { log.push(i); return Atomics.load(v, i); };
export function main(v, log) {
  return [get(v, 0, log) && get(v, 1, log), get(v, 1, log) || get(v, 2, log), null ?? get(v, 3, log), 1 ?? get(v, 4, log), get(v, 0, log) ? get(v, 5, log) : get(v, 6, log)];
}`,
    value: [0, 10, 30, 1, 60],
    log: [0, 1, 3, 0, 6],
    steps: new Array(5).fill('load@1').join(' '),
  },
  {
    name: 'names that start with our prefix',
    source: `const $tp_ = 1, $tp_T = 2, $tp0_P = 3;
function $tp_0(v) { return Atomics.load(v, 1); }
export function main(v) { const $tp_1 = $tp_0(v); return [$tp_, $tp_T, $tp0_P, $tp_1]; }`,
    value: [1, 2, 3, 10],
    steps: 'load@2',
  },
  {
    name: 'comments, where they could be in the way',
    source: `/* first ( */ 'use strict' // directive
// {
export /* ( */ function /* ( { */ main /* ( */ (/* { */ v /* ) */) /* { */ { // {
  /* ( */ return /* ( */ get /* ( */ ( /* , */ v /* ) */ , 1 /* ) */ ) // end
}
const get = /* ( */ (v, i) /* { */ => /* { */ Atomics /* ( */ . /* ( */ load /* ( */ (v, i) // )`,
    value: 10,
    steps: 'load@6',
  },
  {
    name: 'a hashbang, with and without directives',
    source: `#!/usr/bin/env node
'use strict'
export function main(v) { return Atomics.load(v, 1) }`,
    value: 10,
    steps: 'load@3',
  },
  {
    name: 'a hashbang alone',
    source: `#!/usr/bin/env node
export function main(v) { return Atomics.load(v, 1) }`,
    value: 10,
    steps: 'load@2',
  },
  {
    name: 'carriage returns and tabs',
    source:
      'export function main(v) {\r\n\tconst x = Atomics.load(v, 1)\r\n\treturn x + get(v)\r\n}\r\nfunction get(v) {\r\n\treturn Atomics.load(v, 2)\r\n}',
    value: 30,
    steps: 'load@2 load@6',
  },
  {
    name: 'directives in functions',
    source: `export function main(v) {
  'use strict'
  "other"
  return [(function () { 'use strict'; return [this, Atomics.load(v, 1)]; })(), Atomics.load(v, 2)];
}`,
    value: [[undefined, 10], 20],
    steps: 'load@4 load@4',
  },
];

const typeScript: readonly Row[] = [
  {
    name: 'TypeScript, with types gone and lines kept',
    language: 'ts',
    source: `interface Shape {
  readonly a: number;
}

type View = Int32Array<SharedArrayBuffer>;
class Cell<T extends Shape> {
  constructor(readonly view: View, private shape?: T) {}

  get(
    index: number,
  ): number {
    return Atomics.load(this.view, index) as number;
  }
}
export function main(v: View): number {
  enum Where { One = 1 }
  return new Cell<Shape>(v).get(Where.One)! + Atomics.load(v, 2);
}`,
    value: 30,
    steps: 'load@12 load@17',
  },
  {
    name: 'using, lowered',
    language: 'ts',
    source: `const lock = (v: Int32Array, log: unknown[], name: string) => {
  log.push(name, Atomics.add(v, 0, 1));
  return { name, [Symbol.dispose]() { log.push('end ' + name, Atomics.sub(v, 0, 1)); } };
};
export function main(v: Int32Array, log: unknown[]) {
  using a = lock(v, log, 'a');
  try {
    using b = lock(v, log, 'b');
    throw new Error(a.name + b.name);
  } catch (error) {
    return (error as Error).message;
  }
}`,
    value: 'ab',
    log: ['a', 0, 'b', 1, 'end b', 2, 'end a', 1],
    steps: 'add@2 add@2 sub@3 sub@3',
  },
];

const scripts: readonly Row[] = [
  {
    name: 'sloppy: an assignment to the name of a function expression does nothing, but in strict code',
    source: `exports.main = function (v) {
  var f = function g() {
    var seen = [Atomics.load(v, 1), g = 1, typeof (g += 'x'), g++, [g] = [2], { g } = { g: 3 }, { g = 4 } = {}, { h: g } = { h: 5 }];
    for (g of [6]);
    g ||= 7;
    (function () { 'use strict'; try { g = 8; } catch (error) { seen.push(error.name); } })();
    return [JSON.stringify(seen), g === f];
  };
  return f();
};`,
    value: ['[10,1,"string",null,[2],{"g":3},{},{"h":5},"TypeError"]', true],
    steps: 'load@3',
    language: 'script',
  },
  {
    name: 'CommonJS: exports and sloppy mode',
    language: 'script',
    source: `var get = function (v) { return Atomics.load(v, 1); };
function self() { return [this === globalThis, Atomics.load(arguments[0], 2)]; }
exports.main = function main(v) { undeclared = get(v); var got = undeclared; delete globalThis.undeclared; return [got, self(v)]; };`,
    value: [10, [true, 20]],
    steps: 'load@1 load@2',
  },
  {
    name: 'sloppy: arguments and parameters are one',
    language: 'script',
    source: `function f(i, v) { arguments[0] = 2; return Atomics.load(v, i); }
exports.main = function (v) { return f(1, v); };`,
    value: 20,
    steps: 'load@1',
  },
  {
    name: 'sloppy: functions declared in blocks, after labels and in if',
    language: 'script',
    source: `exports.main = function (v) {
  { function inBlock() { return Atomics.load(v, 1); } }
  label: function labelled() { return Atomics.load(v, 2); }
  if (v) function inIf() { return Atomics.load(v, 3); }
  if (!v) function never() { return Atomics.load(v, 3); } else function inElse() { return Atomics.load(v, 4); }
  { function twice() { return Atomics.load(v, 5); } function twice() { return Atomics.load(v, 6); } }
  return [inBlock(), labelled(), inIf(), typeof never, inElse(), twice()];
};`,
    value: [10, 20, 30, 'undefined', 40, 60],
    steps: 'load@2 load@3 load@4 load@5 load@6',
  },
  {
    name: 'sloppy: yield and let and async as names',
    language: 'script',
    source: `var async = 1, let = 2;
function named(v) { var yield = 3; return yield + async + let; }
exports.main = function (v) { return [named(v), Atomics.load(v, 1)]; };`,
    value: [6, 10],
    steps: 'load@3',
  },
  {
    name: 'sloppy: constructors of the old kind',
    language: 'script',
    source: `function Base(v) { this.first = Atomics.load(v, 1); }
Base.prototype.get = function (v) { return Atomics.load(v, 2); };
Base.make = function (v) { return Atomics.load(v, 3); };
function Sub() { this.second = 1; }
Object.setPrototypeOf(Sub, Base);
Sub.prototype = Object.create(Base.prototype);
function Third() { Sub.call(this); return this; }
exports.main = function (v) { var s = new Sub(), t = Third.call({}); return [new Base(v).first, s.get(v), Sub.make(v), s.second, t.second]; };`,
    value: [10, 20, 30, 1, 1],
    steps: '!load load@2 load@3',
  },
  {
    name: 'top-level return and arguments of the module wrapper',
    language: 'script',
    source: `exports.main = (v) => [arguments.length, Atomics.load(v, 1)];
if (exports.main) return;
exports.main = undefined;`,
    value: [2, 10],
    steps: 'load@1',
  },
  {
    name: 'an old octal, an HTML comment, a function called with undefined this',
    language: 'script',
    source: `<!-- old
exports.main = function (v) { return [010, (function () { return this; })() === globalThis, Atomics.load(v, 1)]; }
--> older`,
    value: [8, true, 10],
    steps: 'load@2',
  },
];

async function loadRow(row: Row): Promise<{ original: Module; instrumented: Module }> {
  if (row.language === 'script')
    return { original: evaluateScript(row.source), instrumented: loadScript(row.source) };
  if (row.language === 'ts')
    return {
      original: await loadOriginal(stripTypes(row.source, 'x.ts').code),
      instrumented: await loadTypeScript(row.source),
    };
  return { original: await loadOriginal(row.source), instrumented: await load(row.source) };
}

describe.each([
  ['functions', functions],
  ['classes', classes],
  ['calls', calls],
  ['Atomics', atomics],
  ['statements', statements],
  ['TypeScript', typeScript],
  ['scripts', scripts],
])('%s', (_title, rows) => {
  test.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const { original, instrumented } = await loadRow(row);
    const expected = { value: row.value, error: undefined, log: row.log ?? [] };
    const authors = [] as unknown[];
    const view = newView();
    const before = runPlain(original['main'], view, authors);
    expect({ value: before.value, error: before.error, log: authors }, 'the row itself').toEqual(expected);
    const log: unknown[] = [];
    const plainView = newView();
    const plain = runPlain(instrumented['main'], plainView, log);
    expect({ value: plain.value, error: plain.error, log }, 'plain form').toEqual(expected);
    expect(plainView).toEqual(view);
    const again = (await loadRow(row)).instrumented;
    const twinLog: unknown[] = [];
    const twinView = newView();
    const twin = runTwin(again['main'], twinView, twinLog);
    expect({ value: twin.value, error: twin.error, log: twinLog }, 'twin').toEqual(expected);
    expect(twinView).toEqual(view);
    expect(twin.steps).toBe(row.steps);
  });
});

/** Constructs that are refused when a thread meets them: the message, and the place. Outside threads they work. */
const refusals: readonly {
  readonly name: string;
  readonly source: string;
  readonly what: string;
  readonly place: string;
  readonly plain?: unknown;
  readonly language?: 'script';
}[] = [
  {
    name: 'async function',
    source: `async function later(v) { return Atomics.load(v, 1); }
export function main(v) {
  return typeof later(v).then;
}`,
    what: 'async function later',
    place: '1:1',
    plain: 'function',
  },
  {
    name: 'async arrow function',
    source: `export function main(v) {
  const later = async () => Atomics.load(v, 1);
  return typeof later().then;
}`,
    what: 'async function',
    place: '2:17',
    plain: 'function',
  },
  {
    name: 'async function that makes no call',
    source: `const o = {
  f: async function named() {},
};
export const main = (v) => typeof o.f(v).then;`,
    what: 'async function named',
    place: '2:6',
    plain: 'function',
  },
  {
    name: 'async method',
    source: `class Cell {
  async later() { return 1; }
}
export const main = () => typeof new Cell().later().then;`,
    what: 'async function',
    place: '2:3',
    plain: 'function',
  },
  {
    name: 'static async method',
    source: `class Cell { static async later() { return 1; } }
export const main = () => typeof Cell.later().then;`,
    what: 'async function',
    place: '1:14',
    plain: 'function',
  },
  {
    name: 'private async method',
    source: `class Cell {
  async #later() { return 1; }
  main() { return typeof this.#later().then; }
}
export const main = () => new Cell().main();`,
    what: 'async function',
    place: '2:3',
    plain: 'function',
  },
  {
    name: 'private async method taken as a value',
    source: `class Cell {
  static async #later() { return 1; }
  static main() { const f = this.#later; return typeof f().then; }
}
export const main = () => Cell.main();`,
    what: 'async function',
    place: '2:3',
    plain: 'function',
  },
  {
    name: 'async method of an object literal, with a computed key',
    source: `const o = { async ['la' + 'ter']() { return 1; } };
export const main = () => typeof o.later().then;`,
    what: 'async function',
    place: '1:13',
    plain: 'function',
  },
  {
    name: 'async generator',
    source: `async function* later() { yield 1; }
export const main = () => typeof later().next;`,
    what: 'async function later',
    place: '1:1',
    plain: 'function',
  },
  {
    name: 'default export that is async and has no name',
    source: `export const main = () => typeof self.default().then;
export default async function () {}
const self = { get default() { return helper(); } };
let made; function helper() { return made ?? (made = async () => 1); }`,
    what: 'async function',
    place: '4:54',
    plain: 'function',
  },
  {
    name: 'method of an object literal that uses super',
    source: `const proto = { get(v) { return Atomics.load(v, 1); } };
const o = {
  __proto__: proto,
  get(v) { return super.get(v) + 1; },
};
export const main = (v) => o.get(v);`,
    what: 'method of an object literal that uses super',
    place: '4:3',
    plain: 11,
  },
  {
    name: 'method of an object literal that uses super, with a computed key',
    source: `const proto = { get(v) { return Atomics.load(v, 1); } };
let keys = 0;
const o = { __proto__: proto, ['get' + ('x', ++keys)](v) { return super.get(v) + keys; } };
export const main = (v) => o.get1(v);`,
    what: 'method of an object literal that uses super',
    place: '3:31',
    plain: 11,
  },
  {
    name: 'arrow function that calls super()',
    source: `class Base { constructor(v) { this.n = Atomics.load(v, 1); } }
class Cell extends Base { constructor(v, list) { const go = () => super(v); list.forEach(go); go(); } }
let escaped;
class Leak extends Base { constructor(v) { escaped = () => super(Object(v)); super(v); } }
export function main(v) { const n = new Cell(v, []).n; new Leak(v); try { return escaped(); } catch (error) { if (error.name !== 'ReferenceError') throw error; return n; } }`,
    what: 'arrow function that calls super()',
    place: '4:54',
    plain: 10,
  },
  {
    name: 'arrow function that assigns to super',
    source: `class Cell { go(v) { const put = () => { [super.x] = [Atomics.load(v, 1)]; }; put(); return this.x; } }
export const main = (v) => new Cell().go(v);`,
    what: 'arrow function that assigns to super',
    place: '1:34',
    plain: 10,
  },
  {
    name: 'direct eval in an arrow that asks for arguments',
    source: `export function main(v) { return ((x) => {\n  return eval('arguments.length + x'); })(4); }`,
    what: 'eval of arguments, super or new.target in an arrow function',
    place: '2:10',
    plain: 5,
  },
  {
    name: 'direct eval of super in plain code of an arrow',
    source: `class B extends class { m() { return 3; } } { m() { return (() => [1].map(() => eval('super.m()'))[0])(); } }
export function main(v) { return new B().m(); }`,
    what: 'eval of arguments, super or new.target in an arrow function',
    place: '1:81',
    plain: 3,
  },
  {
    name: 'method that assigns to super and has variables with names that its parameters use',
    source: `export function main(v) { return new (class { m(a = id(1)) { var a; super.x = a; return this.x; } })().m(); }
const id = (x) => x;`,
    what: 'method that assigns to super and has variables with names that its parameters use',
    place: '1:47',
    plain: 1,
  },
  {
    name: 'call of an optional chain in parentheses',
    source: `const o = { n: 1, get() { return this.n; } };
export const main = () => (o?.get)();`,
    what: 'call of an optional chain in parentheses',
    place: '2:27',
    plain: 1,
  },
  {
    name: 'template with an optional chain in parentheses as its tag',
    source: `const o = { n: 1, get() { return this.n; } };
export const main = () => (o?.get)\`x\`;`,
    what: 'template with an optional chain in parentheses as its tag',
    place: '2:27',
    plain: 1,
  },
  {
    name: 'delete of an optional chain with calls',
    source: `const o = { get() { return { x: 1 }; } };
export const main = () => delete o?.get().x;`,
    what: 'delete of an optional chain with calls',
    place: '2:27',
    plain: true,
  },
  {
    name: 'functions nested too deeply',
    source: `export const main = (v) =>
  (() => (() => (() => (() => (() => (() => {
    const deep = () => Atomics.load(v, 1);
    return deep();
  })())())())())())();`,
    what: 'function nested more than 7 levels deep',
    place: '3:18',
    plain: 10,
  },
  {
    name: 'private method nested too deeply',
    source: `export const main = (v) =>
  (() => (() => (() => (() => (() => (() => {
    class Cell { #get() { return Atomics.load(v, 1); } static get() { return new Cell().#get(); } }
    return [0].map(Cell.get)[0];
  })())())())())())();`,
    what: 'function nested more than 7 levels deep',
    place: '3:56',
    plain: 10,
  },
  {
    name: 'a variable called yield',
    source: `exports.main = function (v) { var yield = Atomics.load(v, 1); return yield; };`,
    what: 'function with a variable called yield',
    place: '1:16',
    plain: 10,
    language: 'script',
  },
  {
    name: 'a with statement',
    source: `exports.main = function (v) { with ({ v: v, Atomics: { load: function () { return 5; } } }) { return Atomics.load(v, 1); } };`,
    what: 'function with a with statement',
    place: '1:16',
    plain: 5,
    language: 'script',
  },
];

describe('refused when a thread meets it, by file and line', () => {
  test.each(refusals.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const module = row.language === 'script' ? loadScript(row.source) : await load(row.source);
    expect(runPlain(module['main'], newView())).toMatchObject({ value: row.plain, error: undefined });
    const { error } = runTwin(module['main'], newView());
    expect(error).toBeInstanceOf(UnsupportedError);
    expect((error as Error).message).toBe(
      `${row.what} cannot run as part of a thread: a thread's body is plain synchronous code; call it outside thread and attach (${file}:${row.place})`,
    );
  });

  test('Atomics.waitAsync', async () => {
    const module = await load('export const main = (v) => typeof Atomics.waitAsync(v, 0, 1);');
    expect(runPlain(module['main'], newView()).value).toBe('object');
    expect((runTwin(module['main'], newView()).error as Error).message).toMatch(
      /^Atomics.waitAsync cannot run/,
    );
  });
});

describe('modules', () => {
  test('a re-exported function keeps its twin, and the line of its own module', async () => {
    installHost();
    const transformed = (source: string, name: string) => moduleUrl(transform(source, { file: name }).code);
    const inner = transformed(
      'export function get(v) {\n  return Atomics.load(v, 1);\n}\nexport default (v) => Atomics.load(v, 2);',
      'inner.js',
    );
    const middle = transformed(
      `export { get as read, default } from '${inner}'; export * from '${inner}'; export * as all from '${inner}'`,
      'middle.js',
    );
    const module = await load(`import second, { read, get } from '${middle}'
import * as middle from '${middle}'
export const main = (v) => [read(v), get(v), second(v), middle.all.get(v), middle.default(v)]
export { read } from '${middle}'`);
    const run = runTwin(module['main'], newView());
    expect(run).toEqual({
      value: [10, 10, 20, 10, 20],
      error: undefined,
      steps: 'load@2 load@2 load@4 load@2 load@4',
    });
    expect(twinOf(module['read'])).toBeDefined();
  });

  test('a function of a module that was not instrumented runs unscheduled', async () => {
    const plain = moduleUrl('export const get = (v, f) => Atomics.load(v, 1) + f();');
    const module = await load(`import { get } from '${plain}';
export const main = (v) => get(v, () => Atomics.load(v, 2));`);
    expect(runTwin(module['main'], newView())).toEqual({ value: 30, error: undefined, steps: '!load !load' });
  });

  test('in a circle of modules, functions may be called before their module has run', async () => {
    const source = `export const made = before();
export function before() { const o = { m() { return call(); }, f: async () => call(), [call()]() { call(); } }; class C { ['k']() { call(); } } return [() => call(), function again() { call(); }, o, C]; }
function call() { return 1; }
export function main(v) { return [made[0](), made[2].m(), Atomics.load(v, made[0]())]; }`;
    const module = await load(source);
    expect(runPlain(module['main'], newView()).value).toEqual([1, 1, 10]);
    expect(runTwin(module['main'], newView())).toEqual({
      value: [1, 1, 10],
      error: undefined,
      steps: 'load@4',
    });
    // The same from another module: the first line of this one has not run when its function is called.
    const { code } = transform(source.replace('= before()', '= globalThis.threadproofCircle()'), { file });
    const hoisted = `export const early = (() => { globalThis.threadproofCircle = before; return before(); })();${code}`;
    const circular = (await import(/* @vite-ignore */ moduleUrl(hoisted))) as Module;
    expect(runTwin(circular['main'], newView()).steps).toBe('load@4');
    const [arrow] = circular['early'] as [() => number];
    expect([arrow(), typeof twinOf(arrow)]).toEqual([1, 'function']);
  });

  test.each([
    ['function without a name', 'export default function (v) { return Atomics.load(v, 1); }', 'default'],
    [
      'function without a name, with comments',
      'export default function /* ( */ (v) { return Atomics.load(v, 1) }',
      'default',
    ],
    ['function', 'export default function named(v) { return Atomics.load(v, 1); }', 'named'],
    ['arrow', 'export default (v) => Atomics.load(v, 1)', 'default'],
    ['arrow in parentheses', 'export default ((v) => Atomics.load(v, 1))', 'default'],
    ['function expression', 'export default (function (v) { return Atomics.load(v, 1) })', 'default'],
    ['function of a variable', 'const f = (v) => Atomics.load(v, 1)\nexport { f as default }', 'f'],
    ['value of a call', 'const id = (x) => x\nexport default id((v) => Atomics.load(v, 1))', ''],
  ])('default export: %s', async (_name, source, name) => {
    const module = await load(source);
    const main = module['default'] as () => unknown;
    expect(main.name).toBe(name);
    expect(runPlain(main, newView()).value).toBe(10);
    expect(runTwin(main, newView())).toMatchObject({
      value: 10,
      steps: expect.stringMatching(/^load@[12]$/),
    });
  });

  test('default export: a class without a name', async () => {
    const module = await load(
      'export default class { static get(v) { return Atomics.load(v, 1); } }\nexport const main = (v) => 0;',
    );
    const Class = module['default'] as { name: string; get: (v: Int32Array) => number };
    expect(Class.name).toBe('default');
    expect(runTwin(Class.get, newView())).toEqual({ value: 10, error: undefined, steps: 'load@1' });
  });

  test('a module without calls is left as it is', () => {
    const source =
      "#!/x\n'use strict';\nexport const a = (x) => x + 1;\nexport function* g() { yield a; }\nexport class C { #m() {} get() { return this.#m; } }\n";
    const { code, twins } = transform(source, { file });
    expect(code).toBe(source);
    expect(twins).toBe(0);
  });

  test('text that is not JavaScript is an error with its place', () => {
    expect(() => transform('let = = 1', { file })).toThrow(/\(1:\d+\)/);
  });

  test('a module whose host is missing says so', async () => {
    const { code } = transform('export const f = () => g();', { file });
    const lost = code.replaceAll('threadproof.host', 'threadproof.nowhere');
    await expect(import(/* @vite-ignore */ moduleUrl(lost))).rejects.toThrow(
      'this module was instrumented but its host is not installed',
    );
  });

  test('nothing we add can be seen in the module', async () => {
    const source = `export const f = () => g(); export function g() { return 1; } export class C { m() { return g(); } #p() { g(); } static s() { return g(); } }`;
    const before = await loadOriginal(source);
    const after = await load(source);
    const shape = (module: Module) =>
      Object.entries(module).map(([name, value]) => [
        name,
        Object.keys(value as object),
        Object.getOwnPropertyNames(value),
        Object.getOwnPropertyNames((value as { prototype?: object }).prototype ?? {}),
        (() => {
          const keys: string[] = [];
          for (const key in value as object) keys.push(key);
          return keys;
        })(),
      ]);
    expect(shape(after)).toEqual(shape(before));
  });
});

describe('frames that cannot be suspended, under the engine', () => {
  async function executed(
    source: string,
  ): Promise<{ outcome: ReturnType<VirtualExecutor['run']>; executor: VirtualExecutor }> {
    const module = await load(source);
    const make = await load(`export const thread = (id, { v, main }) => main(v);
export const setup = () => new Int32Array(new SharedArrayBuffer(32));`);
    const main = module['main'];
    const body = await load('export const bind = (main) => (id, v) => main(v);');
    const thread = (body['bind'] as (main: unknown) => (id: number, v: unknown) => unknown)(main);
    const executor = new VirtualExecutor({ threads: 1, setup: make['setup'] as () => unknown, thread });
    return { outcome: executor.run(roundRobin(1), true), executor };
  }

  test('steps of constructors, getters, setters, initialisers, generators and sort are counted', async () => {
    const { outcome, executor } = await executed(`class Cell {
  field = Atomics.add(globalThis.threadproofView, 0, 1);
  constructor(v) { Atomics.add(v, 0, 1); }
  get g() { return Atomics.load(globalThis.threadproofView, 0); }
  set s(x) { Atomics.store(globalThis.threadproofView, 0, x); }
}
function* gen(v) { yield Atomics.load(v, 0); }
export function main(v) {
  globalThis.threadproofView = v;
  const c = new Cell(v);
  c.s = c.g;
  [...gen(v)];
  [2, 1].sort(() => Atomics.load(v, 0));
  Atomics.load(v, 0);
}`);
    expect(outcome.kind).toBe('passed');
    expect(executor.unscheduled).toBe(6);
    expect(executor.trace?.map((row) => (row.unscheduled ? '!' : '') + row.kind)).toEqual([
      'start',
      ...['!add', '!add', '!load', '!store', '!load', '!load', 'load'],
    ]);
    expect(executor.trace?.at(-1)?.site).toEqual({ file, line: 14, column: 3 });
  });

  test.each([
    [
      'constructor',
      'class Locked {\n  constructor(v) { Atomics.wait(v, 0, 0); }\n}\nexport function main(v) { new Locked(v); }',
      'new Locked',
    ],
    [
      'getter',
      'const o = { get locked() { return Atomics.wait(this.v, 0, 0); } };\nexport function main(v) { o.v = v; return o.locked; }',
      'get locked',
    ],
    [
      'sort callback',
      'export function main(v) { [2, 1].sort(function compare() { Atomics.wait(v, 0, 0); return 0; }); }',
      'compare',
    ],
    [
      'generator',
      'function* locked(v) { yield Atomics.wait(v, 0, 0); }\nexport function main(v) { [...locked(v)]; }',
      'locked',
    ],
    [
      'swallowed error',
      'export function main(v) { [2, 1].sort(function compare() { try { Atomics.wait(v, 0, 0); } catch {} return 0; }); }',
      'compare',
    ],
  ])('a wait in a %s is an error that names the frame', async (_name, source, frame) => {
    const { outcome } = await executed(source);
    expect(outcome.kind).toBe('crashed');
    expect(outcome).toMatchObject({ error: expect.any(UnsupportedError) });
    expect((outcome as { message: string }).message).toContain(
      'Atomics.wait would block in a frame that cannot be suspended (a constructor, getter, generator or a callback of a builtin): ',
    );
    expect((outcome as { message: string }).message.split('builtin): ')[1]).toContain(frame);
  });

  test('a wait that would not block is no error there', async () => {
    const { outcome, executor } = await executed(
      'class Cell { constructor(v) { this.r = [Atomics.wait(v, 0, 1), Atomics.wait(v, 0, 0, 0), Atomics.notify(v, 0)].join(); } }\nexport function main(v) { if (new Cell(v).r !== "not-equal,timed-out,0") throw new Error("no"); }',
    );
    expect(outcome.kind).toBe('passed');
    expect(executor.unscheduled).toBe(3);
  });

  test('every thread of a function with twins is suspended at its steps', async () => {
    const module =
      await load(`export const thread = (id, v) => { for (let i = 0; i < 3; i++) Atomics.store(v, 0, Atomics.load(v, 0) + 1); };
export const setup = () => new Int32Array(new SharedArrayBuffer(4));
export const check = (v) => { if (v[0] === 6) throw new Error('nothing was lost'); };`);
    const program = {
      threads: 2,
      ...(module as unknown as { setup(): unknown; thread(id: number, v: unknown): void }),
    };
    const strategy = roundRobin(1);
    strategy.begin(0, 2);
    const run = new VirtualExecutor(program).run(strategy);
    expect(run.kind).toBe('passed');
  });
});

test('a twin is a stack frame of the author', async () => {
  const module = await load(`function deep(v) {
  Atomics.load(v, 0);
  throw new Error('here');
}
export const main = (v) => deep(v);`);
  const run: Run = runTwin(module['main'], newView());
  expect((run.error as Error).stack).toMatch(/deep/);
});
