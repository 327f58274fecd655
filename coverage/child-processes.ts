/**
 * Counts of code that ran in processes and worker threads which the tests started. Node writes one file for each of them when
 * `NODE_V8_COVERAGE` is set where they start; provider.ts sets it in vitest's workers.
 *
 * Their code was compiled by something else (tsx, tsc, the loader), so its offsets mean nothing here. What the two have in common is the author's
 * file: each place that the child's source map names has a count, and the nodes of vitest's form of the module ask for the
 * count of the place they come from. A place that one compiler marks and the other does not takes the next marked place inside the node.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodedMappings,
  type EncodedSourceMap,
  originalPositionFor,
  TraceMap,
} from '@jridgewell/trace-mapping';
import { align, type FunctionCoverage, flatten, lineStarts, type Node, runs, visit } from './projection.ts';

/** One module in one process or thread. */
export interface ChildScript {
  /** Without query. */
  readonly url: string;
  readonly functions: readonly FunctionCoverage[];
  /** Absent where the file ran as it lies on disk. */
  readonly source?: { readonly lineLengths: readonly number[]; readonly map: EncodedSourceMap } | undefined;
}

interface NodeCoverageFile {
  readonly result: readonly { readonly url: string; readonly functions: readonly FunctionCoverage[] }[];
  readonly 'source-map-cache'?: Readonly<
    Record<string, { readonly lineLengths: readonly number[]; readonly data: EncodedSourceMap | null }>
  >;
}

/** Reads what Node wrote to `folder`: the modules for which `wanted` holds. */
export function readChildScripts(folder: string, wanted: (url: string) => boolean): ChildScript[] {
  if (!existsSync(folder)) return [];
  const scripts: ChildScript[] = [];
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.json')) continue;
    const file = parseFile(join(folder, name));
    for (const { url, functions } of file?.result ?? []) {
      const bare = url.replace(/[?#].*$/, '');
      if (!bare.startsWith('file:') || !wanted(bare)) continue;
      const cached = file?.['source-map-cache']?.[url];
      if (cached?.data)
        scripts.push({ url: bare, functions, source: { lineLengths: cached.lineLengths, map: cached.data } });
      else if (/\.[cm]?js$/.test(bare)) scripts.push({ url: bare, functions });
    }
  }
  return scripts;
}

/** A process that was killed while it wrote leaves half a file. */
function parseFile(path: string): NodeCoverageFile | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as NodeCoverageFile;
  } catch {
    return undefined;
  }
}

/** Counts by place in an author's file. */
export class Places {
  /** line * 2^20 + column (1-based, 0-based) */
  readonly #counts = new Map<number, number>();
  #sorted: Float64Array | undefined;

  /** Adds what one script counted. @param text the author's file, for scripts that ran as they are */
  add({ functions, source }: ChildScript, text: string): void {
    this.#sorted = undefined;
    const starts = source === undefined ? lineStarts(text) : startsOf(source.lineLengths);
    const length = source === undefined ? text.length : starts.at(-1)!;
    const counts = flatten(functions, length);
    if (source === undefined) {
      for (const [line, start] of starts.entries())
        for (let at = start; at < (starts[line + 1] ?? text.length); at++)
          this.#note(line + 1, at - start, counts[at] ?? 0);
      return;
    }
    let previous = -1;
    for (const [line, segments] of decodedMappings(new TraceMap(source.map)).entries())
      for (const segment of segments) {
        if (segment.length === 1) continue;
        const place = key(segment[2] + 1, segment[3]);
        if (place !== previous)
          this.#note(segment[2] + 1, segment[3], counts[starts[line]! + segment[0]] ?? 0);
        previous = place;
      }
  }

  #note(line: number, column: number, count: number): void {
    const place = key(line, column);
    this.#counts.set(place, (this.#counts.get(place) ?? 0) + count);
  }

  /** The count of the first place at or behind `from` and before `to`; 0 when there is none. */
  count(from: number, to: number): number {
    const exact = this.#counts.get(from);
    if (exact !== undefined) return exact;
    this.#sorted ??= Float64Array.from(this.#counts.keys()).sort();
    const sorted = this.#sorted;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < from) low = middle + 1;
      else high = middle;
    }
    const found = sorted[low];
    return found !== undefined && found < to ? this.#counts.get(found)! : 0;
  }
}

const key = (line: number, column: number): number => line * 2 ** 20 + column;

function startsOf(lengths: readonly number[]): readonly number[] {
  const starts = [0];
  for (const length of lengths) starts.push(starts.at(-1)! + length + 1);
  return starts;
}

interface Span extends Node {
  readonly end: number;
  readonly body?: Span | readonly Span[] | null;
}

/**
 * The counts of a module in vitest's form, for the places where the conversion asks for them.
 * @param program its tree
 * @param map from `code` to the author's file
 */
export function countsAt(
  places: Places,
  code: string,
  map: EncodedSourceMap,
  program: object,
): FunctionCoverage[] {
  const trace = new TraceMap(map);
  const starts = lineStarts(code);
  const sums = new Float64Array(code.length + 1);
  const author = (offset: number): number | undefined => {
    let line = 0;
    let high = starts.length - 1;
    while (line < high) {
      const middle = (line + high + 1) >> 1;
      if (starts[middle]! <= offset) line = middle;
      else high = middle - 1;
    }
    const found = originalPositionFor(trace, { line: line + 1, column: offset - starts[line]! });
    return found.source === null ? undefined : key(found.line, found.column);
  };
  const count = (node: Span): number => {
    const from = author(node.start);
    const to = author(node.end - 1);
    return from === undefined ? 0 : places.count(from, to === undefined || to <= from ? from + 1 : to);
  };
  /** A block and a function are marked by their braces, which count with what is around them: what is inside tells. */
  const inside = (node: Span): number => {
    const body = node.body as Span | readonly Span[] | null | undefined;
    if (body === null || body === undefined) return count(node);
    if (!Array.isArray(body)) return inside(body as Span);
    return body.length > 0 ? count((body as readonly Span[])[0]!) : count(node);
  };
  visit(program, (found) => {
    const node = found as Span;
    if (/Function/.test(node.type))
      sums[node.start] =
        (node.body as Span).type === 'BlockStatement' ? inside(node.body as Span) : count(node.body as Span);
    else if (sums[node.start] === 0) sums[node.start] = count(node);
    if (node.type === 'BlockStatement') sums[node.start + 1] = inside(node);
  });
  align(program, sums);
  return [{ functionName: '', isBlockCoverage: true, ranges: runs(sums, code.length) }];
}
