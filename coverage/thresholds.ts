/** The coverage gate as data: what is measured, and the least percentages that pass. */

export interface Thresholds {
  readonly statements: number;
  readonly branches: number;
  readonly functions: number;
  readonly lines: number;
}

/** Percent, of the whole repository. A run below any of them exits with 1. */
export const thresholds: Thresholds = { statements: 85, branches: 85, functions: 85, lines: 85 };

/** Globs from the repository's root. Files that no test loads count too, as uncovered. */
export const measured: readonly string[] = ['{src,models,properties,fuzz,coverage,bench}/**/*.ts'];

/** Tests, what tests run on, declarations, and what is generated. */
export const unmeasured: readonly string[] = [
  '**/*.test.ts',
  '**/fixtures/**',
  '**/*.d.ts',
  'coverage/out/**',
];
