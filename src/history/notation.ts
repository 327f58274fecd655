/**
 * The notation of histories, the same in tests, docs and reports. Two forms, and `parseHistory` reads both.
 *
 * A diagram, one row a thread; columns are time, an operation without an end is pending:
 *
 *     T0 |--- lock() ---|       |--- lock() --
 *     T1      |--- add(2) -> 0 ---|
 *
 * Lines, one operation each (a `;` separates as well), with the positions of its call and its return:
 *
 *     T0 [0,2] lock()
 *     T1 [1,4] add(2) -> 0
 *     T0 [3,) lock()
 *
 * A result that is not written is undefined. Values: numbers, `3n`, strings in either quotes, booleans, null,
 * undefined, `threw(Name)` and arrays of them. A line that starts with `#` is a comment.
 */
import { type History, isPending, type OperationRecord } from './history.ts';
import { formatValue } from './value.ts';
import { ValueReader } from './value-reader.ts';

const PENDING = Number.POSITIVE_INFINITY;
const NAME = /[\p{L}_$][\p{L}\p{N}_$.]*/uy;

/** `add(2)`. */
export function formatCall(call: { readonly name: string; readonly args: readonly unknown[] }): string {
  return `${call.name}(${call.args.map(formatValue).join(', ')})`;
}

/** `add(2) -> 0`; `lock()` when it is pending or returned undefined. */
export function formatOperation(operation: OperationRecord): string {
  const call = formatCall(operation);
  return isPending(operation) || operation.result === undefined
    ? call
    : `${call} -> ${formatValue(operation.result)}`;
}

/** Writes a history as lines, in the order given. `parseHistory` gives it back. */
export function formatLines(history: History): string {
  return history.map((operation) => `${interval(operation)} ${formatOperation(operation)}`).join('\n');
}

function interval({ thread, called, returned }: OperationRecord): string {
  return `T${thread} [${called},${Number.isFinite(returned) ? `${returned}]` : ')'}`;
}

interface Row {
  text: string;
  /** Label and start column of the operation that is open in this row. */
  open: { readonly label: string; readonly column: number } | undefined;
}

/**
 * Writes a history as a diagram with one row a thread, by thread number. Columns keep the order of events, not
 * their distance: `parseHistory` gives back the same history with positions numbered from 0.
 */
export function formatDiagram(history: History): string {
  const rows = new Map<number, Row[]>();
  for (const thread of [...new Set(history.map((operation) => operation.thread))].sort((a, b) => a - b)) {
    rows.set(thread, []);
  }
  const margin = Math.max(0, ...[...rows.keys()].map((thread) => `T${thread} `.length));
  const rowOf = new Map<OperationRecord, Row>();
  let column = margin - 1;
  for (const { operation, isCall } of eventsOf(history)) {
    const own = rows.get(operation.thread)!; // every thread of the history has an entry
    if (isCall) {
      // Operations of one thread overlap only in a malformed history, which must be readable most of all.
      let row = own.find((candidate) => !candidate.open);
      if (!row) {
        row = { text: `T${operation.thread} `.padEnd(margin), open: undefined };
        own.push(row);
      }
      const gap = row.text.length === margin ? 0 : 1;
      column = Math.max(column + 1, row.text.length + gap);
      row.open = { label: `|--- ${formatOperation(operation)} `, column };
      rowOf.set(operation, row);
    } else {
      const row = rowOf.get(operation)!; // its call came before
      const { label, column: start } = row.open!; // and opened the row
      column = Math.max(column + 1, start + label.length + 3);
      row.text = `${`${row.text.padEnd(start)}${label}`.padEnd(column, '-')}|`;
      row.open = undefined;
    }
  }
  const all = [...rows.values()].flat();
  const width = Math.max(
    ...all.map(({ text, open }) => (open ? open.column + open.label.length + 2 : text.length)),
  );
  return all
    .map(({ text, open }) => (open ? `${text.padEnd(open.column)}${open.label}`.padEnd(width, '-') : text))
    .join('\n');
}

function eventsOf(history: History): { operation: OperationRecord; isCall: boolean; position: number }[] {
  return history
    .flatMap((operation) => [
      { operation, isCall: true, position: operation.called },
      { operation, isCall: false, position: operation.returned },
    ])
    .filter(({ position }) => Number.isFinite(position))
    .sort((a, b) => a.position - b.position);
}

/**
 * Reads a history in either form. From a diagram, operations come in the order of their calls and positions are
 * counted from 0; in one column, calls come before returns, and upper rows before lower ones. Throws an Error
 * that shows the line and the column of what it cannot read.
 */
export function parseHistory(text: string): History {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  return lines.some((line) => /^\s*T\d+\s*\|/.test(line)) ? parseDiagram(lines) : lines.flatMap(parseLine);
}

function parseLine(line: string): OperationRecord[] {
  const operations: OperationRecord[] = [];
  const reader = new ValueReader(line);
  while (!reader.atEnd()) {
    const thread = parseThread(reader);
    reader.expect('[');
    const called = Number(reader.take(/\d+(\.\d+)?/y, 'the position of the call'));
    reader.expect(',');
    const pending = reader.accept(')');
    const returned = pending
      ? PENDING
      : Number(reader.take(/\d+(\.\d+)?/y, 'the position of the return, or )'));
    if (!pending) reader.expect(']');
    operations.push({ thread, called, returned, ...parseOperation(reader) });
    if (!reader.atEnd()) reader.expect(';');
    else break;
  }
  return operations;
}

function parseOperation(reader: ValueReader): Pick<OperationRecord, 'name' | 'args' | 'result'> {
  const name = reader.take(NAME, 'the name of an operation');
  reader.expect('(');
  const args = reader.list(')');
  return { name, args, result: reader.accept('->') ? reader.value() : undefined };
}

/** An operation of a diagram: where its interval starts and ends, and its positions once these are sorted. */
type Drawn = { -readonly [Field in keyof OperationRecord]: OperationRecord[Field] } & {
  from: number;
  to: number;
};

function parseDiagram(lines: readonly string[]): History {
  const drawn = lines.flatMap(parseRow);
  const events = drawn.flatMap((operation) => [
    { operation, isCall: true, column: operation.from },
    ...(Number.isFinite(operation.to) ? [{ operation, isCall: false, column: operation.to }] : []),
  ]);
  events.sort((a, b) => (a.column === b.column ? Number(b.isCall) - Number(a.isCall) : a.column - b.column));
  events.forEach(({ operation, isCall }, position) => {
    operation[isCall ? 'called' : 'returned'] = position;
  });
  return drawn.map(({ from: _from, to: _to, ...operation }) => operation).sort((a, b) => a.called - b.called);
}

function parseRow(line: string): Drawn[] {
  const row: Drawn[] = [];
  const reader = new ValueReader(line);
  const thread = parseThread(reader);
  while (!reader.atEnd()) {
    const from = reader.column();
    reader.take(/\|-+/y, 'the start of an operation, |---');
    const operation = parseOperation(reader);
    reader.take(/-+/y, 'the end of an operation, ---| or --- when it is pending');
    const column = reader.column();
    const ended = reader.accept('|');
    if (!ended && !reader.atEnd()) reader.fail('| or the end of the line');
    const to = ended ? column : PENDING;
    row.push({ thread, ...operation, called: 0, returned: PENDING, from, to });
  }
  return row;
}

function parseThread(reader: ValueReader): number {
  return Number(reader.take(/T\d+/y, 'a thread, as in T0').slice(1));
}
