/** A worker that asks a language model behind an Ollama-compatible endpoint, one request at a time; what the model says comes as it is said. */
import { workerData } from 'node:worker_threads';
import { Ollama } from 'ollama';
import { type HandlerContext, serve } from 'threadproof/runtime';

/** What went wrong with the provider. */
class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly code: 'DOWN' | 'REFUSED' | 'MALFORMED';

  constructor(message: string, code: ProviderError['code'], cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const { host } = workerData as { readonly host: string };

async function complete(prompt: string, { signal, part }: HandlerContext): Promise<string> {
  // A client for each request, so that giving one up leaves the others alone.
  const client = new Ollama({ host, fetch: (url, init) => fetch(url, { ...init, signal }) });
  let text = '';
  try {
    for await (const { response } of await client.generate({ model: 'mock', prompt, stream: true })) {
      if (typeof response !== 'string') throw new SyntaxError('an answer without text');
      text += response;
      part(text);
    }
    return text;
  } catch (error) {
    signal.throwIfAborted();
    const { name, cause } = error as Error;
    if (name === 'ResponseError')
      throw new ProviderError(`the provider refused: ${String(error)}`, 'REFUSED', error);
    if (name === 'TypeError' && cause !== undefined)
      throw new ProviderError(`no provider at ${host}: start it, or give another host`, 'DOWN', error);
    throw new ProviderError(
      `the provider at ${host} does not speak the protocol: ${String(error)}`,
      'MALFORMED',
      error,
    );
  }
}

serve({ complete: { run: complete, queue: Infinity } });
