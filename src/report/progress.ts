/** A status line: rewritten in place on a terminal, a line now and then elsewhere. Goes to standard error. */

export interface Progress {
  /** Shows `text` if it is time. */
  update(text: () => string): void;
  /** Removes the live line. */
  clear(): void;
}

/** @param everyMs how often a line is written where there is no terminal. */
export function progress(everyMs: number, quiet = false): Progress {
  const live = process.stderr.isTTY === true;
  let last = performance.now();
  let shown = false;
  return {
    update(text): void {
      const now = performance.now();
      if (quiet || now - last < (live ? 200 : everyMs)) return;
      last = now;
      shown = true;
      process.stderr.write(
        live ? `\r${text().slice(0, (process.stderr.columns ?? 80) - 1)}\u001b[K` : `${text()}\n`,
      );
    },
    clear(): void {
      if (live && shown) process.stderr.write('\r\u001b[K');
      shown = false;
    },
  };
}
