/** Probes against real servers, files and disks: what counts as available, and the reason where it is not. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createPlain, type RequestListener } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TLSSocket } from 'node:tls';
import type { DependencyProbe } from '../../../../src/core/dependency.ts';
import { look, type PlainProbe } from '../../../../src/gateway/dependencies/look.ts';
import { unavailable } from '../../../../src/gateway/secret-source.ts';
import { answering, closedPort, listen } from './servers.ts';

const never = new AbortController().signal;
type Untimed<P> = P extends DependencyProbe ? Omit<P, 'timeoutMs'> : never;

/** What came of it: `available`, or the reason. */
async function found(
  probe: Untimed<PlainProbe>,
  timeoutMs = 20_000,
  secret: (name: string) => Uint8Array = () => assert.fail('no secret is asked for'),
): Promise<string> {
  const finding = await look({ ...probe, timeoutMs } as PlainProbe, secret, never);
  return finding.available ? 'available' : finding.why;
}

const tcp = (port: number, host = '127.0.0.1') => ({ kind: 'tcp', host, port }) as const;
const redis = (port: number) => ({ kind: 'redis', at: { host: '127.0.0.1', port } }) as const;
const postgres = (port: number) => ({ kind: 'postgres', at: { host: '127.0.0.1', port } }) as const;

test('tcp: taken, refused, by number of either kind and by name; nothing is sent', async (t) => {
  const { port, received } = await listen(t);
  assert.equal(await found(tcp(port)), 'available');
  assert.equal(await found(tcp(port, 'localhost')), 'available');
  const six = await listen(t, undefined, '::1');
  assert.equal(await found(tcp(six.port, '::1')), 'available');
  assert.equal(received().length, 0);
  const refused = 'connection refused (ECONNREFUSED)';
  const closed = await closedPort();
  assert.equal(await found(tcp(closed)), refused);
  assert.equal(await found(tcp(closed, '::1')), refused);
  assert.equal(await found(tcp(closed, 'localhost')), refused);
  assert.match(
    await found(tcp(80, 'no-such-name.invalid')),
    /^its name (?:is not known|cannot be)/,
  );
});

async function serve(t: TestContext, answer: RequestListener, tls?: { key: string; cert: string }) {
  const server = tls === undefined ? createPlain(answer) : createSecure(tls, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as { port: number }).port;
}
const http = (url: string, status = 200) => ({ kind: 'http', url, status }) as const;

test('http: the status counts, a redirect is not followed, a body is not waited for', async (t) => {
  const paths: string[] = [];
  const port = await serve(t, (request, response) => {
    paths.push(`${request.method} ${request.url}`);
    switch (request.url) {
      case '/away':
        response.writeHead(302, { location: '/followed' }).end();
        break;
      case '/endless': {
        response.writeHead(200).flushHeaders();
        const flood = () => {
          while (response.write('x'.repeat(65_536)));
        };
        response.on('drain', flood);
        flood();
        break;
      }
      case '/upgrade':
        response.writeHead(101, { connection: 'upgrade', upgrade: 'other' }).end();
        break;
      default:
        response.writeHead(Number(request.url!.slice(1))).end('no word of this');
    }
  });
  const at = (path: string) => `http://127.0.0.1:${port}${path}`;
  assert.equal(await found(http(at('/200'))), 'available');
  assert.equal(await found(http(at('/401'), 401)), 'available');
  assert.equal(await found(http(at('/500'))), 'it answered with status 500 instead of 200');
  assert.equal(
    await found(http(at('/away'))),
    'it answered with status 302 instead of 200; redirects are not followed',
  );
  assert.equal(await found(http(at('/endless'))), 'available');
  assert.equal(await found(http(at('/upgrade'))), 'it answered in another protocol');
  assert.ok(!paths.includes('GET /followed'));
  assert.equal(
    await found(http(`http://127.0.0.1:${await closedPort()}/`)),
    'connection refused (ECONNREFUSED)',
  );
});

test('http: whoever speaks something else, or too much of it, is told apart from whoever is away', async (t) => {
  const other = await listen(t, answering('SSH-2.0-OpenSSH_9.2\r\n'));
  const flood = await listen(t, answering(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}`));
  for (const { port } of [other, flood]) {
    assert.match(
      await found(http(`http://127.0.0.1:${port}/`)),
      /^what answers does not speak HTTP as it should \(HPE_/,
    );
  }
});

test('http: a certificate that nobody vouches for does not hold', async (t) => {
  const folder = temporary(t);
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const subject = '/CN=localhost';
  execFileSync(
    'openssl',
    `req -x509 -newkey rsa:2048 -nodes -days 1 -subj ${subject} -keyout ${key} -out ${cert}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  );
  const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  const port = await serve(t, (_request, response) => response.end(), tls);
  assert.match(
    await found(http(`https://localhost:${port}/`)),
    /^its certificate does not hold \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
  );
  const plain = await serve(t, (_request, response) => response.end());
  assert.match(await found(http(`https://localhost:${plain}/`)), /^TLS with it failed/);

  // Postgres over TLS: what answers is asked, and its certificate is not.
  const pg = await listen(t, (socket) => {
    socket.once('data', () => {
      socket.write('S');
      const secure = new TLSSocket(socket, { isServer: true, ...tls });
      secure.on('error', () => {});
      secure.once('data', () => secure.write(demand));
    });
  });
  assert.equal(await found(postgres(pg.port)), 'available');
});

/** AuthenticationSASL, as a server sends it. */
const demand = Buffer.concat([
  Buffer.from([0x52, 0, 0, 0, 23, 0, 0, 0, 10]),
  Buffer.from('SCRAM-SHA-256\0\0', 'latin1'),
]);
function error(state: string): Buffer {
  const body = Buffer.from(`SFATAL\0VFATAL\0C${state}\0Mneedle in the answer\0\0`, 'latin1');
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

test('postgres: an answer to the startup packet counts, "not now" does not, and no credential is sent', async (t) => {
  const table: [(string | Buffer | null)[], RegExp][] = [
    [['N', demand], /^available$/],
    [['N', error('28000')], /^available$/],
    [
      ['N', error('57P03')],
      /^it takes no connections now: it starts, stops or recovers \(57P03\)$/,
    ],
    [[error('53300')], /^available$/],
    [['N', 'HTTP/1.1 400 Bad Request\r\n\r\n'], /does not speak Postgres's protocol$/],
    [['HTTP/1.1 400 Bad Request\r\n\r\n'], /does not speak Postgres's protocol$/],
    [['N', Buffer.from([0x52, 0x7f, 0xff, 0xff, 0xff])], /does not speak Postgres's protocol$/],
    [['N', Buffer.from([0x52, 0, 0, 0, 0])], /does not speak Postgres's protocol$/],
    [[null], /^it (?:closed the connection without an answer|reset the connection)/],
    [['N', null], /^it (?:closed the connection without an answer|reset the connection)/],
  ];
  for (const [answers, expected] of table) {
    const { port, received } = await listen(t, answering(...answers));
    assert.match(await found(postgres(port)), expected);
    const sent = received();
    assert.deepEqual(sent.subarray(0, 8), Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    if (answers[0] === 'N') assert.match(sent.toString('latin1'), /user\0reeve-probe\0\0/);
  }
});

test('postgres: an answer that comes byte by byte is put together', async (t) => {
  const { port } = await listen(t, (socket) => {
    socket.once('data', () => {
      socket.write('N');
      socket.once('data', async () => {
        for (const byte of demand) {
          socket.write(Buffer.from([byte]));
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
    });
  });
  assert.equal(await found(postgres(port)), 'available');
});

test('redis: PONG and NOAUTH count, other errors do not, and of what it says only the name is told', async (t) => {
  const table: [string | null, RegExp][] = [
    ['+PONG\r\n', /^available$/],
    ['-NOAUTH Authentication required.\r\n', /^available$/],
    ['-NOPERM no\r\n', /^available$/],
    [
      '-LOADING Redis is loading the dataset in memory\r\n',
      /^it still loads its data \(LOADING\)$/,
    ],
    ['-DENIED needle\r\n', /^it answers PING with the error DENIED$/],
    ['-needle in the answer\r\n', /^what answers does not speak Redis's protocol$/],
    ['HTTP/1.1 400 Bad Request\r\n', /^what answers does not speak Redis's protocol$/],
    ['x'.repeat(100_000), /^what answers does not speak Redis's protocol$/],
    [null, /^it (?:closed the connection without an answer|reset the connection)/],
  ];
  for (const [answer, expected] of table) {
    const { port, received } = await listen(t, answering(answer));
    assert.match(await found(redis(port)), expected);
    assert.equal(received().toString(), '*1\r\n$4\r\nPING\r\n');
  }
});

test('what takes the connection and never answers is over at the time limit', async (t) => {
  const { port } = await listen(t);
  const late = /^no answer within 100ms, (?:connecting|waiting for its answer)$/;
  assert.match(await found(redis(port), 100), late);
  assert.match(await found(postgres(port), 100), late);
  assert.match(await found(http(`http://127.0.0.1:${port}/`), 100), late);
});

test('an answer that comes for ever and says nothing is over at the time limit, too', async (t) => {
  const { port } = await listen(t, (socket) => {
    const drip = setInterval(() => socket.write('+'), 20);
    socket.on('close', () => clearInterval(drip));
  });
  assert.match(await found(redis(port), 300), /^no answer within 300ms, /);
});

test('an address that is a secret gives host and port, and is in no message', async (t) => {
  const { port, received } = await listen(t, answering('N', demand));
  const probe = (kind: 'postgres' | 'redis') => ({ kind, at: { secret: 'DATABASE_URL' } }) as const;
  const holding = (text: string) => () => Buffer.from(text);
  const url = `postgres://needle:needle@127.0.0.1:${port}/needle?sslmode=require`;
  assert.equal(await found(probe('postgres'), 20_000, holding(url)), 'available');
  assert.doesNotMatch(received().toString('latin1'), /needle/);
  for (const text of ['needle', 'postgres:///needle', 'postgres://needle:needle@', '\0']) {
    const why = await found(probe('redis'), 20_000, holding(text));
    assert.equal(why, 'the secret DATABASE_URL holds no URL with a host');
  }
  const gone = await closedPort();
  const closed = await found(probe('redis'), 20_000, holding(`redis://needle@[::1]:${gone}/0`));
  assert.equal(closed, 'connection refused (ECONNREFUSED)');
  const missing = await found(probe('redis'), 20_000, (name) => {
    throw unavailable(name, 'the variable X is not set', 'Set it.');
  });
  assert.equal(missing, 'the variable X is not set');
});

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-probes-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('file: there or not; a link out of a workspace tells nothing of what it leads to', async (t) => {
  const folder = temporary(t);
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace);
  writeFileSync(join(folder, 'secret'), '');
  writeFileSync(join(workspace, 'own'), '');
  symlinkSync('../secret', join(workspace, 'out'));
  symlinkSync('../nothing', join(workspace, 'dangling'));
  symlinkSync('own', join(workspace, 'in'));
  symlinkSync('workspace/own', join(folder, 'outside-link'));
  const file = (path: string, within: string | null = null) =>
    found({ kind: 'file', path: join(folder, path), within });
  assert.equal(await file('secret'), 'available');
  assert.equal(await file('.'), 'available');
  assert.equal(await file('outside-link'), 'available');
  assert.equal(await file('nothing'), 'it does not exist');
  assert.equal(await file('secret/below'), 'it does not exist');
  assert.equal(await file('workspace/own', workspace), 'available');
  assert.equal(await file('workspace/in', workspace), 'available');
  const out = await file('workspace/out', workspace);
  assert.match(out, /link out of the workspace$/);
  assert.equal(await file('workspace/dangling', workspace), out);
  assert.equal(await file('workspace/nothing', workspace), out);
});

test('disk: as much is free as is asked for, or how much is', async (t) => {
  const folder = temporary(t);
  const disk = (free: number, path = folder) => found({ kind: 'disk', path, within: null, free });
  assert.equal(await disk(1), 'available');
  assert.match(await disk(2 ** 52), /^[\d.]+[KMGT]iB are free of the 4096TiB that it takes$/);
  assert.equal(await disk(1, join(folder, 'nothing')), 'it does not exist');
});

test('a look that is called off ends at once, with its connection', async (t) => {
  const closed = Promise.withResolvers<void>();
  const { port } = await listen(t, (socket) => {
    socket.on('data', () => controller.abort('enough'));
    socket.on('close', () => closed.resolve());
  });
  const controller = new AbortController();
  const probe = { ...redis(port), timeoutMs: 30_000 };
  const looking = look(probe, () => assert.fail(), controller.signal);
  await assert.rejects(looking, (reason) => reason === 'enough');
  await closed.promise;
  await assert.rejects(look(probe, () => assert.fail(), controller.signal));
});
