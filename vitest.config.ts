import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['threadproof-source'] },
  ssr: { resolve: { conditions: ['threadproof-source'] } },
  test: {
    include: ['{src,models,properties,fuzz,coverage,bench,examples}/**/*.test.ts'],
    exclude: ['coverage/out/**', 'node_modules/**', 'dist/**'],
    coverage: { reportsDirectory: 'coverage/out' },
  },
});
