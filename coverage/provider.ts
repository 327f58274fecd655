/**
 * The coverage provider (`coverage.provider: 'custom'`): @vitest/coverage-v8, which sees code that ran as a twin as the author's code.
 * This half is loaded in every worker and counts there; the other half, in vitest's main process, is twin-coverage.ts.
 */
import v8 from '@vitest/coverage-v8';
import type { CoverageProviderModule } from 'vitest/node';

const provider: CoverageProviderModule = {
  ...v8,
  getProvider: async () => (await import('./twin-coverage.ts')).twinCoverage(),
};

export default provider;
