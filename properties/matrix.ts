/**
 * The matrix of broken subjects against properties: not only that each is caught by the property that is meant to catch it, but what the others
 * of its shape say. A broken subject that only one property catches shows what that property is there for.
 */
import type { BrokenSubject } from './broken.ts';
import type { Property } from './property.ts';
import type { PropertyResult } from './run.ts';

export interface MatrixCell {
  readonly property: Property;
  /** Whether it is the property that must catch the broken subject. */
  readonly own: boolean;
  /** Undefined when the broken subject lacks methods that the property needs. */
  readonly result: PropertyResult | undefined;
}

export interface MatrixRow {
  readonly broken: BrokenSubject;
  readonly cells: readonly MatrixCell[];
}

/** The properties of the broken subject's shape, whether it can be run against them or not: those about the same production code. */
export function ofItsShape(broken: BrokenSubject, properties: readonly Property[]): readonly Property[] {
  const own = properties.find(({ name }) => name === broken.caughtBy);
  if (own === undefined) throw new Error(`${broken.id}: there is no property ${broken.caughtBy}`);
  return properties.filter(({ subject }) => subject === own.subject);
}

/** Whether a handle of the subject has the methods that the property needs. Only classes say what they have. */
export function hasWhatItNeeds(subject: unknown, { needs = [] }: Property): boolean {
  const prototype = typeof subject === 'function' ? (subject.prototype as Record<string, unknown>) : {};
  return needs.every((name) => typeof prototype[name] === 'function');
}

/** Runs a broken subject against every property of its shape. */
export async function matrixRow(
  broken: BrokenSubject,
  properties: readonly Property[],
  run: (property: Property, broken: BrokenSubject) => Promise<PropertyResult>,
): Promise<MatrixRow> {
  const cells: MatrixCell[] = [];
  for (const property of ofItsShape(broken, properties)) {
    const own = property.name === broken.caughtBy;
    const runs = own || hasWhatItNeeds(broken.subject, property);
    cells.push({ property, own, result: runs ? await run(property, broken) : undefined });
  }
  return { broken, cells };
}

/** Names of the properties that catch it. */
export function catchers({ cells }: MatrixRow): readonly string[] {
  return cells.filter(({ result }) => result?.finding !== undefined).map(({ property: { name } }) => name);
}

export interface MatrixTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * One table for each shape with several properties, of which each is a column, and one for all others. A cell is the number of the schedule
 * that showed the fault, "holds" or "-" where the subject lacks what the property needs; the property that must catch it is marked by *.
 */
export function matrixTables(rows: readonly MatrixRow[]): readonly MatrixTable[] {
  const shapes = new Map<unknown, MatrixRow[]>();
  const alone: MatrixRow[] = [];
  for (const row of rows) {
    const subject = row.cells[0]?.property.subject;
    if (row.cells.length === 1) alone.push(row);
    else shapes.set(subject, [...(shapes.get(subject) ?? []), row]);
  }
  const tables = [...shapes.values()].map((group) => ({
    header: ['broken subject', ...group[0]!.cells.map(({ property }) => property.name), 'fault'], // never an empty group
    rows: group.map(({ broken, cells }) => [broken.id, ...cells.map(cellText), broken.fault]),
  }));
  if (alone.length > 0) {
    tables.push({
      header: ['broken subject', 'the one property', 'caught at', 'fault'],
      rows: alone.map(({ broken, cells }) => [broken.id, broken.caughtBy, cellText(cells[0]!), broken.fault]), // it has one
    });
  }
  return tables;
}

function cellText({ own, result }: MatrixCell): string {
  if (result === undefined) return '-';
  const text = result.finding === undefined ? 'holds' : `caught ${result.finding.schedulesToFirst}`;
  return own ? `${text} *` : text;
}
