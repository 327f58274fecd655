/**
 * Plain accesses to shared memory: `view[i]` in twins, and the methods of typed arrays and DataViews that a twin calls. They are no
 * steps; while somebody watches, each is told to them with its bytes and its place.
 */
import type { AnyNode } from './ast.ts';
import { type AnyFunction, plainSymbol, type Twin, twinSymbol } from './host.ts';

/** Told of every plain access to shared memory by a twin, right before a write or a read that stands alone. */
export type PlainAccess = (
  view: ArrayBufferView,
  byteOffset: number,
  byteLength: number,
  write: boolean,
  site: number,
) => void;

/** The part of the host that watching needs. */
export interface Watched {
  plain: PlainAccess | undefined;
  /** The site of the method call that comes next. */
  at: number;
}

type AnyView = ArrayBufferView & { readonly length?: number; readonly BYTES_PER_ELEMENT?: number };

/** A view's buffer getter is slow, and a thread stays with a view for a while. */
let lastShared: object | undefined;
let lastPrivate: object | undefined;

function isShared(view: ArrayBufferView): boolean {
  if (view === lastShared) return true;
  if (view === lastPrivate) return false;
  if (view.buffer instanceof SharedArrayBuffer) {
    lastShared = view;
    return true;
  }
  lastPrivate = view;
  return false;
}

/** The helper that twins call before they read or write `object[key]`. */
export function elementWatcher(
  host: Watched,
): (object: unknown, key: unknown, site: number, write: boolean) => void {
  return (object, key, site, write) => {
    const { plain } = host;
    if (plain === undefined || !ArrayBuffer.isView(object) || !isShared(object)) return;
    const index = typeof key === 'number' ? key : typeof key === 'string' && key !== '' ? Number(key) : -1;
    tell(plain, object, index, 1, site, write);
  };
}

/** `target(object, key, site).v` stands where `object[key]` is assigned to by a pattern or the head of a loop. */
export function targetMaker(
  host: Watched,
): (object: Record<PropertyKey, unknown>, key: PropertyKey, site: number) => { v: unknown } {
  const watch = elementWatcher(host);
  return (object, key, site) => ({
    set v(value: unknown) {
      watch(object, key, site, true);
      object[key] = value;
    },
  });
}

/** Elements from `index` on. What is outside the view is not touched. */
function tell(
  plain: PlainAccess,
  view: AnyView,
  index: number,
  count: number,
  site: number,
  write: boolean,
): void {
  const size = view.BYTES_PER_ELEMENT;
  if (size === undefined || count <= 0 || !(index >= 0 && index + count <= view.length!)) return; // a view with elements has a length
  if ((index | 0) === index) plain(view, view.byteOffset + index * size, count * size, write, site);
}

// --- what the transform asks ------------------------------------------------------------------------------------

/** Names of methods that touch elements: a call of one of them says where it stands. */
export function isViewMethod(name: string): boolean {
  return elementMethods.has(name) || searches.has(name) || dataMethod.test(name);
}

const elementMethods = new Set([
  ...['fill', 'set', 'copyWithin', 'slice', 'at', 'reverse', 'sort', 'join', 'indexOf', 'lastIndexOf'],
  ...['forEach', 'map', 'filter', 'reduce', 'reduceRight', 'toReversed', 'toSorted', 'with', 'includes'],
]);
/** Those that stop where a callback says so. */
const searches = new Set(['find', 'findIndex', 'findLast', 'findLastIndex', 'some', 'every']);
const dataMethod = /^([gs]et)((?:Big)?(?:Int|Uint|Float)(8|16|32|64))$/;

/** Whether running `node` (not the functions inside it) may read or write an element by a computed key. */
export function touchesElements(node: AnyNode, children: (node: AnyNode) => readonly AnyNode[]): boolean {
  if (/Function/.test(node.type)) return false;
  return (
    isElement(node) ||
    elementKeys(node).length > 0 ||
    copiedView(node) !== undefined ||
    children(node).some((child) => touchesElements(child, children))
  );
}

/** The properties of `{ [key]: x } = value` that may be elements of `value`. */
export function elementKeys(node: AnyNode): readonly AnyNode[] {
  const pattern =
    node.type === 'VariableDeclarator' && node.init
      ? node.id
      : node.type === 'AssignmentExpression'
        ? node.left
        : undefined;
  if (pattern?.type !== 'ObjectPattern') return [];
  return pattern.properties.filter(
    (p) =>
      p.type === 'Property' &&
      (p.key.type === 'Literal'
        ? typeof p.key.value === 'number'
        : p.computed && p.key.type !== 'TemplateLiteral'),
  );
}

/** What `new Int32Array(view)` copies. */
export function copiedView(node: AnyNode): AnyNode | undefined {
  if (node.type !== 'NewExpression' || node.arguments.length !== 1) return undefined;
  const { callee } = node;
  const [copied] = node.arguments as [AnyNode];
  const isView =
    callee.type === 'Identifier' && /^(Big)?(Int|Uint|Float)\d+(Clamped)?Array$/.test(callee.name);
  return isView && !['Literal', 'NewExpression', 'SpreadElement', 'BinaryExpression'].includes(copied.type)
    ? copied
    : undefined;
}

/** `object[key]`, unless the key is a name. */
export function isElement(node: AnyNode): boolean {
  if (node.type !== 'MemberExpression' || !node.computed || node.object.type === 'Super') return false;
  return node.property.type !== 'Literal' || typeof node.property.value === 'number';
}

/** Adds the names and elements that a pattern assigns to. */
export function addTargets(pattern: AnyNode | null, targets: Set<AnyNode>): void {
  switch (pattern?.type) {
    case 'Identifier':
    case 'MemberExpression':
      targets.add(pattern);
      break;
    case 'ArrayPattern':
      for (const element of pattern.elements) addTargets(element, targets);
      break;
    case 'ObjectPattern':
      for (const p of pattern.properties) addTargets(p.type === 'Property' ? p.value : p, targets);
      break;
    case 'AssignmentPattern':
      addTargets(pattern.left, targets);
      break;
    case 'RestElement':
      addTargets(pattern.argument, targets);
      break;
  }
}

// --- methods ----------------------------------------------------------------------------------------------------

type Method = (this: AnyView, ...args: unknown[]) => unknown;
/** Says which elements a call touched: `reads` and `writes` are told by position and number of elements. */
type Touch = (
  view: AnyView,
  args: readonly unknown[],
  result: unknown,
  reads: (index: number, count: number) => void,
  writes: (index: number, count: number) => void,
) => void;

/** Gives the methods of typed arrays and DataViews twins that tell what they touched. Everything they do is done by the original. */
export function installViewMethods(host: Watched): void {
  installIteration(host);
  const typed = Object.getPrototypeOf(Int8Array.prototype) as Record<string, Method>;
  for (const name of elementMethods) {
    const touch = touches[name] ?? readAll;
    if (typeof typed[name] === 'function') give(host, typed[name], touch);
  }
  for (const name of searches) if (typeof typed[name] === 'function') search(host, typed[name]);
  const data = DataView.prototype as unknown as Record<string, Method>;
  for (const name of Object.getOwnPropertyNames(data)) {
    const parts = dataMethod.exec(name);
    if (parts === null) continue;
    const bytes = Number(parts[3]) / 8;
    const write = parts[1] === 'set';
    const method = data[name]!; // its own property
    // biome-ignore lint/correctness/useYield: a twin without steps
    twin(method, function* (...args) {
      const site = host.at;
      host.at = -1;
      const result = Reflect.apply(method, this, args);
      const { plain } = host;
      if (plain !== undefined && isShared(this))
        plain(this, this.byteOffset + (Math.trunc(Number(args[0])) || 0), bytes, write, site);
      return result;
    });
  }
}

/** `for (const x of view)`, `[...view]`, patterns and whatever else iterates: each element is told when it is read. The site is that of no call. */
function installIteration(host: Watched): void {
  const typed = Object.getPrototypeOf(Int8Array.prototype) as Record<PropertyKey, Method>;
  const { values: original } = typed as { values: Method };
  const { values } = {
    values(this: AnyView): unknown {
      const iterator = original.call(this) as Iterator<unknown> & Record<PropertyKey, unknown>;
      if (host.plain === undefined || !isShared(this)) return iterator;
      const next = iterator.next.bind(iterator);
      let index = 0;
      const watched: Record<PropertyKey, unknown> = Object.create(iterator);
      watched['next'] = (): IteratorResult<unknown> => {
        const result = next();
        if (host.plain !== undefined && result.done !== true) tell(host.plain, this, index++, 1, -1, false);
        return result;
      };
      return watched;
    },
  };
  for (const name of ['values', Symbol.iterator])
    Object.defineProperty(typed, name, { ...Object.getOwnPropertyDescriptor(typed, name), value: values });
}

function give(host: Watched, method: Method, touch: Touch): void {
  twin(method, function* (...args) {
    const site = host.at;
    host.at = -1;
    const result = Reflect.apply(method, this, args);
    const { plain } = host;
    if (plain !== undefined)
      touch(
        this,
        args,
        result,
        (index, count) => {
          if (isShared(this)) tell(plain, this, index, count, site, false);
        },
        (index, count) => {
          if (isShared(this)) tell(plain, this, index, count, site, true);
        },
      );
    if (plain !== undefined && method.name === 'set') readSource(plain, args[0], site);
    return result;
  });
}

/** Each element is told when the callback gets it. */
function search(host: Watched, method: Method): void {
  twin(method, function* (...args) {
    const site = host.at;
    host.at = -1;
    const { plain } = host;
    const [callback, self] = args;
    if (plain === undefined || typeof callback !== 'function' || !isShared(this))
      return Reflect.apply(method, this, args);
    const told = (value: unknown, index: number, view: unknown): unknown => {
      tell(plain, this, index, 1, site, false);
      return Reflect.apply(callback, self, [value, index, view]);
    };
    return Reflect.apply(method, this, [told]);
  });
}

function twin(method: Method, body: (this: AnyView, ...args: unknown[]) => Generator): void {
  Object.defineProperty(method, twinSymbol, { value: body, configurable: true, writable: true });
  Object.defineProperty(body as unknown as Twin, plainSymbol, {
    value: method as unknown as AnyFunction,
    configurable: true,
    writable: true,
  });
}

/** Tells that all of `source` is read, where that is a view on shared memory. Returns it. */
export function readWhole<T>(host: Watched, source: T, site: number): T {
  if (host.plain !== undefined) readSource(host.plain, source, site);
  return source;
}

/** `view.set(source)` reads all of the source, which may be shared as well. */
function readSource(plain: PlainAccess, source: unknown, site: number): void {
  if (!ArrayBuffer.isView(source) || !isShared(source)) return;
  const view = source as AnyView;
  if (view.length !== undefined) tell(plain, view, 0, view.length, site, false);
}

const readAll: Touch = (view, _args, _result, reads) => reads(0, view.length!); // called on views with elements

const touches: Readonly<Record<string, Touch>> = {
  fill(view, args, _result, _reads, writes) {
    const from = relative(args[1], 0, view.length!);
    writes(from, relative(args[2], view.length!, view.length!) - from);
  },
  set(_view, args, _result, _reads, writes) {
    const { length } = Object(args[0]) as { length?: unknown };
    writes(Math.trunc(Number(args[1] ?? 0)) || 0, Math.trunc(Number(length)) || 0);
  },
  copyWithin(view, args, _result, reads, writes) {
    const length = view.length!;
    const to = relative(args[0], 0, length);
    const from = relative(args[1], 0, length);
    const count = Math.min(relative(args[2], length, length) - from, length - to);
    reads(from, count);
    writes(to, count);
  },
  slice(view, args, _result, reads) {
    const from = relative(args[0], 0, view.length!);
    reads(from, relative(args[1], view.length!, view.length!) - from);
  },
  at(view, args, _result, reads) {
    const index = Math.trunc(Number(args[0])) || 0;
    reads(index < 0 ? index + view.length! : index, 1);
  },
  /** It reads up to what it finds. */
  indexOf(view, args, result, reads) {
    const from = relative(args[1], 0, view.length!);
    reads(from, (result === -1 ? view.length! : (result as number) + 1) - from);
  },
  lastIndexOf(view, args, result, reads) {
    const from = args.length < 2 ? view.length! - 1 : lastFrom(args[1], view.length!);
    const to = Math.max(0, result as number);
    reads(to, from + 1 - to);
  },
  includes(view, args, result, reads) {
    const from = relative(args[1], 0, view.length!);
    let count = view.length! - from;
    if (result === true) {
      const same = (value: unknown): boolean => [value].includes(args[0]); // NaN is found
      count = Array.prototype.findIndex.call(Array.prototype.slice.call(view, from), same) + 1;
    }
    reads(from, count);
  },
  reverse: readAndWriteAll,
  sort: readAndWriteAll,
};

function readAndWriteAll(
  view: AnyView,
  _args: readonly unknown[],
  _result: unknown,
  reads: (index: number, count: number) => void,
  writes: (index: number, count: number) => void,
): void {
  reads(0, view.length!);
  writes(0, view.length!);
}

/** Where a search from the end begins. */
function lastFrom(value: unknown, length: number): number {
  const index = Math.trunc(Number(value)) || 0;
  return index < 0 ? index + length : Math.min(index, length - 1);
}

/** ECMA-262's relative index: negative from the end, kept inside. */
function relative(value: unknown, fallback: number, length: number): number {
  if (value === undefined) return fallback;
  const index = Number.isNaN(Number(value)) ? 0 : Math.trunc(Number(value));
  return index < 0 ? Math.max(0, index + length) : Math.min(index, length);
}
