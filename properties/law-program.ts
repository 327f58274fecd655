/**
 * The programs of the differential law, by name: what both executors run. Workers import this module and make each program of its data, so it is
 * a function of them alone. The threads' code is plain: what is tested is what the transform makes of it, beside the code as it is.
 */
import * as fc from 'fast-check';
import * as primitives from '../examples/primitives.ts';
import type { Program } from '../src/engine/program.ts';
import { LOAD, NOTIFY, stepNames } from '../src/instrument/step.ts';
import { brokenSubjects } from './broken.ts';
import type { Case } from './property.ts';
import { properties } from './table.ts';

/** Which row of the law, and which program of it. */
export interface LawData {
  readonly row: string;
  readonly seed: number;
}

/** The rows: the programs of examples/primitives.ts, properties, broken subjects, and programs of nothing but atomic operations. */
export const lawRows: readonly string[] = [
  'atomics',
  ...Object.keys(primitives),
  ...properties.map(({ name }) => name),
  ...brokenSubjects.map(({ id }) => id),
];

const written: Readonly<Record<string, unknown>> = primitives;

/** A program; undefined where the row's cases are none of threads. */
export function lawProgram({ row, seed }: LawData): Program | undefined {
  if (row === 'atomics') return atomicProgram(sample(atomicPlans, seed));
  if (row in written) return written[row] as Program;
  return caseOf({ row, seed }).written?.();
}

/** The first case of a property, or of a broken subject under its property. */
export function caseOf({ row, seed }: LawData): Case {
  const broken = brokenSubjects.find(({ id }) => id === row);
  const property = properties.find(({ name }) => name === (broken?.caughtBy ?? row));
  if (property === undefined) throw new Error(`there is no row ${row}`);
  const cases: fc.Arbitrary<Case> = property.cases(broken === undefined ? property.subject : broken.subject);
  return sample(cases, seed);
}

function sample<T>(arbitrary: fc.Arbitrary<T>, seed: number): T {
  return fc.sample(arbitrary, { numRuns: 1, seed })[0]!; // one was asked for
}

// --- programs of atomic operations ---------------------------------------------------------------------------------

/** Name, index, two arguments. */
type Step = readonly [name: string, index: number, a: number, b: number];

const names = stepNames.slice(LOAD, NOTIFY + 1);
const others = ['wide', 'half', 'alias', 'throws', 'helper', 'sleep', 'clock', 'chance', 'own'];

const atomicPlans: fc.Arbitrary<readonly (readonly Step[])[]> = fc.array(
  fc.array(
    fc.tuple(
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...names) },
        { weight: 1, arbitrary: fc.constantFrom(...others) },
      ),
      fc.nat(1),
      fc.nat(2),
      fc.nat(2),
    ),
    { minLength: 1, maxLength: 6 },
  ),
  { minLength: 2, maxLength: 4 },
);

const { load } = Atomics;

function twice(view: Int32Array, index: number, by: number): number {
  const before = Atomics.add(view, index, by);
  return before + Atomics.add(view, index, by);
}

function take(view: Int32Array<SharedArrayBuffer>, [name, index, a, b]: Step): unknown {
  switch (name) {
    case 'load':
      return Atomics.load(view, index);
    case 'store':
      return Atomics.store(view, index, a + 0.5);
    case 'add':
      return Atomics.add(view, index, a);
    case 'sub':
      return Atomics.sub(view, index, a);
    case 'and':
      return Atomics.and(view, index, a);
    case 'or':
      return Atomics.or(view, index, a);
    case 'xor':
      return Atomics.xor(view, index, a);
    case 'exchange':
      return Atomics.exchange(view, index, a);
    case 'compareExchange':
      return Atomics.compareExchange(view, index, a, b);
    case 'wait':
      return Atomics.wait(view, index, a);
    case 'notify':
      return Atomics.notify(view, index, b === 0 ? undefined : b);
    case 'wide':
      return Atomics.compareExchange(new BigInt64Array(view.buffer), 0, BigInt(a), BigInt(b));
    case 'half':
      return Atomics.exchange(new Uint16Array(view.buffer, 4), index, a - b);
    case 'alias':
      return load(new Int32Array(view.buffer, 4, 1), 0);
    case 'throws':
      return Atomics.store(view, 2 + index, a);
    case 'helper':
      return twice(view, index, a);
    case 'sleep':
      return Atomics.wait(view, index, a, 1 + b);
    case 'clock':
      return performance.now();
    case 'chance':
      return Math.random();
    default: {
      // Memory that nobody else sees, and memory that is not shared at all.
      const own = new Int32Array(a === 0 ? new ArrayBuffer(8) : new SharedArrayBuffer(8));
      Atomics.add(own, index, b);
      return Atomics.load(own, index);
    }
  }
}

function atomicProgram(plan: readonly (readonly Step[])[]): Program {
  const program: Program<Int32Array<SharedArrayBuffer>, Int32Array<SharedArrayBuffer>, readonly string[]> = {
    threads: plan.length,
    setup: () => new Int32Array(new SharedArrayBuffer(8)),
    thread(id, view) {
      const answers: string[] = [];
      for (const step of plan[id]!) {
        try {
          answers.push(String(take(view, step)));
        } catch (error) {
          answers.push((error as Error).name);
        }
      }
      return answers;
    },
  };
  return program as unknown as Program;
}
