/**
 * WebAssembly threads as subjects of the `workers` executor: the atomic instructions of a module become calls of imported functions, which take
 * their steps by `Atomics`. On text, in the folded form that wabt and binaryen print, so that no toolchain is needed here.
 */

/** Module name of the imports. */
const from = 'threadproof';

/** A shared `WebAssembly.Memory`, as far as it is needed here. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
}

// Among the types of Node there is no WebAssembly.
const { RuntimeError } = (globalThis as unknown as { WebAssembly: { RuntimeError: ErrorConstructor } })
  .WebAssembly;

type Width = 8 | 16 | 32 | 64;
type Value = number | bigint;

interface Instruction {
  /** Parameter types after the offset and the address; what it answers. */
  readonly params: readonly string[];
  readonly result: string;
  readonly run: (memory: WasmMemory, at: number, ...rest: never[]) => unknown;
}

type Maker = new (buffer: ArrayBufferLike) => Int32Array;

const makers: Readonly<Record<string, unknown>> = {
  i32_8: Uint8Array,
  i32_16: Uint16Array,
  i32_32: Int32Array,
  i64_8: Uint8Array,
  i64_16: Uint16Array,
  i64_32: Uint32Array,
  i64_64: BigInt64Array,
};

/** A view on all of the memory and the index of an address; an address that is not aligned traps. */
function cell(memory: WasmMemory, type: string, width: Width, at: number): [Int32Array, number] {
  const bytes = width / 8;
  if (at % bytes !== 0) throw new RuntimeError('operation does not support unaligned accesses');
  const Maker = makers[`${type}_${width}`] as Maker; // one of the table
  return [new Maker(memory.buffer), at / bytes];
}

/** Values of `i64` are BigInts outside, and numbers in narrow views. */
function inward(type: string, width: Width, value: Value): number {
  if (type === 'i32' || width === 64) return value as number;
  return Number(BigInt.asUintN(width, value as bigint));
}

function outward(type: string, value: unknown): unknown {
  return type === 'i64' ? BigInt(value as Value) : value;
}

const updates = { add: 'add', sub: 'sub', and: 'and', or: 'or', xor: 'xor', xchg: 'exchange' } as const;

function access(type: string, width: Width): [string, Instruction][] {
  const narrow = width < (type === 'i32' ? 32 : 64);
  const bits = narrow ? String(width) : '';
  const sign = narrow ? '_u' : '';
  const rows: [string, Instruction][] = [
    [
      `${type}.atomic.load${bits}${sign}`,
      {
        params: [],
        result: type,
        run: (memory, at) => outward(type, Atomics.load(...cell(memory, type, width, at))),
      },
    ],
    [
      `${type}.atomic.store${bits}`,
      {
        params: [type],
        result: '',
        run: (memory, at, value: Value) => {
          Atomics.store(...cell(memory, type, width, at), inward(type, width, value));
        },
      },
    ],
    [
      `${type}.atomic.rmw${bits}.cmpxchg${sign}`,
      {
        params: [type, type],
        result: type,
        run: (memory, at, expected: Value, value: Value) =>
          outward(
            type,
            Atomics.compareExchange(
              ...cell(memory, type, width, at),
              inward(type, width, expected),
              inward(type, width, value),
            ),
          ),
      },
    ],
  ];
  for (const [name, update] of Object.entries(updates))
    rows.push([
      `${type}.atomic.rmw${bits}.${name}${sign}`,
      {
        params: [type],
        result: type,
        run: (memory, at, value: Value) =>
          outward(type, Atomics[update](...cell(memory, type, width, at), inward(type, width, value))),
      },
    ]);
  return rows;
}

function wait(type: string, width: Width): Instruction {
  return {
    params: [type, 'i64'],
    result: 'i32',
    run: (memory, at, expected: Value, nanoseconds: bigint) => {
      const ms = nanoseconds < 0n ? Number.POSITIVE_INFINITY : Number(nanoseconds) / 1e6;
      const result = Atomics.wait(...cell(memory, type, width, at), expected as number, ms);
      return ['ok', 'not-equal', 'timed-out'].indexOf(result);
    },
  };
}

/** All atomic instructions but the fence, which is no step (WebAssembly threads proposal, "Atomic Memory Accesses"). */
const instructions: ReadonlyMap<string, Instruction> = new Map<string, Instruction>([
  ...([8, 16, 32] as const).flatMap((width) => access('i32', width)),
  ...([8, 16, 32, 64] as const).flatMap((width) => access('i64', width)),
  ['memory.atomic.wait32', wait('i32', 32)],
  ['memory.atomic.wait64', wait('i64', 64)],
  [
    'memory.atomic.notify',
    {
      params: ['i32'],
      result: 'i32',
      run: (memory, at, count: number) => Atomics.notify(...cell(memory, 'i32', 32, at), count >>> 0),
    },
  ],
]);

/**
 * The text of a module whose atomic instructions are calls of imports.
 * @param text a module in the text format, folded (`wasm2wat --fold-exprs`), with names for its functions (`--generate-names`), of one memory.
 * @throws Error when the text is of another form.
 */
export function importAtomics(text: string): string {
  if (/\((?:call|return_call|ref\.func|start|func)\s+\d|\bfunc\s+\d/.test(text))
    throw new Error(
      'importAtomics: functions are named by number here: give text with names (--generate-names)',
    );
  const used = new Set<string>();
  const called = text.replace(
    /(\(?)(\s*)\b((?:i32|i64|memory)\.atomic\.[\w.]+)((?:\s+(?:offset|align)=\w+)*)(\s+[$\d])?/g,
    (_all, open: string, space: string, name: string, immediates: string, memory: string | undefined) => {
      if (open === '' || memory !== undefined)
        throw new Error(
          `importAtomics: ${name} is not in folded form, or names its memory: give folded text (--fold-exprs) of one memory`,
        );
      if (!instructions.has(name)) throw new Error(`importAtomics: ${name} is not known`);
      used.add(name);
      return `(${space}call $${from}.${name} (i32.const ${/offset=(\w+)/.exec(immediates)?.[1] ?? 0})`;
    },
  );
  const imports = [...used].map((name) => {
    const { params, result } = instructions.get(name)!; // looked up above
    const answers = result === '' ? '' : ` (result ${result})`;
    return `(import "${from}" "${name}" (func $${from}.${name} (param i32 i32 ${params.join(' ')})${answers}))`;
  });
  return called.replace(/\(module(\s+\$[^\s()]+)?/, (head) => [head, ...imports].join('\n  '));
}

/** The functions that such a module imports, for `WebAssembly.Instance`. @param memory the memory that the module uses. */
export function atomicImports(
  memory: WasmMemory,
): Record<string, Record<string, (...args: never[]) => unknown>> {
  const functions: Record<string, (...args: never[]) => unknown> = {};
  for (const [name, { run }] of instructions)
    functions[name] = (offset: number, address: number, ...rest: never[]) =>
      run(memory, (offset >>> 0) + (address >>> 0), ...rest);
  return { [from]: functions };
}
