/** The benchmark's tasks, as workerpool has its workers. */
import workerpool from 'workerpool';
import * as tasks from './pool-tasks.mjs';

const { trivial, busy, fails, exits, late, sleeps } = tasks;
workerpool.worker({ trivial, busy, fails, exits, late, sleeps });
