/** What the tasks of the pool benchmark do; the same functions for every pool. */
export function trivial(n) {
  return n + 1;
}

export function busy(ms) {
  const end = performance.now() + ms;
  let turns = 0;
  while (performance.now() < end) turns += 1;
  return turns > 0;
}

export function fails(text) {
  throw new RangeError(text);
}

export function exits() {
  process.exit(3);
}

export function late(n) {
  setTimeout(() => {
    throw new Error('late');
  }, 1);
  return n;
}

export async function sleeps(ms) {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return ms;
}

/** Counts that it was begun; then one in a hundred fails, and one in a thousand takes its worker along. */
export function counted(begun, number) {
  Atomics.add(begun, number, 1);
  if (number % 1000 === 500) process.exit(7);
  if (number % 100 === 50) throw new RangeError(`fails ${number}`);
  return number;
}

export default trivial;
