/**
 * A particle of a swarm (Kennedy and Eberhart, 1995). Pure functions of plain data: a worker and the caller's own thread get the same bits.
 * The numbers at random are the particle's own, so the order in which particles move changes nothing.
 */
export interface Particle {
  readonly position: readonly number[];
  readonly velocity: readonly number[];
  /** Where it has been best, and the value there. */
  readonly best: readonly number[];
  readonly bestValue: number;
  /** State of its numbers at random. */
  readonly random: number;
}

/** What is minimised: Rosenbrock's function, 0 at (1, 1, ...). */
export function valueAt(position: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i + 1 < position.length; i += 1) {
    const [x, y] = [position[i]!, position[i + 1]!]; // in range
    sum += 100 * (y - x * x) ** 2 + (1 - x) ** 2;
  }
  return sum;
}

/** The next state of Marsaglia's xorshift, and with `share` a number from 0 to 1 of it. */
function next(random: number): number {
  let bits = random;
  bits ^= bits << 13;
  bits ^= bits >>> 17;
  bits ^= bits << 5;
  return bits;
}
const share = (random: number): number => (random >>> 0) / 2 ** 32;

/** A particle somewhere between -2 and 2, at rest. */
export function createParticle(seed: number, dimensions: number): Particle {
  let random = Math.imul(seed, 0x9e37_79b9) | 1;
  const position = Array.from({ length: dimensions }, () => {
    random = next(random);
    return 4 * share(random) - 2;
  });
  const velocity = position.map(() => 0);
  return { position, velocity, best: position, bestValue: valueAt(position), random };
}

/** The task: the particle one iteration later, drawn to its own best place and to the swarm's. */
export function advance({
  particle,
  leader,
}: {
  readonly particle: Particle;
  readonly leader: readonly number[];
}): Particle {
  let { random } = particle;
  const velocity = particle.velocity.map((speed, i) => {
    random = next(random);
    const own = 1.5 * share(random) * (particle.best[i]! - particle.position[i]!); // of one length
    random = next(random);
    return 0.7 * speed + own + 1.5 * share(random) * (leader[i]! - particle.position[i]!); // of one length
  });
  const position = particle.position.map((x, i) => x + velocity[i]!); // of one length
  const value = valueAt(position);
  const { best, bestValue } = particle;
  return value < bestValue
    ? { position, velocity, best: position, bestValue: value, random }
    : { position, velocity, best, bestValue, random };
}
