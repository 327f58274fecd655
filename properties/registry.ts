/**
 * The shared registry (D-6, D-7): linearizable with respect to its model, records whole and snapshots of one version, no committed write
 * lost, accesses counted exactly, and no thread waits for another.
 */
import * as fc from 'fast-check';
import { describe, registry } from '../models/registry.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { type Codec, codecs, type RegistryDraft, SharedRegistry } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

/** A number and its complement: half of one record and half of another do not fit. */
interface Pair {
  readonly value: number;
  readonly complement: number;
}

interface Handle {
  readonly handle: unknown;
  get(key: number): Pair | undefined;
  set(key: number, value: Pair): number;
  delete(key: number): boolean;
  update(key: number, compute: (present: Pair | undefined) => Pair): Pair;
  change<R>(write: (draft: RegistryDraft<Pair>) => R): R;
  snapshot(): { readonly version: number; readonly records: readonly (Pair | undefined)[] };
  version(): number;
  accesses(key: number): number;
}

export interface RegistrySubject {
  create(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    options: { readonly keys: number; readonly writers: number },
    codec: Codec<Pair>,
  ): Handle;
  attach(handle: unknown, codec: Codec<Pair>): Handle;
}

const keys = 2;
const codec = codecs.struct<Pair>({ value: codecs.int32, complement: codecs.int32 });
const options = { keys, writers: 4 };

const pair = (value: number): Pair => ({ value, complement: ~value });

function numberOf(record: Pair | undefined): number | undefined {
  if (record !== undefined && record.complement !== ~record.value)
    throw new Error(`a record is torn: ${record.value} and ${record.complement}`);
  return record?.value;
}

const operations = {
  get: { run: (r: Handle, key: number) => numberOf(r.get(key)) },
  set: { run: (r: Handle, key: number, value: number) => r.set(key, pair(value)) },
  delete: { run: (r: Handle, key: number) => r.delete(key) },
  add: {
    run: (r: Handle, key: number, n: number) =>
      numberOf(r.update(key, (present) => pair((numberOf(present) ?? 0) + n))),
  },
  move: {
    run: (r: Handle, from: number, to: number, n: number): void => {
      r.change((draft) => {
        draft.set(from, pair((numberOf(draft.get(from)) ?? 0) - n));
        draft.set(to, pair((numberOf(draft.get(to)) ?? 0) + n));
      });
    },
  },
  snapshot: {
    run: (r: Handle): string => {
      const { version, records } = r.snapshot();
      return describe({ version, records: records.map(numberOf) });
    },
  },
  version: { run: (r: Handle) => r.version() },
};

const key = fc.nat(keys - 1);
const amount = fc.integer({ min: 1, max: 9 });
const call = (name: string, ...args: fc.Arbitrary<unknown>[]): fc.Arbitrary<Operation> =>
  fc.tuple(...args).map((list) => ({ name, args: list }));
const write = fc.oneof(
  call('set', key, amount),
  call('add', key, amount),
  call('move', key, key, amount),
  call('delete', key),
);
const read = fc.oneof(
  { weight: 3, arbitrary: call('get', key) },
  { weight: 3, arbitrary: call('snapshot') },
  { weight: 1, arbitrary: call('version') },
);
const mixed: fc.Arbitrary<readonly (readonly Operation[])[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.array(write, { minLength: 1, maxLength: 2 }) },
    { weight: 2, arbitrary: fc.array(read, { minLength: 1, maxLength: 2 }) },
    { weight: 1, arbitrary: fc.array(fc.oneof(write, read), { minLength: 1, maxLength: 3 }) },
  ),
  { minLength: 2, maxLength: 3 },
);
/** A reader that is overtaken by commits until its slot is written again. */
const overtaken = fc.tuple(
  fc.array(call('snapshot'), { minLength: 2, maxLength: 5 }),
  fc.array(fc.oneof(call('move', key, key, amount), call('set', key, amount)), {
    minLength: 2,
    maxLength: 4,
  }),
);
/** Readers of one key at a time: their counts meet. */
const readers = fc
  .tuple(key, fc.integer({ min: 2, max: 3 }))
  .map(([k, threads]) => Array.from({ length: threads }, () => [{ name: 'get', args: [k] }]));
const plans: fc.Arbitrary<Plan> = fc
  .oneof(
    { weight: 2, arbitrary: mixed },
    { weight: 4, arbitrary: overtaken },
    { weight: 1, arbitrary: readers },
  )
  .map((threads) => ({ prefix: [], threads }));

export const registryLinearizable: Property<RegistrySubject> = {
  name: 'registry-linearizable',
  about:
    'a SharedRegistry loses no committed write, shows one whole version to every reader, and counts accesses exactly',
  ids: ['D-6', 'D-7'],
  subject: SharedRegistry as unknown as RegistrySubject,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'registry-linearizable',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(4 * SharedRegistry.cells(options, codec)));
          return subject.create(view, 0, options, codec).handle;
        },
        attach: (handle) => subject.attach(handle, codec),
        operations,
        plans,
        specification: registry(keys),
        judge: ({ history, shared, stuck, spins }) => {
          if (stuck || spins > 0) return 'a thread waits for another';
          const end = subject.attach(shared, codec);
          for (let k = 0; k < keys; k += 1) {
            const reads = history.filter(({ name, args }) => name === 'get' && args[0] === k).length;
            if (end.accesses(k) !== reads)
              return `key ${k} was read ${reads} times, and counts ${end.accesses(k)}`;
          }
          return undefined;
        },
        behaviours: true,
      }),
    ),
};
