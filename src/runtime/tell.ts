/** Calls a listener, which can do no harm to who calls it: what it throws is an uncaught exception, as of any listener of events. */
export function tell(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
