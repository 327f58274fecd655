/**
 * Twins for builtins: those that make steps (`Atomics`) and those that call back (`Function.prototype.call`, array
 * iteration). With them, `const { load } = Atomics`, `method.call(object)` and `list.forEach(...)` are suspended like any
 * other call. Builtins that are not here run plainly, and the steps that their callbacks make are counted as unscheduled.
 */
import type { AnyFunction, Host, Twin } from './host.ts';
import { plainSymbol, twinOf, twinSymbol } from './host.ts';
import { elementWatcher, installViewMethods, readWhole } from './plain-access.ts';
import { type AtomicView, atomicSteps } from './step.ts';
import { installTimers } from './timers.ts';

/** A copy of the real functions of `Atomics`, to be taken before anything is replaced. */
export function nativeAtomics(): typeof Atomics {
  const copy = Object.create(null) as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(Atomics))
    copy[name] = (Atomics as unknown as Record<string, unknown>)[name];
  return copy as unknown as typeof Atomics;
}

type AnyCall = (this: unknown, ...args: unknown[]) => unknown;

export function installBuiltins(host: Host): void {
  installAtomics(host);
  installFunctions(host);
  installArrays(host);
  installCollections();
  installClock(host);
  installTimers(host);
  installViewMethods(host);
}

function setTwin(
  fn: unknown,
  twin: (this: never, ...args: never[]) => Generator<undefined, unknown, unknown>,
): void {
  Object.defineProperty(fn, twinSymbol, { value: twin, configurable: true, writable: true });
  Object.defineProperty(twin, plainSymbol, { value: fn, configurable: true, writable: true });
}

/** Calls `fn` in a twin: through its own twin when it has one. */
function* call(fn: unknown, self: unknown, args: readonly unknown[]): Generator<undefined, unknown, unknown> {
  const twin = twinOf(fn);
  if (twin !== undefined) return yield* twin.apply(self, args as unknown[]);
  return Reflect.apply(fn as AnyCall, self, args);
}

function installAtomics(host: Host): void {
  const announce = host.helpers['s'] as (...args: unknown[]) => undefined;
  const table = Atomics as unknown as Record<string, unknown>;
  for (const [name, { kind, most }] of Object.entries(atomicSteps)) {
    const original = table[name] as AnyCall | undefined;
    if (original === undefined) continue;
    const replacement = wrapper(host, kind, original);
    Object.defineProperty(replacement, 'name', { value: name, configurable: true });
    Object.defineProperty(replacement, 'length', { value: original.length, configurable: true });
    setTwin(replacement, function* (...args: unknown[]) {
      return yield announce(kind, -1, ...args.slice(0, most));
    });
    define(Atomics, name, replacement);
  }
  if (table['waitAsync'] !== undefined)
    define(Atomics, 'waitAsync', asyncWait(host, table['waitAsync'] as AnyCall));
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
}

/** The same function outside an execution; inside one, a step of a frame that cannot be suspended. */
function wrapper(host: Host, kind: number, original: AnyCall): AnyCall {
  const { native } = host;
  // Methods of an object have no `prototype` and cannot be constructed, as the originals.
  const { replacement } = {
    replacement(view: AtomicView, index: unknown, a: unknown, b: unknown): unknown {
      if (host.immediate !== undefined) return host.immediate(kind, view, index, a, b);
      switch (kind) {
        // Arguments are passed on one by one: an apply here would cost as much as the operation.
        case atomicSteps['load']!.kind:
          return native.load(view as Int32Array, index as number);
        case atomicSteps['compareExchange']!.kind:
          return native.compareExchange(view as Int32Array, index as number, a as number, b as number);
        case atomicSteps['wait']!.kind:
          return native.wait(view as Int32Array, index as number, a as number, b as number);
        case atomicSteps['pause']!.kind:
          return original.call(Atomics);
        default:
          return original.call(Atomics, view, index, a);
      }
    },
  };
  return replacement as AnyCall;
}

function asyncWait(host: Host, original: AnyCall): AnyCall {
  const { waitAsync } = {
    waitAsync(this: unknown, ...args: unknown[]): unknown {
      if (host.immediate !== undefined)
        (host.helpers['X'] as (what: string, site: number) => never)('Atomics.waitAsync', -1);
      return original.apply(Atomics, args);
    },
  };
  Object.defineProperty(waitAsync, 'length', { value: original.length, configurable: true });
  return waitAsync as AnyCall;
}

/** While an execution runs, time and chance are its own, so that the same schedule gives the same run. */
function installClock(host: Host): void {
  const now = (clock: () => number): number => virtualEpoch + Math.floor(clock());
  replace(Date, 'now', (original) => ({
    now(this: unknown): unknown {
      return host.clock === undefined ? original.call(this) : now(host.clock);
    },
  }));
  wrap('Date', {
    construct: (date, args, newTarget) =>
      Reflect.construct(
        date,
        args.length === 0 && host.clock !== undefined ? [now(host.clock)] : args,
        newTarget,
      ) as object,
    apply: (date, self, args) =>
      host.clock === undefined
        ? Reflect.apply(date as AnyCall, self, args)
        : (Reflect.construct(date, [now(host.clock)]) as Date).toString(),
  });
  define(Date.prototype, 'constructor', Date);
  installChance(host);
  // In Node it is a method of the prototype, and refuses to be called without its object.
  const owner = Object.hasOwn(performance, 'now') ? performance : Object.getPrototypeOf(performance);
  replace(owner as object, 'now', (original) => ({
    now(this: unknown): unknown {
      return host.clock === undefined ? original.call(this) : host.clock();
    },
  }));
}

function installChance(host: Host): void {
  replace(Math, 'random', (original) => ({
    random(this: unknown): unknown {
      return host.random === undefined ? original.call(this) : host.random();
    },
  }));
  const owner = Object.getPrototypeOf(crypto) as object;
  replace(owner, 'getRandomValues', (original) => ({
    getRandomValues(this: unknown, view: unknown): unknown {
      // The platform says what is wrong with the argument.
      const filled = original.call(this, view) as ArrayBufferView;
      if (host.random === undefined) return filled;
      const bytes = new Uint8Array(filled.buffer, filled.byteOffset, filled.byteLength);
      for (let i = 0; i < bytes.length; i++) bytes[i] = host.random() * 256;
      return filled;
    },
  }));
  replace(owner, 'randomUUID', (original) => ({
    randomUUID(this: unknown, ...args: unknown[]): unknown {
      const uuid = original.apply(this, args) as string;
      const { random } = host;
      if (random === undefined) return uuid;
      // Version and variant (RFC 9562 section 5.4) stay as they are.
      const drawn = (bound: number): string => Math.floor(random() * bound).toString(16);
      return uuid.replace(/[0-9a-f]/g, (digit, at: number) =>
        at === 14 ? digit : at === 19 ? '89ab'[Number.parseInt(drawn(4), 16)]! : drawn(16),
      );
    },
  }));
}

/** Puts a proxy in the place of a global, so that all else about it stays. */
function wrap(name: string, traps: ProxyHandler<AnyFunction>): void {
  const global = globalThis as unknown as Record<string, AnyFunction>;
  define(globalThis, name, new Proxy(global[name]!, traps));
}

/** Puts a method in the place of another, with the attributes of its property. */
function replace(owner: object, name: string, make: (original: AnyCall) => Record<string, AnyCall>): void {
  const property = Object.getOwnPropertyDescriptor(owner, name)!;
  Object.defineProperty(owner, name, { ...property, value: make(property.value as AnyCall)[name] });
}

/** Where `Date.now` begins in an execution: 2000-01-01T00:00:00Z in ms, far from any value that could pass for a duration. */
const virtualEpoch = 946_684_800_000;

function installFunctions(host: Host): void {
  const proto = Function.prototype;
  setTwin(proto.call, function* (this: unknown, self: unknown, ...args: unknown[]) {
    return yield* call(this, self, args);
  });
  setTwin(proto.apply, function* (this: unknown, self: unknown, args: ArrayLike<unknown> | null | undefined) {
    return yield* call(this, self, args === null || args === undefined ? [] : listOf(host, args));
  });
  setTwin(Reflect.apply, function* (fn: unknown, self: unknown, args: ArrayLike<unknown>) {
    return yield* call(fn, self, listOf(host, args));
  });
  const bind = proto.bind;
  const { bind: replacement } = {
    // A bound function carries the bound twin, so that it is suspended as its target is.
    bind(this: AnyFunction, ...args: unknown[]): unknown {
      const bound = Reflect.apply(bind, this, args) as AnyFunction;
      const twin = twinOf(this);
      if (twin !== undefined) setTwin(bound, Reflect.apply(bind, twin, args) as Twin);
      return bound;
    },
  };
  Object.defineProperty(replacement, 'length', { value: 1, configurable: true });
  define(proto, 'bind', replacement);
}

/** ECMA-262 CreateListFromArrayLike: by index, whatever the iterator says. */
function listOf(host: Host, args: ArrayLike<unknown>): unknown[] {
  readWhole(host, args, -1);
  if (Object(args) !== args) throw new TypeError('CreateListFromArrayLike called on non-object');
  const length = lengthOf(args);
  const list: unknown[] = [];
  for (let i = 0; i < length; i++) list.push(args[i]);
  return list;
}

/** ECMA-262 LengthOfArrayLike. */
function lengthOf(list: ArrayLike<unknown>): number {
  const length = Math.trunc(Number(list.length));
  return length > 0 ? Math.min(length, Number.MAX_SAFE_INTEGER) : 0;
}

/** ECMA-262 ToObject, for the `this` of an array method. */
function listFrom(self: unknown, name: string): ArrayLike<unknown> {
  if (self === null || self === undefined)
    throw new TypeError(`Array.prototype.${name} called on null or undefined`);
  return Object(self) as ArrayLike<unknown>;
}

/** ECMA-262 ArraySpeciesCreate, for one realm. */
function speciesOf(list: ArrayLike<unknown>, length: number): unknown[] {
  if (!Array.isArray(list)) return new Array<unknown>(length);
  let maker = (list as { constructor: unknown }).constructor as Record<symbol, unknown> | undefined | null;
  if (typeof maker === 'function' || (typeof maker === 'object' && maker !== null))
    maker = (maker as Record<symbol, unknown>)[Symbol.species] as typeof maker;
  if (maker === undefined || maker === null) return new Array<unknown>(length);
  return new (maker as unknown as new (length: number) => unknown[])(length);
}

function put(list: unknown[], index: number, value: unknown): void {
  Object.defineProperty(list, index, { value, writable: true, enumerable: true, configurable: true });
}

type ArrayTwin = (this: unknown, callback: unknown, self?: unknown) => Generator<undefined, unknown, unknown>;

/** Array iteration, written after ECMA-262 section 23.1.3: length read once, holes skipped where the standard skips them. */
function installArrays(host: Host): void {
  const watch = elementWatcher(host);
  const elementOf = (list: ArrayLike<unknown>, i: number): unknown => {
    if (host.plain !== undefined) watch(list, i, -1, false); // a view's elements are shared memory
    return list[i];
  };
  const isWatched = (list: unknown): boolean => host.plain !== undefined && ArrayBuffer.isView(list);
  const twins: Record<string, ArrayTwin> = {
    *forEach(callback, self) {
      const list = listFrom(this, 'forEach');
      const length = lengthOf(list);
      for (let i = 0; i < length; i++)
        if (i in list) yield* call(callback, self, [elementOf(list, i), i, list]);
      return undefined;
    },
    *map(callback, self) {
      const list = listFrom(this, 'map');
      const length = lengthOf(list);
      const result = speciesOf(list, length);
      for (let i = 0; i < length; i++)
        if (i in list) put(result, i, yield* call(callback, self, [elementOf(list, i), i, list]));
      return result;
    },
    *filter(callback, self) {
      const list = listFrom(this, 'filter');
      const length = lengthOf(list);
      const result = speciesOf(list, 0);
      let kept = 0;
      for (let i = 0; i < length; i++) {
        if (!(i in list)) continue;
        const item = elementOf(list, i);
        if (yield* call(callback, self, [item, i, list])) put(result, kept++, item);
      }
      return result;
    },
    *some(callback, self) {
      const list = listFrom(this, 'some');
      const length = lengthOf(list);
      for (let i = 0; i < length; i++)
        if (i in list && (yield* call(callback, self, [elementOf(list, i), i, list]))) return true;
      return false;
    },
    *every(callback, self) {
      const list = listFrom(this, 'every');
      const length = lengthOf(list);
      for (let i = 0; i < length; i++)
        if (i in list && !(yield* call(callback, self, [elementOf(list, i), i, list]))) return false;
      return true;
    },
    *find(callback, self) {
      const list = listFrom(this, 'find');
      const length = lengthOf(list);
      for (let i = 0; i < length; i++) {
        const item = elementOf(list, i);
        if (yield* call(callback, self, [item, i, list])) return item;
      }
      return undefined;
    },
    *findIndex(callback, self) {
      const list = listFrom(this, 'findIndex');
      const length = lengthOf(list);
      for (let i = 0; i < length; i++)
        if (yield* call(callback, self, [elementOf(list, i), i, list])) return i;
      return -1;
    },
  };
  for (const [name, twin] of Object.entries(twins)) {
    const plain = Array.prototype[name as 'forEach'];
    // A callback without a twin needs no generator around each call: the builtin does it, and faster.
    setTwin(plain, function* (this: unknown, callback: unknown, self?: unknown) {
      if (twinOf(callback) === undefined && !isWatched(this))
        return Reflect.apply(plain as AnyCall, this, [callback, self]);
      return yield* twin.call(this, callback, self);
    });
  }
  const { reduce } = Array.prototype;
  setTwin(reduce, function* (this: unknown, ...args: unknown[]) {
    const callback = args[0];
    if (twinOf(callback) === undefined && !isWatched(this))
      return Reflect.apply(reduce as AnyCall, this, args);
    const list = listFrom(this, 'reduce');
    const length = lengthOf(list);
    let i = 0;
    let value = args[1];
    if (args.length < 2) {
      while (i < length && !(i in list)) i++;
      if (i >= length) throw new TypeError('Reduce of empty array with no initial value');
      value = elementOf(list, i++);
    }
    for (; i < length; i++)
      if (i in list) value = yield* call(callback, undefined, [value, elementOf(list, i), i, list]);
    return value;
  });
}

/** Maps and sets: their iterators are live, as their `forEach` is. */
function installCollections(): void {
  for (const prototype of [Map.prototype, Set.prototype]) {
    const { forEach, entries } = prototype;
    setTwin(forEach, function* (this: unknown, callback: unknown, self?: unknown) {
      if (twinOf(callback) === undefined) return Reflect.apply(forEach as AnyCall, this, [callback, self]);
      for (const [key, value] of Reflect.apply(entries as AnyCall, this, []) as Iterable<[unknown, unknown]>)
        yield* call(callback, self, [value, key, this]);
      return undefined;
    });
  }
}
