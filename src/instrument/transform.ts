/**
 * The twin transform: every plain function of a module gets a generator twin beside it; nothing else changes.
 *
 * In a twin, `Atomics.x(...)` yields a step and receives its result, and every other call asks the function whether it
 * has a twin: if so it becomes `yield*` of the twin, else it stays a plain call. The plain function is what runs outside an
 * execution, so one module instance serves both. Order of evaluation is kept: callee object, callee, arguments, each once.
 *
 * What has no twin, because JavaScript cannot suspend it: constructors, getters, setters, field initialisers, static blocks,
 * generators, and callbacks that builtins call. They run plainly; the host counts the steps they make. Async
 * functions get a twin that refuses, with its place in the source.
 *
 * Departure from the plan (a mangled method name looked up on the class): twins hang on the function objects by a symbol,
 * because a subclass or an instance may override a method by an untransformed function, and the mangled name
 * would then find the wrong twin. The look-up stands in the call site, so each site has its own inline cache.
 */
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { parse } from './ast.ts';
import { Emitter } from './emitter.ts';
import { type Position, Rope } from './rope.ts';
import { analyse } from './scope.ts';

export interface TransformOptions {
  /** The module as it is to be shown to people: a path or URL without query. */
  readonly file: string;
  /** 'module' for ES modules, 'script' for CommonJS. */
  readonly sourceType?: 'module' | 'script';
  /** The source map from the author's file to `code`, where a host has already transformed it. */
  readonly inputMap?: string | object | undefined;
  /** Where the map leads: to the author's file (the default), or to `code` for a host that chains maps itself. */
  readonly mapTo?: 'author' | 'code';
}

export interface Transformed {
  readonly code: string;
  readonly map: string;
  /** Functions that got a twin. */
  readonly twins: number;
  /** Where `code` went, for coverage: see Rope.copies. */
  readonly copies: () => readonly number[];
}

/** @throws SyntaxError (acorn's, with the place) when `code` is not JavaScript. */
export function transform(code: string, options: TransformOptions): Transformed {
  const sourceType = options.sourceType ?? 'module';
  const program = parse(code, sourceType);
  const lines = lineStarts(code);
  const input = inputMap(options.inputMap);
  const contents = new Map<string, string | null>();
  const toCode = input === undefined || options.mapTo === 'code';
  if (toCode) contents.set(options.file, code);
  else {
    for (const [i, s] of input.sources.entries())
      if (s !== null) contents.set(resolveSource(options.file, s), input.sourcesContent?.[i] ?? null);
  }
  const inCode = (offset: number): Position => ({ source: options.file, ...locate(lines, offset) });
  const toOriginal = (offset: number): Position | undefined => {
    const { line, column } = locate(lines, offset);
    if (input === undefined) return { source: options.file, line, column };
    const original = originalPositionFor(input, { line, column });
    if (original.source === null) return undefined;
    return {
      source: resolveSource(options.file, original.source),
      line: original.line,
      column: original.column,
    };
  };
  const rope = new Rope(code);
  const emitter = new Emitter({
    code,
    program,
    scopes: analyse(program),
    rope,
    toOriginal,
    file: options.file,
    names: [...new Set([options.file, ...contents.keys()])],
  });
  const twins = emitter.emitProgram();
  return {
    code: rope.toString(),
    map: rope.map(toCode ? inCode : toOriginal, contents),
    twins,
    copies: () => rope.copies(),
  };
}

function inputMap(map: TransformOptions['inputMap']): TraceMap | undefined {
  if (map === undefined || map === null) return undefined;
  const parsed = typeof map === 'string' ? (JSON.parse(map) as object) : map;
  if (!('mappings' in parsed) || parsed.mappings === '') return undefined;
  return new TraceMap(parsed as ConstructorParameters<typeof TraceMap>[0]);
}

/** Maps name their sources in many ways; for a module of one file the file itself is the steady name. */
function resolveSource(file: string, source: string): string {
  const base = source.slice(source.lastIndexOf('/') + 1);
  return file.endsWith(base) ? file : source;
}

function lineStarts(code: string): readonly number[] {
  const starts = [0];
  for (let i = code.indexOf('\n'); i !== -1; i = code.indexOf('\n', i + 1)) starts.push(i + 1);
  return starts;
}

function locate(starts: readonly number[], offset: number): { line: number; column: number } {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - starts[low]! };
}
