/**
 * The Node loader: `register()` instruments every module that is imported after it. For `node --import`, see register.ts.
 *
 * ES modules go through hooks.ts; CommonJS through a patched `Module.prototype._compile`, which is where Node compiles them.
 */
import Module, { register as registerHooks } from 'node:module';
import { type InstrumentFilter, instrumentedPath, packageFilter } from './filter.ts';
import type { HooksData } from './hooks.ts';
import { installHost } from './host.ts';
import { inlineMap, withInlineMap } from './inline-map.ts';
import { watchModules } from './loaded.ts';
import { transform } from './transform.ts';

interface Compilable {
  _compile(code: string, filename: string, ...rest: unknown[]): unknown;
}

let registered = false;
let watched = false;

/** Instruments every module that is loaded from now on. Calling it again changes nothing. */
export function register(filter: InstrumentFilter = packageFilter(new URL('../', import.meta.url))): void {
  if (registered) return;
  registered = true;
  process.setSourceMapsEnabled(true);
  installHost();
  addHooks(filter, false);
  const prototype = Module.prototype as unknown as Compilable;
  const compile = prototype._compile;
  prototype._compile = function (this: unknown, code: string, filename: string, ...rest: unknown[]): unknown {
    if (
      !instrumentedPath(filter, filename) ||
      filename.includes('/node_modules/tsx/') ||
      filename.includes('/node_modules/esbuild/')
    )
      return compile.call(this as Compilable, code, filename, ...rest);
    const result = transform(code, { file: filename, sourceType: 'script', inputMap: inlineMap(code) });
    return compile.call(this as Compilable, withInlineMap(result.code, result.map), filename, ...rest);
  };
}

/** Leaves every module as it is, but knows from now on which were loaded (loaded.ts), as `register` does. Calling it again changes nothing. */
export function watch(): void {
  if (registered || watched) return;
  watched = true;
  addHooks(packageFilter(new URL('../', import.meta.url)), true);
}

function addHooks(filter: InstrumentFilter, onlyWatch: boolean): void {
  const self = import.meta.url;
  const port = watchModules();
  const data: HooksData = { filter, port, onlyWatch };
  registerHooks(new URL(self.endsWith('.ts') ? './hooks.ts' : './hooks.js', self).href, {
    data,
    transferList: [port],
  });
}
