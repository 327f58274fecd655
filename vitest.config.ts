import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { threadproof } from './src/instrument/vitest.ts';

const config: ViteUserConfig = defineConfig({
  plugins: [threadproof({ exclude: ['coverage', 'bench', 'vitest.config.ts'] })],
  resolve: { conditions: ['threadproof-source'] },
  ssr: { resolve: { conditions: ['threadproof-source'] } },
  test: {
    include: ['{src,models,properties,fuzz,coverage,bench,examples}/**/*.test.ts'],
    exclude: ['coverage/out/**', 'node_modules/**', 'dist/**'],
    coverage: { reportsDirectory: 'coverage/out' },
  },
});

export default config;
