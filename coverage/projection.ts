/**
 * Carries V8's counts from an instrumented module back to the module without twins.
 *
 * An instrumented module holds each function several times: the plain function, its twin, and both again inside the twin of a function around it.
 * V8 counts each copy for itself. Here the count of a place in the plain module is the sum over its copies in the instrumented
 * one, and the usual conversion then reads the plain module as if nothing else had ever run: each function, statement
 * and branch stands there once, and what only twins contain (the prelude, look-ups of twins) stands nowhere.
 *
 * The other way round, to convert the instrumented module and merge what lands on the same lines, was not taken: text that the transform adds
 * makes branches of its own, and moves the ends and sometimes the starts of the author's, so merging needs guesses.
 */
import { decodedMappings, type SourceMapInput, TraceMap } from '@jridgewell/trace-mapping';

/** Counts as V8 gives them: offsets in UTF-16 units, inner ranges override outer ones. */
export interface FunctionCoverage {
  readonly functionName: string;
  readonly isBlockCoverage: boolean;
  readonly ranges: readonly {
    readonly startOffset: number;
    readonly endOffset: number;
    readonly count: number;
  }[];
}

export interface Texts {
  /** What V8 ran, without the wrapper around it. */
  readonly executed: string;
  /** From `executed` to `instrumented`. */
  readonly executedMap: SourceMapInput;
  /** What the transform wrote. */
  readonly instrumented: string;
  /** Where `plain` went in `instrumented`: see Rope.copies. */
  readonly copies: readonly number[];
  /** What the transform was given. */
  readonly plain: string;
}

export interface Node {
  readonly type: string;
  readonly start: number;
}

/**
 * @param offset how far V8's offsets are ahead of `executed` (the wrapper's length)
 * @param program the tree of `plain`
 * @returns the counts of `plain`, as one list of ranges that do not overlap
 */
export function project(
  functions: readonly FunctionCoverage[],
  offset: number,
  texts: Texts,
  program: object,
): FunctionCoverage[] {
  const counts = flatten(functions, texts.executed.length + offset).subarray(offset);
  const executedAt = inverse(texts.executedMap, texts.executed, texts.instrumented);
  const { copies, plain } = texts;
  /** Of the text at a place. */
  const text = new Float64Array(plain.length + 1);
  /** Of the node that starts at a place, in the code around it; -1 where the transform notes none. */
  const node = new Float64Array(plain.length + 1).fill(-1);
  let anchored = -1;
  for (let i = 0; i < copies.length; i += 3) {
    const [from, to, length] = [copies[i]!, copies[i + 1]!, copies[i + 2]!];
    if (length > 0) {
      for (let k = 0; k < length; k++) text[to + k]! += counts[executedAt[from + k]!] ?? 0;
      anchored = -1;
    } else if (to !== anchored) {
      // A statement, the call in it and the callee in that start at one place: it is counted once.
      node[to] = Math.max(0, node[to]!) + (counts[executedAt[from]!] ?? 0);
      anchored = to;
    }
  }
  const sums = text.map((count, place) => (node[place] === -1 ? count : node[place]!));
  visit(program, (found) => {
    if (!isFunction(found)) return;
    // The start of a function belongs to the code around it; its body is written in each of its forms.
    const { start, type } = found.body;
    sums[found.start] = type === 'BlockStatement' ? text[start]! : sums[start]!;
  });
  align(program, sums);
  return [{ functionName: '', isBlockCoverage: true, ranges: runs(sums, plain.length) }];
}

function isFunction(node: Node): node is Node & { readonly body: Node } {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

/** The count of each place: inner ranges over outer ones, as V8 nests them. */
export function flatten(functions: readonly FunctionCoverage[], length: number): Float64Array {
  const counts = new Float64Array(length);
  const ranges = functions.flatMap(({ ranges }) => ranges);
  const size = (r: { startOffset: number; endOffset: number }): number => r.endOffset - r.startOffset;
  for (const r of [...ranges].sort((a, b) => size(b) - size(a)))
    counts.fill(r.count, r.startOffset, r.endOffset);
  return counts;
}

export function runs(counts: Float64Array, length: number): FunctionCoverage['ranges'] {
  const ranges: { startOffset: number; endOffset: number; count: number }[] = [];
  for (let start = 0; start < length; ) {
    let end = start + 1;
    while (end < length && counts[end] === counts[start]) end++;
    ranges.push({ startOffset: start, endOffset: end, count: counts[start]! });
    start = end;
  }
  return ranges;
}

/**
 * The conversion (ast-v8-to-istanbul) asks for two kinds of places that the transform does not copy letter by letter.
 */
export function align(program: object, sums: Float64Array): void {
  visit(program, (node) => {
    if (node.type === 'IfStatement') {
      // It makes blocks of branches without braces, and asks behind where the brace would be.
      const { consequent, alternate } = node as unknown as { consequent: Node; alternate: Node | null };
      for (const branch of [consequent, alternate])
        if (branch && branch.type !== 'BlockStatement') sums[branch.start + 1] = sums[branch.start]!;
    } else if (node.type === 'Property') {
      // It asks for a method of a literal where its name starts; the name belongs to the code around, the parameters to the method.
      const { value } = node as unknown as { value: Node };
      if (value.type === 'FunctionExpression') sums[node.start] = sums[value.start]!;
    }
  });
}

export function visit(value: object, enter: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null) visit(item, enter);
    return;
  }
  if (typeof (value as Node).type !== 'string') return;
  enter(value as Node);
  for (const child of Object.values(value))
    if (typeof child === 'object' && child !== null) visit(child, enter);
}

/** For each place of `source` (what a map leads to) its place in `generated`. */
function inverse(map: SourceMapInput, generated: string, source: string): Int32Array {
  const places = new Int32Array(source.length + 1).fill(-1);
  for (const { from, to, end } of segments(map, generated, source))
    for (let k = 0; k === 0 || (from + k < end && generated[from + k] === source[to + k]); k++)
      if (places[to + k] === -1) places[to + k] = from + k;
  // Inside a name that was replaced (an import's), the start of the replacement serves for all of it.
  for (let i = 1, last = Math.max(0, places[0]!); i < places.length; i++) {
    if (places[i] === -1) places[i] = last;
    else last = places[i]!;
  }
  return places;
}

/** The segments of a map as offsets, in the order of the generated text; `end` is where the next one starts. */
function* segments(
  map: SourceMapInput,
  generated: string,
  source: string,
): Generator<{ from: number; to: number; end: number }, void, undefined> {
  const generatedLines = lineStarts(generated);
  const sourceLines = lineStarts(source);
  let from = -1;
  let to = -1;
  for (const [line, segmentsOfLine] of decodedMappings(new TraceMap(map)).entries())
    for (const segment of segmentsOfLine) {
      if (segment.length === 1) continue;
      const next = generatedLines[line]! + segment[0];
      if (from !== -1) yield { from, to, end: next };
      from = next;
      to = sourceLines[segment[2]]! + segment[3];
    }
  if (from !== -1) yield { from, to, end: generated.length };
}

export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return starts;
}
