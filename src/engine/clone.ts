/**
 * The structured clone that a thread gets of what `setup` made: HTML's StructuredSerialize for the types that programs use, with
 * shared memory shared. Written here and not left to `structuredClone` for two reasons: that one makes a new
 * SharedArrayBuffer object over the same memory, which would hide that two cells are the same; and a view on shared memory
 * needs no serialisation (0.04 us against 0.8 us). Leaves without shared memory are left to `structuredClone`.
 *
 * Departures: a view that follows the length of a growable buffer keeps the length it has now, and a proxy is read instead of
 * refused; neither can be told from outside.
 */

/** The shared buffers met on the way, in the order of the value, each once. */
type Buffers = ArrayBufferLike[] | undefined;

/**
 * @param buffers gets the shared buffers that `value` names and it does not hold yet.
 * @throws DOMException DataCloneError, as structuredClone does, for functions, symbols and the like.
 */
export function cloneForThread(value: unknown, buffers?: ArrayBufferLike[]): unknown {
  if (typeof value !== 'object' || value === null) return clonePrimitive(value);
  if (ArrayBuffer.isView(value)) {
    const { buffer } = value;
    if (buffer instanceof SharedArrayBuffer) return cloneView(value, shared(buffer, buffers));
  }
  return cloneObject(value, new Map(), buffers);
}

function clonePrimitive(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return structuredClone(value);
  return value;
}

function shared(buffer: SharedArrayBuffer, buffers: Buffers): SharedArrayBuffer {
  if (buffers !== undefined && !buffers.includes(buffer)) buffers.push(buffer);
  return buffer;
}

type ViewConstructor = new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => ArrayBufferView;

function cloneView(view: ArrayBufferView, buffer: ArrayBufferLike): ArrayBufferView {
  const Constructor = view.constructor === Int32Array ? Int32Array : viewConstructor(view);
  // A view without a length of its own follows a growable buffer. Which one that is cannot be asked: one that reaches the end counts as such.
  if (
    (buffer as { growable?: boolean }).growable === true &&
    view.byteOffset + view.byteLength === buffer.byteLength
  )
    return new Constructor(buffer, view.byteOffset);
  const length = 'length' in view ? (view.length as number) : view.byteLength;
  return new Constructor(buffer, view.byteOffset, length);
}

const viewName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Int8Array.prototype),
  Symbol.toStringTag,
)!.get!; // ECMA-262 23.2.3.38: an accessor that answers the name of the kind, whatever the class

/** The platform's constructor of the same kind of view: a subclass is not kept. */
function viewConstructor(view: ArrayBufferView): ViewConstructor {
  const name = (viewName.call(view) as string | undefined) ?? 'DataView';
  return (globalThis as unknown as Record<string, ViewConstructor>)[name]!; // the name of a builtin
}

type Seen = Map<object, unknown>;

function cloneInner(value: unknown, seen: Seen, buffers: Buffers): unknown {
  return typeof value === 'object' && value !== null
    ? cloneObject(value, seen, buffers)
    : clonePrimitive(value);
}

function cloneObject(value: object, seen: Seen, buffers: Buffers): unknown {
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (value instanceof SharedArrayBuffer) return shared(value, buffers);
  // A clone of a shared WebAssembly.Memory has another buffer object over the same memory: waits and notifies would miss each other.
  if (isSharedMemory(value)) return value;
  if (ArrayBuffer.isView(value)) {
    // Views of one private buffer must still share it in the clone.
    const copy = cloneView(value, cloneObject(value.buffer, seen, buffers) as ArrayBufferLike);
    seen.set(value, copy);
    return copy;
  }
  if (Array.isArray(value)) return cloneProperties(value, new Array(value.length), seen, buffers);
  if (value instanceof Map) {
    const copy = new Map();
    seen.set(value, copy);
    for (const [k, v] of [...value]) copy.set(cloneInner(k, seen, buffers), cloneInner(v, seen, buffers));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set();
    seen.set(value, copy);
    for (const v of [...value]) copy.add(cloneInner(v, seen, buffers));
    return copy;
  }
  if (Object.prototype.toString.call(value) !== '[object Object]' || isPlatformObject(value)) {
    const copy = structuredClone(value);
    // An object of the author's with a tag of its own comes back as a plain one: it may hold shared memory.
    if (Object.getPrototypeOf(copy) !== Object.prototype) {
      seen.set(value, copy);
      return copy;
    }
  }
  return cloneProperties(value, {}, seen, buffers);
}

function cloneProperties(value: object, copy: object, seen: Seen, buffers: Buffers): object {
  seen.set(value, copy);
  const from = value as Record<string, unknown>;
  const to = copy as Record<string, unknown>;
  for (const key of Object.keys(value)) {
    const inner = cloneInner(from[key], seen, buffers);
    if (key !== '__proto__') to[key] = inner;
    else
      Object.defineProperty(to, key, { value: inner, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

function isPlatformObject(value: object): boolean {
  return (
    value instanceof WeakMap || value instanceof WeakSet || value instanceof Promise || value instanceof Error
  );
}

export function isSharedMemory(value: object): boolean {
  return (
    Object.prototype.toString.call(value) === '[object WebAssembly.Memory]' &&
    (value as { buffer?: unknown }).buffer instanceof SharedArrayBuffer
  );
}
