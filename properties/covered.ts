/** What a table of properties or of a campaign's targets says with `--coverage`: its columns, and the pairs of operations that never overlapped. */
import type { ProgramsCovered } from '../src/generate/coverage.ts';

export const coverageColumns = ['overlaps', 'reads-from', 'blocking'] as const;

/** One cell for each column: `covered/possible` pairs of operations, reads-from pairs, blocking edges. Programs of promises have no steps. */
export function coverageCells({ overlaps, readsFrom, blocking }: ProgramsCovered): (string | number)[] {
  return [`${overlaps.covered}/${overlaps.possible}`, readsFrom ?? '-', blocking ?? '-'];
}

/** Lists, row by row, the pairs of operations that were never in flight at the same time, and says of how many rows there are none. */
export function missingOverlaps(
  rows: readonly { readonly name: string; readonly coverage: ProgramsCovered | null }[],
): string {
  const counted = rows.flatMap(({ name, coverage }) =>
    coverage === null ? [] : [{ name, ...coverage.overlaps }],
  );
  const short = counted.filter(({ missing }) => missing.length > 0);
  const whole = counted.length - short.length;
  return [
    `coverage: all pairs of operations that could overlap did in ${whole} of ${counted.length}`,
    ...short.map(
      ({ name, missing }) =>
        `never overlapped in ${name}: ${missing.map((pair) => pair.join(' x ')).join(', ')}`,
    ),
  ].join('\n');
}
