/**
 * Thread-local storage: ids that are claimed by one thread at a time, and variables that each have a value for each id,
 * unset when the id is claimed. Keys take space, of which there is a fixed number of cells.
 */
import { threw } from '../src/history/history.ts';
import { type CompleteSpecification, type Effect, specification } from '../src/linearize/specification.ts';

export interface ThreadStorageState {
  /** The thread that has each id. */
  readonly owners: readonly (number | undefined)[];
  /** The set values of each id, by variable. */
  readonly values: readonly (readonly (unknown | undefined)[])[];
  /** Cells of a row that keys have taken. */
  readonly used: number;
}

export interface ThreadStorageShape {
  readonly ids: number;
  /** Variables from the beginning on. */
  readonly variables: number;
  /** Cells of a row; keys of `used` cells are there from the beginning on. */
  readonly cells: number;
  readonly used: number;
}

const taken = threw('RoleTakenError');
const notClaimed = threw('NotCreatedError');

/**
 * - `claim(id?) -> id`: without an argument any that is free; RoleTakenError when it (every one) is taken, or the caller has one.
 * - `release()`: does nothing for a caller without an id.
 * - `get(variable) -> value`, undefined when not set; `set(variable, value)`; `has(variable) -> boolean`; `delete(variable) ->
 *   boolean`: NotCreatedError for a caller without an id.
 * - `newKey(words) -> offset`: OutOfMemoryError when it does not fit.
 */
export function threadStorage({
  ids,
  variables,
  cells,
  used,
}: ThreadStorageShape): CompleteSpecification<ThreadStorageState> {
  const unset = Array.from({ length: variables }, () => undefined);
  /** A rule for the variables of the caller's id. */
  const onValue =
    (apply: (value: unknown, given: unknown) => { value: unknown; result: unknown }) =>
    (
      state: ThreadStorageState,
      [variable, given]: readonly [number, unknown?],
      thread: number,
    ): Effect<ThreadStorageState> => {
      const id = state.owners.indexOf(thread);
      if (id < 0) return { state, result: notClaimed };
      const row = state.values[id]!; // as many as owners
      const { value, result } = apply(row[variable], given);
      return { state: { ...state, values: state.values.with(id, row.with(variable, value)) }, result };
    };
  return specification<ThreadStorageState>({
    name: 'thread storage',
    initial: () => ({
      owners: Array.from({ length: ids }, () => undefined),
      values: Array.from({ length: ids }, () => unset),
      used,
    }),
    operations: {
      claim: (state, [wanted]: readonly [number?], thread) => {
        const tried = wanted === undefined ? state.owners.map((_, id) => id) : [wanted];
        const free = tried.filter((id) => state.owners[id] === undefined);
        if (state.owners.includes(thread) || free.length === 0) return { state, result: taken };
        return free.map((id) => ({
          state: { ...state, owners: state.owners.with(id, thread), values: state.values.with(id, unset) },
          result: id,
        }));
      },
      release: (state, _args, thread) => {
        const id = state.owners.indexOf(thread);
        const owners = id < 0 ? state.owners : state.owners.with(id, undefined);
        return { state: { ...state, owners }, result: undefined };
      },
      get: onValue((value) => ({ value, result: value })),
      set: onValue((_value, given) => ({ value: given, result: undefined })),
      has: onValue((value) => ({ value, result: value !== undefined })),
      delete: onValue((value) => ({ value: undefined, result: value !== undefined })),
      newKey: (state, [words]: readonly [number]) =>
        state.used + 1 + words > cells
          ? { state, result: threw('OutOfMemoryError') }
          : { state: { ...state, used: state.used + 1 + words }, result: state.used },
    },
  });
}
