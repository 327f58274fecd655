/**
 * The loop of AtomicBatch as WebAssembly, assembled by hand. In JavaScript each `Atomics` call is a call of a builtin;
 * in WebAssembly it is one instruction: about half the time an operation. WebAssembly reaches only the memory that it is
 * instantiated with, so the kernel works where the cells are in the buffer of a WebAssembly.Memory.
 *
 * Source: WebAssembly core specification, section 5 (binary format); threads proposal (0xfe, atomic instructions).
 */

/** As much of a shared `WebAssembly.Memory` as the kernel needs. */
export interface KernelMemory {
  readonly buffer: ArrayBufferLike;
}

/** Runs the records from the byte `start` to before the byte `end`; there is at least one. */
export type Kernel = (start: number, end: number) => void;

declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly runtime: { readonly memory: KernelMemory } },
  ) => { readonly exports: { readonly run: Kernel } };
};

// Local variables of the function, and the words of a record (see AtomicBatch), at their byte offsets.
const RECORD = 0;
const END = 1;
const RESULT = 2;
const OPERATION = 0;
const ADDRESS = 4;
const OPERAND = 8;
const EXPECTED = 12;

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
/** i32.load of a word of the record. */
const word = (offset: number): number[] => [...get(RECORD), 0x28, 2, offset];
/** An atomic i32 instruction, aligned to 4 bytes. */
const atomic = (instruction: number): number[] => [0xfe, instruction, 2, 0];

/** (local.set $result (i32.atomic.rmw.<...> (address) (operand))) */
const modify = (instruction: number): number[] => [
  ...word(ADDRESS),
  ...word(OPERAND),
  ...atomic(instruction),
  ...set(RESULT),
];

/** By the number of the operation, the order of AtomicBatch's. */
const operations: readonly (readonly number[])[] = [
  [...word(ADDRESS), ...atomic(0x10), ...set(RESULT)], // i32.atomic.load
  [...word(ADDRESS), ...word(OPERAND), ...atomic(0x17), ...word(OPERAND), ...set(RESULT)], // i32.atomic.store
  modify(0x1e), // i32.atomic.rmw.add
  modify(0x25), // i32.atomic.rmw.sub
  modify(0x2c), // i32.atomic.rmw.and
  modify(0x33), // i32.atomic.rmw.or
  modify(0x3a), // i32.atomic.rmw.xor
  modify(0x41), // i32.atomic.rmw.xchg
  // i32.atomic.rmw.cmpxchg
  [...word(ADDRESS), ...word(EXPECTED), ...word(OPERAND), ...atomic(0x48), ...set(RESULT)],
];

/**
 *     (loop $next
 *       (block $8 ... (block $0 (block $choose
 *         (br_table $0 $1 ... $8 (i32.load (record))))
 *         ;; after the end of $choose and of each $n: operation n, then (br) to the end of $8
 *       ...
 *       (i32.store offset=12 (record) (result))
 *       (br_if $next (i32.lt_u (local.tee $record (i32.add (record) (i32.const 16))) (end))))
 */
function body(): number[] {
  const count = operations.length;
  const code: number[] = [1, 1, 0x7f]; // one more local variable, i32: the result
  code.push(0x03, 0x40); // loop
  for (let blocks = 0; blocks <= count; blocks += 1) code.push(0x02, 0x40); // block
  const targets = Array.from({ length: count }, (_, operation) => operation);
  // The last one is also the default. A number that is no operation cannot be queued.
  code.push(...word(OPERATION), 0x0e, count - 1, ...targets, 0x0b);
  operations.forEach((operation, number) => {
    code.push(...operation);
    if (number < count - 1) code.push(0x0c, count - 1 - number); // br: out of the remaining blocks
    code.push(0x0b);
  });
  code.push(...get(RECORD), ...get(RESULT), 0x36, 2, EXPECTED); // i32.store
  code.push(...get(RECORD), 0x41, 16, 0x6a, 0x22, RECORD, ...get(END), 0x49, 0x0d, 0, 0x0b); // next record
  return [...code, 0x0b];
}

function binary(): Uint8Array {
  const length = (bytes: readonly number[]): number[] =>
    // LEB128 of 14 bits, which is enough here.
    bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  const sized = (bytes: readonly number[]): number[] => [...length(bytes), ...bytes];
  const name = (text: string): number[] => sized(Array.from(text, (letter) => letter.charCodeAt(0)));
  const section = (id: number, content: readonly number[]): number[] => [id, ...sized([1, ...content])];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [0x60, 2, 0x7f, 0x7f, 0]), // type 0: (i32, i32) -> ()
    // A shared memory of 1 page or more and 65,536 at most.
    ...section(2, [...name('runtime'), ...name('memory'), 2, 3, 1, 0x80, 0x80, 4]),
    ...section(3, [0]), // function 0 is of type 0
    ...section(7, [...name('run'), 0, 0]), // export
    ...section(10, sized(body())),
  ]);
}

let module: object | undefined;

/** The kernel for a memory: compiled once a thread, instantiated each time (some tens of microseconds). */
export function batchKernel(memory: KernelMemory): Kernel {
  module ??= new WebAssembly.Module(binary());
  return new WebAssembly.Instance(module, { runtime: { memory } }).exports.run;
}
