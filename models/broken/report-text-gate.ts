/**
 * A report whose gate compares percentages as text.
 *
 * Fault S2: '25' >= '100', so 25 % pass where 100 % are asked for.
 *
 * Odds: see properties/broken.ts
 */

interface Result {
  readonly passed: boolean;
}

interface Summary {
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly passRate: number;
}

export interface TextGate {
  summarise(results: readonly Result[]): Summary;
  exitCodeOf(summary: Summary, leastRate: number): number;
}

/** Lets 25 % through as 100 %. */
export const textGate: TextGate = {
  summarise(results) {
    const total = results.length;
    const passed = results.filter((result) => result.passed).length;
    return { total, passed, failed: total - passed, passRate: total === 0 ? 0 : passed / total };
  },
  exitCodeOf({ total, passRate }, leastRate) {
    // FAULT S2: texts are compared letter by letter. Compare numbers.
    const [rate, least] = [(100 * passRate).toFixed(0), (100 * leastRate).toFixed(0)];
    return total > 0 && rate >= least ? 0 : 1;
  },
};
