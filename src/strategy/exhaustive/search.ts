/** The exhaustive searches by what they are asked for. */
import type { Strategy } from '../strategy.ts';
import { BoundedSearch } from './bounded.ts';
import { ExhaustiveSearch } from './exhaustive.ts';

/** @param preemptions most preemptions, a whole number from 0; undefined: no bound. */
export function exhaustive(preemptions?: number): Strategy {
  const search = preemptions === undefined ? new ExhaustiveSearch() : new BoundedSearch(preemptions);
  // Wrappers of strategies copy their properties: methods of a class would be lost.
  return {
    name: search.name,
    begin: (execution, threads) => search.begin(execution, threads),
    choose: (view) => search.choose(view),
    draw: () => 0,
    observe: (step) => search.observe(step),
    search: () => search.search(),
  };
}
