/** A stand-in for a provider: speaks what of Ollama's protocol `generate` needs, on a free port of the loopback interface. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How it answers. The prompt may say otherwise: `slow: ...`, `malformed: ...`, `refused: ...`. */
const manners = ['slow', 'malformed', 'refused'] as const;

export class Provider {
  readonly #server: Server;
  /** Most requests that were being answered at a time. */
  most = 0;
  #open = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => void this.#answer(body, response));
    });
  }

  static async start(): Promise<Provider> {
    const provider = new Provider();
    await new Promise<void>((resolve) => provider.#server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get host(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(body: string, response: ServerResponse): Promise<void> {
    const { prompt } = JSON.parse(body) as { readonly prompt: string };
    const manner = manners.find((each) => prompt.startsWith(`${each}:`));
    this.#open += 1;
    this.most = Math.max(this.most, this.#open);
    response.on('close', () => {
      this.#open -= 1;
    });
    if (manner === 'refused') {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"model not found"}');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    if (manner === 'malformed') {
      response.end('{"response": "half an ans');
      return;
    }
    for (const word of ['echo', ' of', ` ${prompt}`]) {
      // The slow one never says its second word: until it is given up.
      if (manner === 'slow' && word !== 'echo') await new Promise((resolve) => response.on('close', resolve));
      if (response.closed) return;
      response.write(`${JSON.stringify({ model: 'mock', response: word, done: false })}\n`);
      await sleep(2);
    }
    response.end(`${JSON.stringify({ model: 'mock', response: '', done: true })}\n`);
  }
}
