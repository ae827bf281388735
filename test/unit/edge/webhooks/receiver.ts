/** A real receiver of webhooks. In: what to answer, one request after the other. Out: what arrived, verified by the library. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;

export interface Arrival {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly raw: string;
  readonly headers: IncomingMessage['headers'];
  readonly url: string;
}

type Answer = (response: ServerResponse, arrival: Arrival) => void;
export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(code, headers).end('thank you');
  };

export class Receiver implements AsyncDisposable {
  /** All that came, each verified, taken or not. */
  readonly arrivals: Arrival[] = [];
  /** Those that were answered with 2xx. */
  readonly taken: Arrival[] = [];
  readonly problems: string[] = [];
  /** Answers to come; then `usual`. */
  readonly answers: Answer[] = [];
  usual: Answer = status(204);
  readonly #server = createServer((request, response) => void this.#receive(request, response));

  async listen(port = 0): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${this.port}/hooks?to=ops`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const raw = Buffer.concat(chunks).toString('utf8');
      const headers = request.headers as Record<string, string>;
      const { type, data } = new Webhook(secret).verify(raw, headers) as Pick<
        Arrival,
        'type' | 'data'
      >;
      const id = headers['webhook-id']!;
      const arrival = { id, type, data, raw, headers, url: request.url ?? '' };
      this.arrivals.push(arrival);
      response.on('finish', () => {
        if (response.statusCode >= 200 && response.statusCode < 300) this.taken.push(arrival);
      });
      (this.answers.shift() ?? this.usual)(response, arrival);
    } catch (error) {
      this.problems.push(String(error));
      response.writeHead(401).end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
