/**
 * What instrumented modules call. One host an isolate, on the global object: instrumented modules, several copies of this
 * package and the engine meet there. Installing it also replaces the functions of `Atomics` by ones that behave the same
 * outside an execution and, inside one, report the steps of frames that cannot be suspended.
 */
import { installBuiltins, nativeAtomics } from './builtins.ts';
import { elementWatcher, type PlainAccess, readWhole, targetMaker } from './plain-access.ts';
import { type AtomicView, Step, type StepKind } from './step.ts';

export const twinSymbol: unique symbol = Symbol.for('threadproof.twin') as never;
/** On a twin: the function it is the twin of. A twin met by way of a copied property, a prototype or a proxy is somebody else's. */
export const plainSymbol: unique symbol = Symbol.for('threadproof.plain') as never;
const hostSymbol = Symbol.for('threadproof.host');

// biome-ignore lint/complexity/noBannedTypes: any function at all may have a twin
export type AnyFunction = Function & { [twinSymbol]?: Twin };
export type Twin = ((this: unknown, ...args: unknown[]) => Generator<undefined, unknown, unknown>) & {
  [plainSymbol]?: AnyFunction;
};

/** A place in an author's file. Lines and columns are 1-based. */
export interface Site {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What the engine does with a step that a frame makes which cannot be suspended. Returns the step's result. */
export type ImmediateStep = (
  kind: StepKind,
  view: AtomicView,
  index: unknown,
  a: unknown,
  b: unknown,
) => unknown;

/** An error of ours about a construct that cannot run as a thread. Ends the execution with the outcome `crashed`. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
  readonly site: Site | undefined;

  constructor(message: string, site?: Site) {
    super(site === undefined ? message : `${message} (${site.file}:${site.line}:${site.column})`);
    this.site = site;
  }
}

/** Whether an error is such a refusal; one that cannot be looked at (a revoked proxy, say) is none. */
export function isUnsupported(error: unknown): error is UnsupportedError {
  try {
    return error instanceof UnsupportedError;
  } catch {
    return false;
  }
}

export interface Host {
  readonly helpers: Readonly<Record<string, unknown>>;
  /** Registers the sites of a module (flat list of line, column); the same module gives the same numbers again. */
  readonly sites: (file: string, positions: readonly number[]) => number;
  readonly site: (index: number) => Site | undefined;
  /** Called by every instrumented module with the names that it may have in a stack. */
  readonly instrumented: (names: readonly string[]) => void;
  /** Whether the module of that name is instrumented. */
  readonly isInstrumented: (name: string) => boolean;
  /** The names of all instrumented modules, without scheme and query. */
  readonly modules: () => Iterable<string>;
  /** Names the record that the next steps are written to: the pending step of the thread about to be resumed. */
  readonly focus: (step: Step) => void;
  /** The functions of `Atomics` as the platform made them. */
  readonly native: typeof Atomics;
  /** Set while a thread runs: receives the steps of frames that cannot be suspended. */
  immediate: ImmediateStep | undefined;
  /** The first construct that was refused in the execution that is running, even if the program caught the error. */
  refused: Error | undefined;
  /** Virtual time in ms and virtual randomness: what the clock and `Math.random` answer while an execution runs. */
  clock: (() => number) | undefined;
  random: (() => number) | undefined;
  /** Set while races are watched: told of the plain accesses of twins to shared memory. */
  plain: PlainAccess | undefined;
  /** The site of the call of a view's method that comes next. */
  at: number;
}

/** Taken before it is replaced. */
const bind = Function.prototype.bind;

let step: Step = new Step();

/** The one hot helper: writes down what the thread is about to do. The twin yields right after. */
function announce(
  kind: StepKind,
  site: number,
  view: AtomicView,
  index: unknown,
  a: unknown,
  b: unknown,
): void {
  const s = step;
  s.kind = kind;
  s.site = site;
  s.view = view;
  s.index = index;
  s.a = a;
  s.b = b;
}

function pair(plain: AnyFunction, twin: Twin): AnyFunction {
  plain[twinSymbol] = twin;
  twin[plainSymbol] = plain;
  return plain;
}

function createHost(): Host {
  const files: { readonly file: string; readonly positions: readonly number[]; readonly base: number }[] = [];
  const bases = new Map<string, number>();
  const modules = new Set<string>();
  let sites = 0;
  const refuse = (what: string, site: Site | undefined): UnsupportedError => {
    const error = refusal(what, site);
    if (host.immediate !== undefined) host.refused ??= error;
    return error;
  };
  const host: Host = {
    refused: undefined,
    native: nativeAtomics(),
    sites(file, positions) {
      const key = `${file}\n${positions.join()}`;
      const known = bases.get(key);
      if (known !== undefined) return known;
      const base = sites;
      bases.set(key, base);
      files.push({ file, positions, base });
      sites += positions.length / 2;
      return base;
    },
    instrumented(names) {
      for (const name of names) modules.add(plainPath(name));
    },
    isInstrumented: (name) => modules.has(plainPath(name)),
    modules: () => modules,
    site(index) {
      if (index < 0) return undefined;
      for (const { file, positions, base } of files) {
        const i = (index - base) * 2;
        if (i >= 0 && i < positions.length) return { file, line: positions[i]!, column: positions[i + 1]! };
      }
      return undefined;
    },
    focus(next) {
      step = next;
    },
    immediate: undefined,
    clock: undefined,
    random: undefined,
    plain: undefined,
    at: -1,
    helpers: {
      w: (object: unknown, key: unknown, site: number, write: boolean) =>
        watchElement(object, key, site, write),
      d: (object: Record<PropertyKey, unknown>, key: PropertyKey, site: number) =>
        makeTarget(object, key, site),
      T: twinSymbol,
      Q: plainSymbol,
      // Not fn.call(...): a function may have a property of that name.
      C: bind.call(Function.prototype.call, Function.prototype.call),
      N: () => {
        throw new TypeError('what is called is not a function');
      },
      K: propertyKey,
      Y: (object: Record<string, Twin>, key: string) => {
        const twin = object[key];
        delete object[key];
        return twin;
      },
      A: (value: unknown, strict: boolean) =>
        strict
          ? {
              get v(): unknown {
                return value;
              },
              set v(_: unknown) {
                throw new TypeError('Assignment to constant variable.');
              },
            }
          : Object.defineProperty({}, 'v', { value }),
      E: (code: unknown, site: number) => {
        if (typeof code === 'string' && /\\u|\b(arguments|super|new\s*\.\s*target)\b/.test(code))
          throw refuse('eval of arguments, super or new.target in an arrow function', host.site(site));
        return code;
      },
      V: (plain: AnyFunction, twin: Twin) =>
        plain[twinSymbol]?.[plainSymbol] === plain ? plain : pair(plain, twin),
      s: announce,
      F: (plain: AnyFunction, make: (self: AnyFunction) => Twin) => pair(plain, make(plain)),
      D: (plain: AnyFunction, twin: Twin) => {
        Object.defineProperty(plain, 'name', { value: 'default', configurable: true });
        return pair(plain, twin);
      },
      M: (target: object, twins: Record<PropertyKey, Twin | 0>) => {
        for (const key of Reflect.ownKeys(twins)) {
          const plain = Object.getOwnPropertyDescriptor(target, key)?.value as unknown;
          const twin = twins[key] as Twin | 0;
          if (twin !== 0 && typeof plain === 'function') pair(plain as AnyFunction, twin);
        }
      },
      O: (literal: Record<PropertyKey, unknown>, twins: Record<PropertyKey, Twin>) => {
        for (const key of Reflect.ownKeys(twins)) {
          const plain = Object.getOwnPropertyDescriptor(literal, key)?.value as unknown;
          if (typeof plain === 'function') pair(plain as AnyFunction, twins[key]!);
        }
        return literal;
      },
      B: (twin: Twin, self: unknown) => bind.call(twin, self),
      L:
        (twin: Twin, self: () => unknown) =>
        (...args: unknown[]) =>
          twin.apply(self(), args),
      R: (what: string, site: () => number): Twin =>
        // biome-ignore lint/correctness/useYield: a twin that refuses at once
        function* () {
          throw refuse(what, host.site(site()));
        },
      X: (what: string, site: number) => {
        throw refuse(what, host.site(site));
      },
      W: (source: unknown, site: number) => readWhole(host, source, site),
      G: (strings: TemplateStringsArray, ...values: unknown[]) => [strings, ...values],
    },
  };
  const watchElement = elementWatcher(host);
  const makeTarget = targetMaker(host);
  return host;
}

/** ECMA-262 ToPropertyKey. */
function propertyKey(value: unknown): PropertyKey {
  if (typeof value === 'string' || typeof value === 'symbol' || typeof value === 'number') return value;
  return Reflect.ownKeys({ [value as string]: 0 })[0]!;
}

/** A module's name without scheme and query. */
function plainPath(name: string): string {
  const path = name.replace(/^file:\/\//, '').replace(/\?.*$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function refusal(what: string, site: Site | undefined): UnsupportedError {
  return new UnsupportedError(
    `${what} cannot run as part of a thread: a thread's body is plain synchronous code; call it outside thread and attach`,
    site,
  );
}

/** The host of this isolate, installed on the first call. */
export function installHost(): Host {
  const global = globalThis as { [hostSymbol]?: Host };
  let host = global[hostSymbol];
  if (host === undefined) {
    host = createHost();
    Object.defineProperty(globalThis, hostSymbol, { value: host, configurable: true });
    installBuiltins(host);
  }
  return host;
}

export function twinOf(fn: unknown): Twin | undefined {
  if (typeof fn !== 'function') return undefined;
  const twin = (fn as AnyFunction)[twinSymbol];
  const plain = twin?.[plainSymbol];
  return plain === undefined || plain === fn ? twin : undefined;
}
