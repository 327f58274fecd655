/**
 * The default identity of a state. Injective on data: two states that differ in anything a specification could
 * see, insertion order included, have different keys. So it may keep equal states apart, never merge others.
 */

export type StateKey = string | number | bigint;

/**
 * The key of a state made of primitives, arrays, typed arrays, plain objects, Map and Set. Cost: O(1) for numbers
 * and bigints, else O(size). Throws a TypeError on anything else, whose identity is not in its visible fields.
 */
export function stateKey(state: unknown): StateKey {
  if (typeof state === 'number') return Object.is(state, -0) ? '-0' : state;
  if (typeof state === 'bigint') return state;
  return write(state);
}

function write(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : writeObject(value);
    default:
      return refuse(value);
  }
}

function writeObject(value: object): string {
  if (Array.isArray(value)) return `[${Array.from(value, write).join()}]`;
  if (value instanceof Map)
    return `Map[${Array.from(value, ([key, item]) => `${write(key)}:${write(item)}`).join()}]`;
  if (value instanceof Set) return `Set[${Array.from(value, write).join()}]`;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype || prototype === null) {
    const fields = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${write(item)}`);
    return `{${fields.join()}}`;
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return `${prototype.constructor.name}[${Array.from(value as ArrayBufferView & ArrayLike<unknown>, write).join()}]`;
  }
  return refuse(value);
}

function refuse(value: unknown): never {
  const what =
    typeof value === 'object' ? `a ${value?.constructor?.name ?? 'class instance'}` : `a ${typeof value}`;
  throw new TypeError(`${what} in a state has no default key; give the specification its own key(state)`);
}
