/** The benchmark's tasks, as poolifier has its workers. */
import { ThreadWorker } from 'poolifier';
import * as tasks from './pool-tasks.mjs';

const { trivial, busy, fails, exits, late, sleeps } = tasks;
export default new ThreadWorker({ trivial, busy, fails, exits, late, sleeps });
