/** A plain HTTP server that does what the REST server does before it calls the MCP face: it says who asks. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHttp, type McpHttpOptions } from '../../../../src/edge/mcp/http.ts';

export interface HttpDoor {
  readonly url: URL;
  close(): Promise<void>;
}

/** The principal is whoever the header `x-principal` names, or `local`. */
export async function openHttpDoor(options: Omit<McpHttpOptions, 'version'>): Promise<HttpDoor> {
  const mcp = createMcpHttp({ version: '0.0.0-test', ...options });
  const server = createServer((request, response) => {
    const id = String(request.headers['x-principal'] ?? 'local');
    const principal = { id, kind: 'agent', roles: [], onBehalfOf: null } as const;
    void mcp.handle(request, response, { principal, face: 'mcp-http', client: null });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/mcp`),
    async close() {
      await mcp.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
