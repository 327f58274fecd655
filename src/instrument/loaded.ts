/**
 * The files of the modules that were loaded here: all that a program is made of. The hooks of the loader run on a thread of their own and tell by a port which ES modules
 * they saw; of CommonJS and JSON Node keeps a cache; instrumented modules, which vitest loads in its own way, name themselves to the host.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { installHost } from './host.ts';

const { cache } = createRequire(import.meta.url);
const files = new Set<string>();
/** What was there before: the tools that started this process. */
let before: ReadonlySet<string> | undefined;
const ports: MessagePort[] = [];

/** Compilers load parts of themselves when they need them. */
const tools = /[\\/]node_modules[\\/](tsx|esbuild|get-tsconfig|resolve-pkg-maps)[\\/]/;

/** From now on the files of modules are known. Answers the port to which hooks post the URLs of what they load. */
export function watchModules(): MessagePort {
  before ??= new Set(Object.keys(cache));
  const { port1, port2 } = new MessageChannel();
  ports.push(port1);
  return port2;
}

/** Absolute paths, in order. Of modules without functions and steps only those that the loader or the vitest plugin saw. */
export function loadedFiles(): string[] {
  for (const port of ports)
    for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port))
      files.add(fileURLToPath(got.message as string));
  const required = before === undefined ? [] : Object.keys(cache).filter((file) => !before!.has(file));
  const all = [...files, ...required.map((file) => file.replace(/\?.*$/, '')), ...installHost().modules()];
  return [...new Set(all)].filter((file) => !tools.test(file)).sort();
}
