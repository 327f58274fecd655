/** Instruments the suite's subjects: this repository's own modules, the harness and packages left as they are. */
import { fileURLToPath } from 'node:url';
import { packageFilter } from '../src/instrument/filter.ts';
import { register } from '../src/instrument/loader.ts';

const { exclude } = packageFilter(new URL('../src/', import.meta.url));
register({ exclude: [...exclude, fileURLToPath(new URL('../node_modules/', import.meta.url))] });
