/**
 * Names for the cells of a trace, for people. Two things know one: the source, which says `Atomics.load(this.#view, this.#index + TAIL)` in a class SpscRing and
 * so calls the cell `SpscRing.tail`; and what `setup` made, in which the cell lies somewhere, at `flags[2]`. A cell has one name throughout a trace; where
 * nobody knows one it stays a byte offset.
 *
 * The source is read as text, at the places of the steps: so names are the same for every executor, in any language that compiles to JavaScript, and no subject has to
 * know of them. It is a reading for people: what it cannot make out has no name, and nothing depends on one.
 */
import { readFileSync } from 'node:fs';
import type { Site } from '../instrument/host.ts';
import type { TraceStep } from './trace.ts';

/** A view on shared memory in what `setup` made, and the way to it. */
interface Placed {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly elementSize: number;
  readonly path: string;
}

/** What the source calls a cell. */
export interface SourceName {
  readonly name: string;
  /** The better of two names of a cell has the higher one. */
  readonly rank: number;
  /** True where several cells have it: a variable is part of the index. */
  readonly shared: boolean;
}

/** By a constant, or by the class whose one cell it is; by its place in what `setup` made; by a view and a number; by a part that has many cells. */
const byMeaning = 3;
const byPlace = 2;
const byNumber = 1;
const byPart = 0;

/** Names that say no more than that there is memory, or where something begins. */
const plainView = /^(views?|cells?|words?|mem(ory)?|buffer|sab|shared|state|data|array|int32|i32|u32)$/i;
const plainIndex = /^(this\.)?#?(index|base|offset|start|at|cell)$/;

/** So many objects of what `setup` made are looked at. */
const mostObjects = 10_000;

/** Gives the steps of a trace the names of their cells. `buffers`: those that the steps name by number. */
export function nameCells(
  trace: readonly TraceStep[],
  shared: unknown,
  buffers: readonly ArrayBufferLike[],
): void {
  const places = placesIn(shared);
  const best = new Map<string, SourceName>();
  for (const step of trace) {
    if (step.byteOffset === undefined) continue;
    const key = keyOf(step);
    let known = best.get(key);
    if (known === undefined) {
      const path = placeOf(buffers[step.buffer!], step.byteOffset, places); // it has both or none
      known = path === undefined ? nameless : { name: path, rank: byPlace, shared: false };
      best.set(key, known);
    }
    const said =
      known.rank === byMeaning || step.site === undefined || step.plain === true
        ? undefined
        : nameAt(step.site, step.kind);
    if (said !== undefined && said.rank > known.rank) best.set(key, said);
  }
  const several = trace.some(({ buffer }) => buffer !== undefined && buffer > 0);
  const bearers = new Map<string, number>();
  for (const { name } of best.values()) bearers.set(name, (bearers.get(name) ?? 0) + 1);
  for (const step of trace) {
    if (step.byteOffset === undefined) continue;
    const { name, rank, shared: isShared } = best.get(keyOf(step))!; // set above
    if (rank === nameless.rank) continue;
    const place =
      isShared || bearers.get(name)! > 1 ? `@${several ? `b${step.buffer}.` : ''}${step.byteOffset}` : '';
    (step as { cell?: string }).cell = `${name}${place}`;
  }
}

const nameless: SourceName = { name: '', rank: -1, shared: false };

function keyOf({ buffer, byteOffset }: TraceStep): string {
  return `${buffer} ${byteOffset}`;
}

// --- what setup made ---------------------------------------------------------------------------------------------------

/** Nothing of the author's runs here: what a getter would answer is not looked at. */
function placesIn(shared: unknown): Placed[] {
  const places: Placed[] = [];
  const seen = new Set<object>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || seen.has(value) || seen.size >= mostObjects) return;
    seen.add(value);
    if (ArrayBuffer.isView(value)) {
      const { buffer, byteOffset, byteLength } = value;
      const elementSize = (value as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT;
      if (path !== '' && elementSize !== undefined && buffer instanceof SharedArrayBuffer)
        places.push({ buffer, byteOffset, byteLength, elementSize, path });
    } else if (value instanceof Map) {
      for (const [key, inner] of value)
        if (typeof key !== 'object' && typeof key !== 'function') visit(inner, `${path}.get(${String(key)})`);
    } else
      for (const key of Object.keys(value).slice(0, mostObjects))
        visit(Object.getOwnPropertyDescriptor(value, key)?.value, `${path}${stepTo(value, key, path)}`);
  };
  try {
    visit(shared, '');
  } catch {
    // A proxy that will not be looked at: what was found until then has names.
  }
  return places;
}

function stepTo(owner: object, key: string, path: string): string {
  if (Array.isArray(owner)) return `${path === '' ? 'shared' : ''}[${key}]`;
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)) return `[${JSON.stringify(key)}]`;
  return path === '' ? key : `.${key}`;
}

function placeOf(
  buffer: ArrayBufferLike | undefined,
  at: number,
  places: readonly Placed[],
): string | undefined {
  for (const { buffer: own, byteOffset, byteLength, elementSize, path } of places) {
    const inside = at - byteOffset;
    if (own !== buffer || inside < 0 || inside >= byteLength || inside % elementSize !== 0) continue;
    return byteLength === elementSize ? path : `${path}[${inside / elementSize}]`;
  }
  return undefined;
}

// --- what the source says -----------------------------------------------------------------------------------------------

const files = new Map<string, readonly string[]>();
const names = new Map<string, SourceName | undefined>();

function nameAt({ file, line, column }: Site, kind: string): SourceName | undefined {
  const key = `${file}:${line}:${column} ${kind}`;
  if (!names.has(key)) {
    let lines = files.get(file);
    if (lines === undefined) {
      lines = readLines(file);
      files.set(file, lines);
    }
    names.set(key, sourceName(lines, line, column, kind));
  }
  return names.get(key);
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file.replace(/^file:\/\//, ''), 'utf8').split(/\r?\n/);
  } catch {
    return []; // a source that is not here has no names
  }
}

/** Of a source that no person wrote, nothing is read. */
const longestLine = 400;
const mostLines = 8;

/** What the source calls the cell of the step `kind` (a function of `Atomics`) that stands at a place, both from 1; undefined where it does not say. */
export function sourceName(
  lines: readonly string[],
  line: number,
  column: number,
  kind: string,
): SourceName | undefined {
  const text = lines[line - 1];
  if (text === undefined || text.length > longestLine) return undefined;
  const calls = [
    ...text.matchAll(new RegExp(`(?<![\\w$#.])(?:[A-Za-z_$][\\w$]*\\s*\\.\\s*)?${kind}\\s*\\(`, 'g')),
  ];
  const distance = ({ index }: RegExpExecArray): number => Math.abs(index - (column - 1));
  const call = calls.sort((a, b) => distance(a) - distance(b))[0];
  if (call === undefined) return undefined;
  const rest = [text.slice(call.index + call[0].length), ...lines.slice(line, line + mostLines)].join('\n');
  const [view, index] = splitTop(rest, ',');
  if (view === undefined || index === undefined) return undefined;
  return nameOf(view, splitTop(index, '+'), enclosingClass(lines, line), lines);
}

function nameOf(
  view: string,
  terms: readonly string[],
  owner: string | undefined,
  lines: readonly string[],
): SourceName | undefined {
  const last = /^(?:(?:this|[\w$]+)(?:\.|\.#))*#?([A-Za-z_$][\w$]*)!?$/.exec(view)?.[1];
  if (last === undefined) return undefined;
  const isPlain = plainView.test(last);
  const ofOwner = owner !== undefined && (isPlain || view.startsWith('this.'));
  const base = ofOwner ? (isPlain ? owner : `${owner}.${last}`) : last;
  const fields: string[] = [];
  let literal: string | undefined;
  let handle = false;
  let variable = false;
  for (const term of terms) {
    const constant = constantName(term, lines);
    if (constant !== undefined) fields.push(constant);
    else if (/^\d+$/.test(term)) literal = term;
    else if (plainIndex.test(term)) handle = true;
    else variable = true;
  }
  const field = fields.at(-1);
  if (field !== undefined) {
    const name = ofOwner || !isPlain ? `${base}.${field}` : field;
    return { name, rank: variable ? byPart : byMeaning, shared: variable };
  }
  if (variable) return ofOwner ? { name: base, rank: byPart, shared: true } : undefined;
  if (handle && !ofOwner) return undefined;
  if (literal !== undefined)
    return { name: `${base}[${literal}]`, rank: handle ? byMeaning : byNumber, shared: false };
  return { name: base, rank: byMeaning, shared: false };
}

/** `WRITERS_TURN`, `Cell.Turn`, `turn` of a `const turn = 3` at the top of the file: as one name, `writersTurn`. */
function constantName(term: string, lines: readonly string[]): string | undefined {
  if (/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(term))
    return term.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const member = /^[A-Z][\w$]*\.([A-Za-z_$][\w$]*)$/.exec(term)?.[1];
  if (member !== undefined)
    return constantName(member, []) ?? `${member[0]!.toLowerCase()}${member.slice(1)}`; // it has a letter
  if (!/^[a-z_$][\w$]*$/.test(term)) return undefined;
  const declared = new RegExp(`^(?:export\\s+)?const\\s+${term.replaceAll('$', '\\$')}\\b[^=]*=\\s*[\\d(]`);
  return lines.some((text) => declared.test(text)) ? term : undefined;
}

/** The class at the top of the file in which a line stands. */
function enclosingClass(lines: readonly string[], line: number): string | undefined {
  for (let i = line - 1; i >= 0; i--) {
    const text = lines[i]!; // within the file
    const name = /^(?:(?:export|default|abstract)\s+|(?:const\s+)?[\w.$]+\s*=\s*)*class\s+([\w$]+)/.exec(
      text,
    )?.[1];
    if (name !== undefined) return name;
    if (text.startsWith('}')) return undefined;
  }
  return undefined;
}

/** The parts of an argument list, or of a sum, up to where it ends: by a separator that stands in no brackets. */
function splitTop(text: string, separator: ',' | '+'): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  let at = 0;
  for (; at < text.length && depth >= 0; at++) {
    const character = text[at]!; // within the text
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) depth--;
    else if (character === separator && depth === 0) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  parts.push(text.slice(from, depth < 0 ? at - 1 : at).trim());
  return parts;
}
