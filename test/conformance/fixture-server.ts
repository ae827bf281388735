/**
 * The fixtures on the real HTTP stack: REST server, its checks of token, Host and Origin, then the MCP face.
 * The suite cannot send a token, so a proxy in front puts it in and changes nothing else.
 */
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHttp } from '../../src/edge/mcp/http.ts';
import { serveHttp } from '../../src/edge/rest/server.ts';
import { smallGateway } from '../unit/edge/mcp/small-gateway.ts';
import { withFixtures } from './fixtures.ts';

export interface FixtureServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function openFixtureServer(): Promise<FixtureServer> {
  const token = 'reeve_conformance';
  const gateway = smallGateway();
  const mcp = createMcpHttp({ gateway, version: '0.0.0-test', handlers: withFixtures });
  const http = await serveHttp({
    gateway,
    token,
    host: '127.0.0.1',
    port: 0,
    allowedHosts: [],
    publicUrl: null,
    version: '0.0.0-test',
    mcp: (request, response, caller) => mcp.handle(request, response, caller),
  });
  const proxy = createServer((request, response) => {
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const { method, url: path } = request;
    const onward = httpRequest({ host: '127.0.0.1', port: http.port, method, path, headers });
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
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async close() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
      await mcp.close();
      await http.close();
    },
  };
}

if (import.meta.main) process.stdout.write(`${(await openFixtureServer()).url}\n`);
