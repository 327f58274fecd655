/**
 * A lock written in WebAssembly, as a module that a toolchain made, with a fault: `lock` takes the word without looking at what it replaced after it has slept.
 * `npx threadproof explore examples/wasm/lock.ts --executor workers` finds two threads inside.
 */
import type { Program } from 'threadproof';
import { atomicImports, importAtomics, type WasmMemory } from 'threadproof/wasm';
import startWabt from 'wabt';

interface Wasm {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (size: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
}

const source = (again: string): string => `(module
  (import "env" "memory" (memory 1 1 shared))
  (func (export "lock")
    (loop
      (if (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1))) (then return))
      (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1)))
      ${again}))
  (func (export "unlock")
    (i32.atomic.store (i32.const 0) (i32.const 0))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
  (func (export "add")
    (i32.atomic.store offset=4 (i32.const 0) (i32.add (i32.atomic.load offset=4 (i32.const 0)) (i32.const 1)))))`;

// Among the types of Node there is no WebAssembly.
const { Instance, Memory, Module } = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;

const features = { threads: true };
const wabt = await startWabt();

/** The module as it would be published. */
function built(text: string): Uint8Array {
  return wabt.parseWat('lock.wat', text, features).toBinary({}).buffer;
}

/** The same module, with imports in place of its atomic instructions. */
function instrumented(binary: Uint8Array): object {
  const read = wabt.readWasm(binary, { ...features, readDebugNames: true });
  read.generateNames();
  read.applyNames();
  return new Module(built(importAtomics(read.toText({ foldExprs: true, inlineExport: false }))));
}

interface Lock {
  lock(): void;
  unlock(): void;
  add(): void;
}

function counter(again: string): Program<WasmMemory, Lock, void> {
  const module = instrumented(built(source(again)));
  return {
    threads: 3,
    setup: () => new Memory({ initial: 1, maximum: 1, shared: true }),
    attach: (memory) =>
      new Instance(module, { env: { memory }, ...atomicImports(memory) }).exports as unknown as Lock,
    thread(_id, lock): void {
      lock.lock();
      lock.add();
      lock.unlock();
    },
    check(memory): void {
      const count = new Int32Array(memory.buffer)[1];
      if (count !== 3) throw new Error(`the counter is ${count}`);
    },
  };
}

/** Looks again after each wake-up. */
export const sound: Program<WasmMemory, Lock, void> = counter('br 0');

/** Takes a wake-up for the lock. */
export const broken: Program<WasmMemory, Lock, void> = counter('');
