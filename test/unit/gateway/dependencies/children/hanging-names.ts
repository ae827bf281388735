/**
 * Runs in a network of its own whose name server takes every question and answers none. Prints, as JSON, what probes by
 * name found, whether a file could be looked at all the while, and whether the server was asked at all.
 */
import { createSocket } from 'node:dgram';
import { look } from '../../../../../src/gateway/dependencies/look.ts';

let asked = 0;
const server = createSocket('udp4');
server.on('message', () => {
  asked += 1;
});
await new Promise<void>((resolve) => server.bind(53, '127.0.0.1', resolve));

const never = new AbortController().signal;
const missing = () => {
  throw new Error('no secret is asked for');
};
const byName = (name: string) =>
  look({ kind: 'tcp', host: name, port: 80, timeoutMs: 200 }, missing, never);
// Far more than there are threads.
const found = await Promise.all(
  Array.from({ length: 32 }, (_, i) => byName(`${i % 2 === 0 ? 'first' : 'second'}.example`)),
);
const again = await byName('first.example');
const file = await look(
  { kind: 'file', path: '/etc/resolv.conf', within: null, timeoutMs: 30_000 },
  missing,
  never,
);
const whys = [...new Set([...found, again].map((f) => (f.available ? 'available' : f.why)))];
process.stdout.write(JSON.stringify({ whys, file, asked: asked > 0 }));
process.exit(0);
