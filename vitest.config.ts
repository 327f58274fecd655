import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { measured, thresholds, unmeasured } from './coverage/thresholds.ts';
import { threadproof } from './src/instrument/vitest.ts';

const config: ViteUserConfig = defineConfig({
  plugins: [threadproof({ exclude: ['coverage', 'vitest.config.ts'] })],
  resolve: { conditions: ['threadproof-source'] },
  ssr: { resolve: { conditions: ['threadproof-source'] } },
  test: {
    include: ['{src,models,properties,fuzz,coverage,bench,examples}/**/*.test.ts'],
    exclude: ['coverage/out/**', 'node_modules/**', 'dist/**'],
    pool: 'forks',
    // Workers that a test starts find ours among the sources too: the conditions of the test runner are its own.
    execArgv: ['--conditions=threadproof-source'],
    // One less than the processors, by default: one on a machine of two, where half the time goes to waiting for child processes.
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 90_000,
    coverage: {
      provider: 'custom',
      customProviderModule: './coverage/provider.ts',
      reportsDirectory: 'coverage/out',
      reportOnFailure: true,
      reporter: ['text', 'text-summary', 'lcov', 'json-summary', 'html'],
      include: [...measured],
      exclude: [...unmeasured],
      thresholds: { ...thresholds },
    },
  },
});

export default config;
