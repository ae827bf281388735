/** A real process that serves the small gateway over stdio; what it has on record goes to standard error at its end. */
import { localUser } from '../../../../src/core/principal.ts';
import { serveMcpStdio } from '../../../../src/edge/mcp/stdio.ts';
import { smallGateway } from './small-gateway.ts';

const gateway = smallGateway();
// The people, who are in another process than the client: they grant whatever waits.
process.on('SIGUSR2', () => {
  for (const view of gateway.approvals.views.values())
    if (view.status === 'awaiting_approval') gateway.approvals.grant(view.requestId);
});
await serveMcpStdio({
  gateway,
  version: '0.0.0-test',
  caller: (client) => ({ principal: localUser(), face: 'mcp-stdio', client }),
});
const records = gateway
  .records()
  .map(({ command, status, errorCode, client }) => ({ command, status, errorCode, client }));
process.stderr.write(`RECORDS ${JSON.stringify({ records, cancels: gateway.cancels })}\n`);
process.exit(0);
