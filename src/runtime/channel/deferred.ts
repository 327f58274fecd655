/** A promise that others settle. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void; // set by the constructor of Promise, before it returns, here and below
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Who does not look is not to be bothered.
    this.promise.catch(() => {});
  }
}
