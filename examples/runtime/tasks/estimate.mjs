/** Runs in the workers of the example's pool: a quick answer first, and better ones. */
import { currentTask } from 'threadproof/runtime';

export function pi(steps) {
  const { part } = currentTask();
  let sum = 0;
  for (let n = 0; n < steps; n += 1) {
    if (n === 10 || n === 1000) part(4 * sum);
    sum += (n % 2 === 0 ? 1 : -1) / (2 * n + 1);
  }
  return 4 * sum;
}
