/**
 * Arguments and results as data: when two are the same, and how one is written.
 * Data means primitives, arrays, typed arrays, plain objects, Map, Set and `Threw`. Everything else (class
 * instances, functions, errors) is the same only as itself: its hidden state cannot be compared.
 */
import { isThrew } from './history.ts';

/** Whether two values are the same: `Object.is` on primitives, the contents of data, the name of a `Threw`. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (isThrew(a) || isThrew(b)) return isThrew(a) && isThrew(b) && a.threw === b.threw;
  const prototype: unknown = Object.getPrototypeOf(a);
  if (prototype !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a) && Array.isArray(b)) return sameItems(a, b);
  if (isTypedArray(a) && isTypedArray(b)) return sameItems(a, b);
  if (a instanceof Map && b instanceof Map) return sameMaps(a, b);
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every((item) => b.has(item));
  if (prototype !== Object.prototype && prototype !== null) return false;
  return sameMaps(new Map(Object.entries(a)), new Map(Object.entries(b)));
}

function sameItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!sameValue(a[index], b[index])) return false;
  return true;
}

function sameMaps(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (!b.has(key) || !sameValue(value, b.get(key))) return false;
  return true;
}

function isTypedArray(value: object): value is ArrayBufferView & ArrayLike<unknown> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** Writes a value as the notation of histories has it: `3`, `-0`, `3n`, `"text"`, `[1, 2]`, `threw(Name)`. */
export function formatValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  if (isThrew(value)) return `threw(${value.threw})`;
  if (Array.isArray(value)) return `[${value.map(formatValue).join(', ')}]`;
  if (value instanceof Error) return `${value.name}(${JSON.stringify(value.message)})`;
  const name = (Object.getPrototypeOf(value) as object | null)?.constructor?.name ?? 'Object';
  if (isTypedArray(value)) return `${name}${formatValue(Array.from(value))}`;
  if (value instanceof Map || value instanceof Set) return `${name}${formatValue([...value])}`;
  const fields = Object.entries(value).map(([key, field]) => `${key}: ${formatValue(field)}`);
  const body = fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
  return name === 'Object' ? body : `${name} ${body}`;
}
