/** Ears on the host that nothing in a sandbox may reach. In: what a case's texts mention. Out: whether anybody came. */
import { createServer, type Server } from 'node:net';

export interface Listeners {
  readonly port: number | null;
  readonly abstractName: string | null;
  /** How many connections came, over both. */
  connections(): number;
  close(): Promise<void>;
}

export async function listenFor(text: string): Promise<Listeners> {
  const servers: Server[] = [];
  let connections = 0;
  const listen = async (target: { port: number; host: string } | { path: string }) => {
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
      socket.end();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(target, resolve);
    });
    servers.push(server);
    return server;
  };
  let port: number | null = null;
  if (/\bPORT\b/.test(text)) {
    const address = (await listen({ port: 0, host: '127.0.0.1' })).address();
    port = typeof address === 'object' && address !== null ? address.port : null;
  }
  const abstractName = /ABSTRACT-CONNECT:([\w.-]+)/.exec(text)?.[1] ?? null;
  // Somebody else's listener of that name serves as well: it must not be reachable either, only not counted.
  if (abstractName !== null) await listen({ path: `\0${abstractName}` }).catch(() => null);
  return {
    port,
    abstractName,
    connections: () => connections,
    async close() {
      await Promise.all(
        servers.map((server) => new Promise((resolve) => server.close(() => resolve(null)))),
      );
    },
  };
}
