/**
 * The coverage provider (`coverage.provider: 'custom'`): @vitest/coverage-v8, which sees code that ran as a twin as the author's code.
 * This half is loaded in every worker and counts there; the other half, in vitest's main process, is twin-coverage.ts.
 */
import v8 from '@vitest/coverage-v8';
import type { CoverageProviderModule } from 'vitest/node';

/** The variable that tells vitest's workers where the processes and threads of the tests shall write their counts. */
export const childFolder = 'THREADPROOF_CHILD_COVERAGE';

const provider: CoverageProviderModule = {
  ...v8,
  async startCoverage(options) {
    // Too late for this process, in time for those that its tests start.
    const folder = process.env[childFolder];
    if (folder !== undefined) process.env['NODE_V8_COVERAGE'] = folder;
    await v8.startCoverage?.(options);
  },
  getProvider: async () => (await import('./twin-coverage.ts')).twinCoverage(),
};

export default provider;
