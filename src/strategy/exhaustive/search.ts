/** The exhaustive searches by what they are asked for. */
import type { Strategy } from '../strategy.ts';
import { BoundedSearch } from './bounded.ts';
import { ExhaustiveSearch } from './exhaustive.ts';
import type { SavedSearch } from './saved.ts';

export interface Search extends Strategy {
  /** Where it stands, as plain data; a search with a bound cannot say. */
  save?(): SavedSearch;
  restore?(saved: SavedSearch, threads: number): void;
}

/** @param preemptions most preemptions, a whole number from 0; undefined: no bound. */
export function exhaustive(preemptions?: number): Search {
  const search = preemptions === undefined ? new ExhaustiveSearch() : new BoundedSearch(preemptions);
  // Wrappers of strategies copy their properties: methods of a class would be lost.
  return {
    name: search.name,
    begin: (execution, threads) => search.begin(execution, threads),
    choose: (view) => search.choose(view),
    draw: () => 0,
    observe: (step) => search.observe(step),
    ended: () => search.ended(),
    search: () => search.search(),
    ...(search instanceof ExhaustiveSearch
      ? {
          save: () => search.save(),
          restore: (saved: SavedSearch, threads: number) => search.restore(saved, threads),
        }
      : {}),
  };
}
