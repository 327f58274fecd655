/** A persona: looks at a message and says how much it cares. */
import { workerData } from 'node:worker_threads';
import { type HandlerContext, serve } from 'threadproof/runtime';

const { persona, interest } = workerData as { readonly persona: string; readonly interest: string };

export interface Evaluation {
  readonly persona: string;
  readonly id: number;
  readonly score: number;
}

function score(text: string): number {
  return text.split(/\W+/).filter((word) => word.toLowerCase() === interest).length;
}

serve({
  evaluate: ({ id, text }: { readonly id: number; readonly text: string }): Evaluation => ({
    persona,
    id,
    score: score(text),
  }),
  /** Only the latest message counts. */
  latest: {
    queue: 1,
    run: async ({ id, text }: { readonly id: number; readonly text: string }): Promise<Evaluation> => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { persona, id, score: score(text) };
    },
  },
  /** Never answers; goes when it is given up. */
  silent: (_: unknown, { signal }: HandlerContext) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    }),
});
