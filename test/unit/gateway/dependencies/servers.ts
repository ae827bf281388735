/** Real servers on loopback for probes to look at: scripted byte for byte, closed when the test ends. */
import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface Listening {
  readonly port: number;
  /** Everything that came in, over all connections. */
  readonly received: () => Buffer;
}

type Scope = Pick<TestContext, 'after'>;

/** Hands each connection to `talk`. */
export async function listen(
  t: Scope,
  talk: (socket: Socket) => void = () => {},
  host = '127.0.0.1',
): Promise<Listening> {
  const open = new Set<Socket>();
  const chunks: Buffer[] = [];
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    talk(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  t.after(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, received: () => Buffer.concat(chunks) };
}

/** A port of loopback that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}

/** Answers what comes, in turn, with these bytes; null closes the connection. */
export function answering(...answers: readonly (string | Buffer | null)[]) {
  return (socket: Socket) => {
    let turn = 0;
    socket.on('data', () => {
      const answer = answers[turn++];
      if (answer === undefined) return;
      if (answer === null) socket.destroy();
      else socket.write(typeof answer === 'string' ? Buffer.from(answer, 'latin1') : answer);
    });
  };
}
