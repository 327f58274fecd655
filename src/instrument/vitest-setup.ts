/** Runs first in every vitest worker, by way of the plugin: instrumented modules find their host installed. */
import { installHost } from './host.ts';

installHost();
