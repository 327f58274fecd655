/**
 * Errors that cross from one thread to another. Structured clone loses the class, the code and the fields of an error, and
 * fails on fields that cannot be cloned; this keeps what there is and never fails.
 */

/** What was thrown, as data that structured clone carries over. */
export type RemoteThrown = { readonly value: unknown } | { readonly error: RemoteError };

/** An error as data. */
export interface RemoteError {
  /** Name of its class. */
  readonly className: string;
  /** The nearest built-in class that it is an instance of. */
  readonly builtin: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Own enumerable properties, `code` among them; what cannot be cloned as its text. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause?: RemoteThrown;
  /** Of an AggregateError. */
  readonly errors?: readonly RemoteThrown[];
}

/** An error that came from another thread: what the class was called there. Not enumerable. */
export interface FromThread {
  readonly className: string;
}

const builtins: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Causes of causes beyond this depth are left out: they may go in a circle. */
const mostCauses = 8;
const apart = new Set(['name', 'message', 'stack', 'cause', 'errors']);

/** Most errors in one: causes and errors of an AggregateError may name each other. */
const mostErrors = 200;

/** Turns anything that was thrown into data. Never throws. */
export function encodeThrown(thrown: unknown): RemoteThrown {
  return encode(thrown, 0, { errors: mostErrors });
}

function encode(thrown: unknown, depth: number, left: { errors: number }): RemoteThrown {
  if (!isError(thrown)) return { value: cloneable(thrown) };
  left.errors -= 1;
  const goesOn = (): boolean => depth < mostCauses && left.errors > 0;
  const fields: Record<string, unknown> = {};
  for (const key of keysOf(thrown)) {
    if (!apart.has(key)) fields[key] = cloneable(read(thrown, key));
  }
  const code = read(thrown, 'code');
  if (code !== undefined && !('code' in fields)) fields['code'] = cloneable(code);
  const cause = read(thrown, 'cause');
  const errors = read(thrown, 'errors');
  const stack = read(thrown, 'stack');
  return {
    error: {
      className: textOf(read(read(thrown, 'constructor'), 'name') ?? 'Error'),
      builtin: builtinOf(thrown),
      name: textOf(read(thrown, 'name')),
      message: textOf(read(thrown, 'message')),
      stack: typeof stack === 'string' ? stack : undefined,
      fields,
      ...(cause === undefined || !goesOn() ? {} : { cause: encode(cause, depth + 1, left) }),
      ...(Array.isArray(errors) && goesOn()
        ? {
            errors: errors.slice(0, 100).flatMap((each) => (goesOn() ? [encode(each, depth + 1, left)] : [])),
          }
        : {}),
    },
  };
}

/**
 * What was thrown in the other thread, again: an error of the nearest built-in class, with the name, message, stack, code, fields
 * and causes that it had there; `className` tells what its class was called. What was no error is as it was.
 *
 * @param callerStack stack of the call in this thread that asked for it; shown below the other one
 */
export function decodeThrown(thrown: RemoteThrown, callerStack?: string): unknown {
  if ('value' in thrown) return thrown.value;
  const { error } = thrown;
  const decoded = create(error);
  const hidden = (key: string, value: unknown): void => {
    Object.defineProperty(decoded, key, { value, configurable: true, writable: true, enumerable: false });
  };
  if (decoded.name !== error.name) hidden('name', error.name);
  const stack = error.stack ?? `${error.name}: ${error.message}`;
  hidden('stack', callerStack === undefined ? stack : `${stack}\n    --- asked for ---\n${callerStack}`);
  hidden('className', error.className);
  if (error.cause !== undefined) hidden('cause', decodeThrown(error.cause));
  for (const [key, value] of Object.entries(error.fields)) {
    Object.defineProperty(decoded, key, { value, configurable: true, writable: true, enumerable: true });
  }
  return decoded;
}

function create({ builtin, name, message, errors }: RemoteError): Error {
  if (builtin === 'DOMException') return new DOMException(message, name);
  if (builtin === 'AggregateError') {
    return new AggregateError(
      (errors ?? []).map((each) => decodeThrown(each)),
      message,
    );
  }
  return new (builtins[builtin] ?? Error)(message);
}

/** Errors of other realms (a `vm` context) count as well. */
function isError(value: unknown): value is Error {
  try {
    return (
      value instanceof Error ||
      Object.prototype.toString.call(value) === '[object Error]' ||
      (typeof DOMException !== 'undefined' && value instanceof DOMException)
    );
  } catch {
    // A proxy that has been revoked, say.
    return false;
  }
}

/** Own enumerable names, whatever a proxy does. */
function keysOf(error: Error): readonly string[] {
  try {
    return Object.keys(error);
  } catch {
    return [];
  }
}

function builtinOf(error: Error): string {
  if (typeof DOMException !== 'undefined' && error instanceof DOMException) return 'DOMException';
  for (
    let proto: unknown = error;
    proto !== null && proto !== undefined;
    proto = Object.getPrototypeOf(proto)
  ) {
    const name = textOf(read(read(proto, 'constructor'), 'name'));
    if (name === 'AggregateError' || name in builtins) return name;
  }
  return 'Error';
}

/** A property, whatever a getter does. */
function read(from: unknown, key: string): unknown {
  try {
    return (from as Record<string, unknown> | null | undefined)?.[key];
  } catch {
    return undefined;
  }
}

function cloneable(value: unknown): unknown {
  if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') return value;
  try {
    return structuredClone(value);
  } catch {
    return textOf(value);
  }
}

/** A value as text, whatever it does to those who ask. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return '(no text)';
  }
}
