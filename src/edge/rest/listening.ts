/**
 * Where the gateway is reached, and how it goes away. In: an address, TLS or none. Out: servers that listen, drain and close.
 * Never: a connection that outlives the gateway, or plain HTTP beside TLS for anybody but programs on this host.
 */
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { ReeveError } from '../../core/errors.ts';
import { isLoopback } from './access.ts';
import type { DoorTerms } from './door-terms.ts';
import { listener } from './listener.ts';
import type { Report } from './problems.ts';
import { urlHost } from './url-host.ts';

/** Milliseconds for which answers under way may still be written when the server closes. */
const lingerMs = 3_000;

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** For programs on this host, without TLS: the name in a certificate is none that they know. `url` where there is no TLS. */
  readonly localUrl: string;
  /** From now on /readyz says no, and connections end with the answers that they carry. Answers go on. */
  drain(): void;
  /** Stops accepting, ends streams, lets answers under way go out for a moment, then closes every connection. */
  close(): Promise<void>;
}

export class Listening {
  readonly #host: string;
  readonly #door: () => DoorTerms;
  readonly #report: Report;
  readonly #overTls: boolean;
  readonly #servers: Server[] = [];
  readonly #stopping = new AbortController();
  #handle: RequestListener | null = null;
  #draining = false;
  #closing: Promise<void> | null = null;

  constructor(host: string, door: () => DoorTerms, report: Report) {
    this.#host = host;
    this.#door = door;
    this.#report = report;
    this.#overTls = door().tls !== null;
  }

  /** Aborted when the server closes, with the reason to give. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** For Fastify, which asks for one for each address that it listens on. */
  server(handle: RequestListener): Server {
    this.#handle = handle;
    let pair = this.#door().tls;
    // A reload may take TLS out of the settings; it holds until the next start all the same.
    const current = () => {
      pair = this.#door().tls ?? pair;
      return pair!;
    };
    return this.#kept(listener(handle, undefined, this.#overTls ? current : null));
  }

  /** Resolves once it listens. Rejects with Node's own error (EADDRINUSE, EACCES, EADDRNOTAVAIL) where it cannot. */
  async open(app: FastifyInstance, port: number): Promise<HttpServer> {
    let localUrl: string | null = null;
    try {
      await app.listen({ host: this.#host, port });
      if (this.#overTls) localUrl = `http://127.0.0.1:${await this.#openLocal()}`;
    } catch (error) {
      await this.#close(app);
      throw error;
    }
    const own = this.#servers[0]!.address() as AddressInfo;
    const url = `${this.#overTls ? 'https' : 'http'}://${urlHost(this.#host)}:${own.port}`;
    this.#warn();
    return {
      url,
      port: own.port,
      localUrl: localUrl ?? url,
      // Connections end with their next answer: one that is idle may just be bringing a request, which closing would lose.
      drain: () => {
        this.#draining = true;
      },
      close: () => {
        this.#closing ??= this.#close(app);
        return this.#closing;
      },
    };
  }

  async #openLocal(): Promise<number> {
    const local = this.#kept(listener(this.#handle!));
    await new Promise<void>((resolve, reject) => {
      local.once('error', reject);
      local.listen(0, '127.0.0.1', resolve);
    });
    return (local.address() as AddressInfo).port;
  }

  #kept(server: Server): Server {
    this.#servers.push(server);
    return server;
  }

  #warn(): void {
    if (this.#overTls || isLoopback(this.#host.replace(/^\[(.*)\]$/, '$1'))) return;
    const what = `listening on ${this.#host} without TLS: whoever can read the network reads the token`;
    this.#report(
      this.#door().settings.proxy.trusted.length > 0
        ? `listening on ${this.#host} without TLS, behind a proxy: see to it that nothing else reaches this port`
        : `${what}; put a proxy with TLS in front of it (proxy in reeve.yaml), or name a certificate (tls)`,
    );
  }

  async #close(app: FastifyInstance): Promise<void> {
    this.#draining = true;
    this.#stopping.abort(
      new ReeveError(
        'SHUTTING_DOWN',
        'The gateway is stopping and takes no more work. Ask again when it is back.',
      ),
    );
    const closed = Promise.all([app.close(), ...this.#servers.map(ended)]);
    const linger = new AbortController();
    const forced = sleep(lingerMs, undefined, { signal: linger.signal }).then(
      () => {
        for (const server of this.#servers) server.closeAllConnections();
      },
      () => undefined,
    );
    await closed;
    linger.abort();
    await forced;
  }
}

function ended(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // One that does not listen, or not any more, says so by an error: that is what is wanted.
    server.close(() => resolve());
  });
}
