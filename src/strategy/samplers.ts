/** The strategies that sample schedules for as long as they are asked, by name. */
import { fair } from './fair.ts';
import { pct } from './pct.ts';
import { portfolio } from './portfolio.ts';
import { pos } from './pos.ts';
import { random } from './random.ts';
import { rff } from './rff.ts';
import { roundRobin } from './round-robin.ts';
import type { Strategy } from './strategy.ts';
import { surw } from './surw.ts';
import { urw } from './urw.ts';

export const samplerNames = [
  'portfolio',
  'random',
  'pct',
  'fair-pct',
  'pos',
  'urw',
  'surw',
  'rff',
  'round-robin',
] as const;
export type SamplerName = (typeof samplerNames)[number];

/** @param depth PCT's depth, a whole number from 1. */
export function sampler(name: SamplerName, seed: number, depth = 3): Strategy {
  switch (name) {
    case 'portfolio':
      return portfolio(seed);
    case 'random':
      return random(seed);
    case 'pct':
      return pct(seed, depth);
    case 'fair-pct':
      return fair(pct(seed, depth), seed);
    case 'pos':
      return pos(seed);
    case 'urw':
      return urw(seed);
    case 'surw':
      return surw(seed);
    case 'rff':
      return rff(seed);
    case 'round-robin':
      return roundRobin(seed);
  }
}
