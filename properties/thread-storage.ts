/**
 * Thread-local storage (W-12): each thread sees its own values and nobody else's; an id has one thread at a time, and when
 * it is claimed again nothing is set (0 is a value, not "unset"); keys never reach past a thread's slots.
 */
import * as fc from 'fast-check';
import { threadStorage } from '../models/thread-storage.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { type Codec, codecs, ThreadLocal, ThreadStorage } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

interface Storage {
  readonly handle: unknown;
  claim(thread?: number): number;
  release(): void;
  allocateKey(words: number): { readonly offset: number; readonly words: number };
}

interface Variable {
  readonly key: unknown;
  get(): unknown;
  set(value: unknown): void;
  has(): boolean;
  delete(): boolean;
}

type View = Int32Array<SharedArrayBuffer>;

export interface StorageSubject {
  readonly storage: {
    create(view: View, index: number, options: { threads: number; bytesPerThread: number }): Storage;
    attach(handle: never): Storage;
  };
  readonly variable: {
    create(storage: never, codec: unknown): Variable;
    attach(storage: never, key: never, codec: unknown): Variable;
  };
}

interface Local {
  readonly storage: Storage;
  readonly variables: readonly Variable[];
}

/** Three variables of 2, 3 and 2 cells; the rest of the 16 is filled up, but for the 2 cells of one more key. */
const kinds: readonly Codec<unknown>[] = [codecs.int32, codecs.bigInt64, codecs.boolean];
const used = 2 + 3 + 2 + 7;
const shape = { ids: 2, variables: kinds.length, cells: 16, used };

const values = [fc.constantFrom(0, 1, -1, 7), fc.constantFrom(0n, 1n, -1n), fc.boolean()] as const;
const variable = fc.nat(kinds.length - 1);
const assignment = fc.oneof(...values.map((value, number) => fc.tuple(fc.constant(number), value)));
const call = (name: string, ...args: readonly unknown[]): Operation => ({ name, args });

/** What a thread does with its variables; now and then without an id. */
const use: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: variable.map((v) => call('get', v)) },
  { weight: 4, arbitrary: assignment.map(([v, value]) => call('set', v, value)) },
  { weight: 1, arbitrary: variable.map((v) => call('has', v)) },
  { weight: 1, arbitrary: variable.map((v) => call('delete', v)) },
  { weight: 1, arbitrary: fc.constant(call('newKey', 1)) },
);

/** The life of a thread, from one claim to the next; sometimes it forgets to release, or claims twice. */
const life: fc.Arbitrary<readonly Operation[]> = fc
  .tuple(
    fc.oneof(
      fc.constant(call('claim')),
      fc.nat(shape.ids - 1).map((id) => call('claim', id)),
    ),
    fc.array(use, { maxLength: 3 }),
    fc.oneof({ weight: 5, arbitrary: fc.constant([call('release')]) }, fc.constant([])),
  )
  .map(([claim, uses, end]) => [claim, ...uses, ...end]);

const plans: fc.Arbitrary<Plan> = fc
  .array(fc.array(life, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 3 })
  .map((threads) => ({ prefix: [], threads: threads.map((lives) => lives.flat()) }));

export const tlsIsolation: Property<StorageSubject> = {
  name: 'tls-isolation',
  about:
    'a ThreadLocal has a value for each thread, unset when its id is claimed again; ids and keys never collide',
  ids: ['W-12'],
  subject: { storage: ThreadStorage, variable: ThreadLocal } as unknown as StorageSubject,
  cases: ({ storage: storages, variable: variables }) =>
    erased(
      concurrentProgram({
        name: 'tls-isolation',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(1024));
          const storage = storages.create(view, 0, { threads: shape.ids, bytesPerThread: shape.cells * 4 });
          const keys = kinds.map((codec) => variables.create(storage as never, codec).key);
          storage.allocateKey(6);
          return { handle: storage.handle, keys };
        },
        attach: ({ handle, keys }): Local => {
          const storage = storages.attach(handle as never);
          return {
            storage,
            variables: kinds.map((codec, number) =>
              variables.attach(storage as never, keys[number] as never, codec),
            ),
          };
        },
        operations: {
          claim: { run: ({ storage }: Local, wanted?: number) => storage.claim(wanted) },
          release: { run: ({ storage }: Local) => storage.release() },
          get: { run: (local: Local, v: number) => local.variables[v]!.get() },
          set: { run: (local: Local, v: number, value: unknown) => local.variables[v]!.set(value) },
          has: { run: (local: Local, v: number) => local.variables[v]!.has() },
          delete: { run: (local: Local, v: number) => local.variables[v]!.delete() },
          newKey: { run: ({ storage }: Local, words: number) => storage.allocateKey(words).offset },
        },
        plans,
        specification: threadStorage(shape),
        behaviours: true,
      }),
    ),
};
