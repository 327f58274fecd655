/** What starts and stops of a supervisor may come to. A start that is pending is not judged here. */
import { type History, isPending, isThrew } from '../src/history/history.ts';

/**
 * `start(id)` answers "served", or ClosedError if the id was stopped by a call that did not end before it; `stop(id)` answers nothing.
 * Answers what is wrong, or nothing.
 */
export function checkSupervision(history: History): string | undefined {
  for (const call of history) {
    if (isPending(call)) continue;
    const { name, args, result, thread } = call;
    const said = isThrew(result) ? `${result.threw}: ${result.message ?? ''}` : String(result);
    if (name === 'start') {
      const stopped = history.some(
        (other) =>
          other.name === 'stop' &&
          other.args[0] === args[0] &&
          other.returned > call.called &&
          other.called < call.returned,
      );
      if (result !== 'served' && !(stopped && isThrew(result) && result.threw === 'ClosedError'))
        return `T${thread} start(${String(args[0])}) -> ${said}`;
    }
    if (name === 'stop' && result !== undefined) return `T${thread} stop(${String(args[0])}) -> ${said}`;
  }
  return undefined;
}
