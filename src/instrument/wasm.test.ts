import { expect, test } from 'vitest';
import startWabt from 'wabt';
import { exploreModule } from '../executors.ts';
import { atomicImports, importAtomics, type WasmMemory } from './wasm.ts';

const { Instance, Memory, Module } = (
  globalThis as unknown as {
    WebAssembly: {
      Module: new (bytes: Uint8Array) => object;
      Instance: new (
        module: object,
        imports: object,
      ) => { exports: Record<string, (...args: unknown[]) => unknown> };
      Memory: new (size: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
    };
  }
).WebAssembly;

const wabt = await startWabt();
const built = (text: string): Uint8Array =>
  wabt.parseWat('test.wat', text, { threads: true }).toBinary({}).buffer;

/** Every atomic instruction with its operands after the address, and what it answers. */
const instructions: [name: string, params: string[], result: string][] = [];
for (const [type, widths] of [
  ['i32', ['', '8', '16']],
  ['i64', ['', '8', '16', '32']],
] as const)
  for (const width of widths) {
    const sign = width === '' ? '' : '_u';
    instructions.push([`${type}.atomic.load${width}${sign}`, [], type]);
    instructions.push([`${type}.atomic.store${width}`, [type], '']);
    instructions.push([`${type}.atomic.rmw${width}.cmpxchg${sign}`, [type, type], type]);
    for (const update of ['add', 'sub', 'and', 'or', 'xor', 'xchg'])
      instructions.push([`${type}.atomic.rmw${width}.${update}${sign}`, [type], type]);
  }
instructions.push(['memory.atomic.wait32', ['i32', 'i64'], 'i32']);
instructions.push(['memory.atomic.wait64', ['i64', 'i64'], 'i32']);
instructions.push(['memory.atomic.notify', ['i32'], 'i32']);

const text = `(module (import "env" "memory" (memory 1 1 shared))
${instructions
  .map(([name, params, result], i) => {
    const declared = params.map((type) => ` ${type}`).join('');
    const answers = result === '' ? '' : ` (result ${result})`;
    const operands = params.map((_, k) => ` (local.get ${k + 1})`).join('');
    return `(func (export "f${i}") (param i32${declared})${answers} (${name} offset=8 (local.get 0)${operands}))`;
  })
  .join('\n')})`;

function instance(source: string): { call: (i: number, ...args: unknown[]) => unknown; bytes: Uint8Array } {
  const memory = new Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new Instance(new Module(built(source)), { env: { memory }, ...atomicImports(memory) });
  return {
    call: (i, ...args) => {
      try {
        return exports[`f${i}`]!(...args);
      } catch (error) {
        return String(error);
      }
    },
    bytes: new Uint8Array(memory.buffer, 0, 64),
  };
}

const values: Readonly<Record<string, readonly (number | bigint)[]>> = {
  i32: [0, 1, -1, 0x7fff_ffff, 0x1234_5678, 255, -129],
  i64: [0n, 1n, -1n, 0x1234_5678_9abc_def0n, -(2n ** 63n), 255n],
};

test('every atomic instruction does as an import what it does by itself: results, memory, traps', () => {
  const [own, imported] = [instance(text), instance(importAtomics(text))];
  expect(instructions.length).toBe(66);
  for (const [i, [name, params]] of instructions.entries())
    for (const address of [0, 8, 1, 70_000])
      for (let n = 0; n < 12; n++) {
        const waits = name.includes('.wait');
        const args = params.map((type, k) =>
          // A wait that would sleep does so for a microsecond.
          waits && k === 1 ? 1_000n : values[type]![(n * (k + 2) + k) % values[type]!.length],
        );
        const case_ = `${name} ${address} ${args.join()}`;
        const [expected, got] = [own.call(i, address, ...args), imported.call(i, address, ...args)];
        if (address < 64) expect(got, case_).toEqual(expected);
        else expect([typeof expected, typeof got], case_).toEqual(['string', 'string']);
        expect(imported.bytes, case_).toEqual(own.bytes);
      }
});

test('text that is not folded, has no names or several memories is refused', () => {
  expect(() => importAtomics('(module (func $f local.get 0 i32.atomic.load drop))')).toThrow(
    /not in folded form/,
  );
  expect(() => importAtomics('(module (func $f (i32.atomic.load $other (i32.const 0))))')).toThrow(
    /names its memory/,
  );
  expect(() => importAtomics('(module (func $f (call 3)))')).toThrow(/named by number/);
  expect(() => importAtomics('(module (func $f (i32.atomic.rmw.mul (i32.const 0))))')).toThrow(
    /is not known/,
  );
  expect(importAtomics('(module $m (func $f (atomic.fence)))')).toBe('(module $m (func $f (atomic.fence)))');
});

test('a lock in WebAssembly: its fault is found under workers, and the sound one is clean', async () => {
  const file = 'examples/wasm/lock.ts';
  const broken = await exploreModule(file, { export: 'broken', executor: 'workers', seed: 1 });
  expect([broken.outcome, broken.message, broken.unscheduled]).toEqual([
    'violated',
    'Error: the counter is 2',
    0,
  ]);
  expect(broken.trace.find(({ kind }) => kind === 'wait')?.site?.file).toMatch(/examples\/wasm\/lock\.ts$/);
  const sound = await exploreModule(file, { export: 'sound', executor: 'workers', seed: 1, executions: 150 });
  expect([sound.outcome, sound.executions]).toEqual(['passed', 150]);
});
