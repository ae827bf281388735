/** The suite cannot send a token: this puts it in, and changes nothing else. In: where the gateway is. Out: an address in front of it. */
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenProxy {
  /** Of `/mcp`. */
  readonly url: string;
  close(): Promise<void>;
}

export async function tokenProxy(gateway: number | string, token: string): Promise<TokenProxy> {
  const port = typeof gateway === 'number' ? gateway : Number(new URL(gateway).port);
  const proxy = createServer((request, response) => {
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const { method, url: path } = request;
    const onward = httpRequest({ host: '127.0.0.1', port, method, path, headers });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    // A finished exchange's socket may serve another one by now.
    response.on('close', () => response.writableFinished || onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const at = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${at.port}/mcp`,
    async close() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
