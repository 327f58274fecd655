/** Which modules get twins: all but Node's own and the harness itself. */
import { fileURLToPath } from 'node:url';

export interface InstrumentFilter {
  /** Folders (absolute paths with a trailing separator) whose files are left as they are. */
  readonly exclude: readonly string[];
  /** Folders inside the excluded ones that get twins all the same. */
  readonly include?: readonly string[];
}

export function instrumented(filter: InstrumentFilter, url: URL): boolean {
  return instrumentedPath(filter, fileURLToPath(new URL(url.pathname, 'file:')));
}

export function instrumentedPath(filter: InstrumentFilter, path: string): boolean {
  if (filter.include?.some((folder) => path.startsWith(folder))) return true;
  return !filter.exclude.some((folder) => path.startsWith(folder));
}

/**
 * The filter that leaves out this package but for its runtime, which is a subject like any other, and the packages it needs.
 * @param root the folder that holds `runtime/` and `instrument/` (src in a checkout, dist when installed).
 */
export function packageFilter(root: URL): InstrumentFilter {
  const folder = (path: string): string => fileURLToPath(new URL(path, root));
  const harness = [
    'instrument',
    'engine',
    'strategy',
    'schedule',
    'generate',
    'history',
    'linearize',
    'shrink',
    'report',
    'cli',
  ];
  return { exclude: harness.map((name) => folder(`${name}/`)) };
}
