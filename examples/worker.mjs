// Lets a worker load TypeScript in development, then the module that it is for. Built JavaScript needs none of this.
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.load);
