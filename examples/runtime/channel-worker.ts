/** A worker with two handlers. */
import { type HandlerContext, serve } from 'threadproof/runtime';

serve({
  square: (n: number) => n * n,
  async estimate(samples: number, { part, signal }: HandlerContext) {
    let inside = 0;
    for (let i = 1; i <= samples; i += 1) {
      if (Math.hypot(Math.random(), Math.random()) < 1) inside += 1;
      if (i === 100) part((4 * inside) / i); // a quick answer first
      if (i % 10_000 === 0) await new Promise(setImmediate); // lets messages in
      signal.throwIfAborted();
    }
    return (4 * inside) / samples;
  },
});
