/**
 * Stands in for Claude Code where a page shows `claude mcp add`. In: its arguments, read as strictly as by Claude Code
 * itself. Out: exit 0 once a real MCP client has reached the server that they name and was told of tools. Never: success for a
 * server that does not answer.
 */
import { parseArgs } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const [mcp, add, ...rest] = process.argv.slice(2);
if (mcp !== 'mcp' || add !== 'add') throw new Error('only "claude mcp add" is known here');
const at = rest.indexOf('--');
const [own, command] = at < 0 ? [rest, []] : [rest.slice(0, at), rest.slice(at + 1)];
const { values, positionals } = parseArgs({
  args: own,
  allowPositionals: true,
  options: {
    transport: { type: 'string', short: 't' },
    header: { type: 'string', short: 'H', multiple: true },
    env: { type: 'string', short: 'e', multiple: true },
    scope: { type: 'string', short: 's' },
  },
});
const [name, url, ...more] = positionals;
if (name === undefined || more.length > 0) throw new Error('claude mcp add NAME …');

const client = new Client({ name: 'claude-code', version: '0' });
if (values.transport === 'http') {
  if (url === undefined || command.length > 0) throw new Error('--transport http takes an address');
  const headers = Object.fromEntries(
    (values.header ?? []).map((header) => {
      const colon = header.indexOf(':');
      return [header.slice(0, colon), header.slice(colon + 1).trim()];
    }),
  );
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }),
  );
} else {
  if (url !== undefined || command.length === 0) throw new Error('the command follows --');
  const env = Object.fromEntries(
    (values.env ?? []).map((set) => set.split('=', 2) as [string, string]),
  );
  await client.connect(
    new StdioClientTransport({
      command: command[0]!,
      args: command.slice(1),
      env: { ...(process.env as Record<string, string>), ...env },
    }),
  );
}
const { tools } = await client.listTools();
await client.close();
if (tools.length === 0) throw new Error('the server has no tools');
process.stdout.write(`${name}: ${tools.map((tool) => tool.name).join(', ')}\n`);
process.exit(0);
