/** A little OTLP/HTTP receiver. In: what an exporter posts. Out: its spans, flat, and every byte that came. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export class Collector implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  /** Everything that was sent, headers and all. */
  text = '';
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `hangs` takes requests and never answers. */
  static async start(manner: 'answers' | 'hangs' = 'answers'): Promise<Collector> {
    const server = createServer();
    const collector = new Collector(server);
    server.on('request', async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      collector.text += JSON.stringify(request.rawHeaders) + body;
      if (manner === 'hangs') return;
      collector.#take(JSON.parse(body));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return collector;
  }

  get base(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get endpoint(): string {
    return `${this.base}/v1/traces`;
  }

  /** The spans of a trace, once `enough` says that they are all there. */
  async of(
    traceId: string,
    enough: (spans: readonly ReceivedSpan[]) => boolean,
  ): Promise<readonly ReceivedSpan[]> {
    for (;;) {
      const found = this.spans.filter((span) => span.traceId === traceId);
      if (enough(found)) return found;
      await sleep(50);
    }
  }

  #take(body: {
    resourceSpans: {
      resource: { attributes: Attribute[] };
      scopeSpans: {
        spans: (Omit<ReceivedSpan, 'attributes' | 'events'> & {
          attributes: Attribute[];
          events?: { name: string }[];
        })[];
      }[];
    }[];
  }): void {
    for (const { resource, scopeSpans } of body.resourceSpans) {
      const service = String(valuesOf(resource.attributes)['service.name']);
      for (const { spans } of scopeSpans) {
        for (const span of spans) {
          const { attributes, events = [], links = [] } = span;
          this.spans.push({
            ...span,
            service,
            attributes: valuesOf(attributes),
            events: events.map(({ name }) => name),
            links,
          });
        }
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close').catch(() => {});
  }
}

function valuesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
