/** An optimiser whose particles move side by side on a pool, or one after the other: with one seed, to the same place. */
import type { ThreadPool } from 'threadproof/runtime';
import { advance, createParticle, type Particle } from './particle.ts';

export interface SwarmOptions {
  readonly particles: number;
  readonly iterations: number;
  readonly dimensions: number;
  readonly seed: number;
}

/** How all particles take one step, and come back in their order. */
type Step = (particles: readonly Particle[], leader: readonly number[]) => Promise<readonly Particle[]>;

/** The tasks are in this module. */
export const tasks: URL = new URL('./particle.ts', import.meta.url);

export const inTurns: Step = async (particles, leader) =>
  particles.map((particle) => advance({ particle, leader }));

export const onPool =
  (pool: ThreadPool): Step =>
  (particles, leader) =>
    pool.map(
      particles.map((particle) => ({ particle, leader })),
      'advance',
    );

/** The best place that the swarm has found. Iterations wait for all particles: only the leader of the one before counts. */
export async function optimise(options: SwarmOptions, step: Step): Promise<Particle> {
  let swarm: readonly Particle[] = Array.from({ length: options.particles }, (_, n) =>
    createParticle(options.seed * options.particles + n, options.dimensions),
  );
  for (let iteration = 0; iteration < options.iterations; iteration += 1)
    swarm = await step(swarm, leaderOf(swarm).best);
  return leaderOf(swarm);
}

/** Of equals the first, however they came back. */
function leaderOf(swarm: readonly Particle[]): Particle {
  return swarm.reduce((leader, each) => (each.bestValue < leader.bestValue ? each : leader));
}
