/**
 * `node --import threadproof/register program.js`: instruments the program and all that it imports. With TypeScript let tsx come first:
 * `node --import tsx --import threadproof/register program.ts`.
 */
import { register } from './loader.ts';

register();
