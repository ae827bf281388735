/**
 * The fixtures on the real HTTP stack: REST server, its checks of token, Host and Origin, then the MCP face, with a gateway in
 * memory behind it. What needs no fixtures runs against the real program instead: see real-server.ts.
 */
import { createMcpHttp } from '../../src/edge/mcp/http.ts';
import { serveHttp } from '../../src/edge/rest/server.ts';
import { smallGateway } from '../unit/edge/mcp/small-gateway.ts';
import { withFixtures } from './fixtures.ts';
import { type TokenProxy, tokenProxy } from './token-proxy.ts';

export async function openFixtureServer(): Promise<TokenProxy> {
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
  const proxy = await tokenProxy(http.port, token);
  return {
    url: proxy.url,
    async close() {
      await proxy.close();
      await mcp.close();
      await http.close();
    },
  };
}

if (import.meta.main) process.stdout.write(`${(await openFixtureServer()).url}\n`);
