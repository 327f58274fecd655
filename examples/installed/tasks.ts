/** Tasks of a pool in a package of its own. */
import { currentTask } from 'threadproof/runtime';
export const square = (n: number): number => n * n;
export const identify = (): number => currentTask()!.id;
