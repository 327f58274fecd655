/** Runs in the workers of the example's pool. */
export function square(number) {
  if (typeof number === 'number') return number * number;
  throw Object.assign(new RangeError(`not a number: ${number}`), { code: 'E_NUMBER' });
}
