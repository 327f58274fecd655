/** What was thrown, so that the engine may look at it: a revoked proxy, or a getter that throws, must not end the tool. */
import { describeThrown, unreadable } from './describe.ts';

/** What was thrown itself, where it can be looked at; else something that stands for it. */
export function tamed(error: unknown): unknown {
  try {
    describeThrown(error);
    return error;
  } catch {
    return unreadable;
  }
}
