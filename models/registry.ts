/** A registry: records under keys, each commit a version of the whole. */
import { type CompleteSpecification, specification } from '../src/linearize/specification.ts';

export interface RegistryState {
  readonly version: number;
  /** By key; undefined where there is none. */
  readonly records: readonly (number | undefined)[];
}

/**
 * - `get(key) -> number | undefined`
 * - `set(key, value) -> version`, `delete(key) -> boolean`
 * - `add(key, n) -> number`: the record, 0 when there is none, plus n
 * - `move(from, to, n)`: takes n from one record and gives it to the other, in one commit
 * - `snapshot() -> 'version: record, record'`
 * - `version() -> number`
 */
export function registry(keys: number): CompleteSpecification<RegistryState> {
  const commit = ({ version, records }: RegistryState, changes: readonly [number, number | undefined][]) => {
    const next = [...records];
    for (const [key, value] of changes) next[key] = value;
    return { version: version + 1, records: next };
  };
  return specification<RegistryState>({
    name: `registry of ${keys}`,
    initial: () => ({ version: 0, records: Array.from({ length: keys }, () => undefined) }),
    operations: {
      get: (state, [key]: readonly [number]) => ({ state, result: state.records[key] }),
      set: (state, [key, value]: readonly [number, number]) => {
        const next = commit(state, [[key, value]]);
        return { state: next, result: next.version };
      },
      delete: (state, [key]: readonly [number]) => ({
        state: commit(state, [[key, undefined]]),
        result: state.records[key] !== undefined,
      }),
      add: (state, [key, n]: readonly [number, number]) => {
        const value = (state.records[key] ?? 0) + n;
        return { state: commit(state, [[key, value]]), result: value };
      },
      move: (state, [from, to, n]: readonly [number, number, number]) => {
        const left = (state.records[from] ?? 0) - n;
        const got = (from === to ? left : (state.records[to] ?? 0)) + n;
        return {
          state: commit(state, [
            [from, left],
            [to, got],
          ]),
          result: undefined,
        };
      },
      snapshot: (state) => ({ state, result: describe(state) }),
      version: (state) => ({ state, result: state.version }),
    },
    describeState: describe,
  });
}

/** A snapshot as text, as the operation `snapshot` answers it. */
export function describe({ version, records }: RegistryState): string {
  return `${version}: ${records.map((record) => record ?? '-').join(', ')}`;
}
