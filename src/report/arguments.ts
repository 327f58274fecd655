/** Command lines, before Node's `parseArgs` sees them. */

/** `--seed -1` as `--seed=-1`: a number that is out of range is told as one, and not taken for an option. */
export function withNegativeNumbers(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (const argument of argv) {
    const before = joined.at(-1);
    if (/^-\.?\d/.test(argument) && before !== undefined && /^--[a-z][a-z-]*$/.test(before))
      joined[joined.length - 1] = `${before}=${argument}`;
    else joined.push(argument);
  }
  return joined;
}
