/** What a pool runs: exports of modules, numbered, each told to the workers once. */
import { textOf } from '../remote-error.ts';
import { moduleOf } from './pool-options.ts';
import type { PoolTask } from './pool-types.ts';

export interface Definition {
  readonly define: number;
  readonly module: string;
  readonly name: string;
}

export class Handlers {
  readonly definitions: Definition[] = [];
  readonly #module: string | undefined;
  readonly #known = new Map<string, Definition>();

  /** @param module of tasks that name none */
  constructor(module: string | undefined) {
    this.#module = module;
  }

  /** The definition of a task's export; a new one is told to `define`. Throws TypeError when no module is named. */
  definitionOf(task: PoolTask, define: (definition: Definition) => void): Definition {
    const name = typeof task === 'string' ? task : task?.export;
    if (typeof name !== 'string')
      throw new TypeError(
        `a task is the name of an export, or { module, export } with it, got ${textOf(name)}`,
      );
    const module = (typeof task === 'string' ? undefined : moduleOf(task.module)) ?? this.#module;
    if (module === undefined)
      throw new TypeError(`task "${name}" names no module, and the ThreadPool has none: give one of them`);
    const key = module === this.#module ? name : `${name} ${module}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const definition = { define: this.definitions.length, module, name };
    this.#known.set(key, definition);
    this.definitions.push(definition);
    define(definition);
    return definition;
  }

  areTypeScript(): boolean {
    const modules = [this.#module, ...this.definitions.map(({ module }) => module)];
    return modules.some((module) => module !== undefined && /\.m?ts$/.test(module));
  }
}
