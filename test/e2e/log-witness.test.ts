/**
 * Checkpoints that are kept where the gateway could not take them back: a file, an address, a witness by C2SP tlog-witness.
 * The witness in here follows the specification and knows nothing of the log but its key and what it cosigned last.
 */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { notesIn, openCheckpoint } from '../../src/audit/verify/checkpoint.ts';
import { parseVerifier } from '../../src/audit/verify/note.ts';
import { consistencyHolds } from '../../src/audit/verify/tree.ts';
import { copyOf, fill, rewrite, textsIn } from '../real/log-state.ts';
import { rest } from '../real/rest.ts';
import { Stage, until } from '../real/stage.ts';

class Witness implements AsyncDisposable {
  readonly verifier: string;
  readonly statuses: number[] = [];
  /** The log's verifier key; requests before it is known are refused. */
  log: string | null = null;
  last: { size: number; root: Buffer } = { size: 0, root: createHash('sha256').digest() };
  readonly #server: Server;
  readonly #sign: (text: string) => string;

  private constructor() {
    const name = 'witness.example/w1';
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    const encoded = Buffer.concat([Buffer.of(4), raw]);
    const id = createHash('sha256').update(`${name}\n`).update(encoded).digest().subarray(0, 4);
    this.verifier = `${name}+${id.toString('hex')}+${encoded.toString('base64')}`;
    this.#sign = (text) => {
      const at = Math.floor(Date.now() / 1_000);
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(BigInt(at));
      const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${at}\n${text}`), privateKey);
      return `— ${name} ${Buffer.concat([id, time, signature]).toString('base64')}\n`;
    };
    this.#server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const {
        status,
        type = 'text/plain',
        text,
      } = request.method === 'POST' && request.url === '/submit/add-checkpoint'
        ? this.#add(Buffer.concat(parts).toString('utf8'))
        : { status: 404, text: '' };
      this.statuses.push(status);
      response.writeHead(status, { 'content-type': type }).end(text);
    });
  }

  static async listen(): Promise<Witness> {
    const witness = new Witness();
    await new Promise<void>((resolve) => witness.#server.listen(0, '127.0.0.1', resolve));
    return witness;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/submit`;
  }

  #add(body: string): { status: number; type?: string; text: string } {
    const split = body.indexOf('\n\n');
    const [first = '', ...lines] = body.slice(0, split).split('\n');
    const old = /^old (0|[1-9]\d*)$/.exec(first)?.[1];
    if (old === undefined || lines.length > 63) return { status: 400, text: '' };
    if (this.log === null) return { status: 404, text: '' };
    let checkpoint: ReturnType<typeof openCheckpoint>;
    try {
      checkpoint = openCheckpoint(body.slice(split + 2), parseVerifier(this.log));
    } catch {
      return { status: 403, text: '' };
    }
    const { size, root, note } = checkpoint;
    if (Number(old) > size) return { status: 400, text: '' };
    if (Number(old) !== this.last.size)
      return { status: 409, type: 'text/x.tlog.size', text: `${this.last.size}\n` };
    if (this.last.size === size && !this.last.root.equals(root)) return { status: 409, text: '' };
    const proof = lines.map((line) => Buffer.from(line, 'base64'));
    if (!consistencyHolds(this.last.size, size, proof, this.last.root, root))
      return { status: 422, text: '' };
    this.last = { size, root };
    return { status: 200, text: this.#sign(note.slice(0, note.indexOf('\n\n') + 1)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Keeps what is sent to it, and gives it back; refuses the first two. */
class Shelf implements AsyncDisposable {
  kept = '';
  refused = 0;
  readonly #server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (request.method === 'GET') {
      response.end(this.kept);
    } else if (this.refused < 2) {
      this.refused += 1;
      response.writeHead(503).end();
    } else {
      this.kept += Buffer.concat(parts).toString('utf8');
      response.writeHead(204).end();
    }
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

test('checkpoints are kept in a file, at an address and by a witness, and tell a rewrite from the log that was', async () => {
  await using witness = await Witness.listen();
  await using shelf = new Shelf();
  const address = await shelf.listen();
  await using stage = new Stage(`audit:
  every: 1s
  checkpoints: [{ file: ./kept.checkpoints }, { url: "${address}" }]
  witnesses: [{ url: "${witness.url}", key: "${witness.verifier}" }]
`);
  const file = join(stage.folder, 'kept.checkpoints');
  const gateway = await stage.serve();
  const key = stage.run(['audit', 'key', ...stage.options()]).stdout.trim();
  witness.log = key;
  await fill(stage, gateway, 40);
  const size = () => textsIn(stage.state()).length;
  const before = size();
  await until('the witness has cosigned all of it', () => witness.last.size >= before, 60);
  await fill(stage, gateway, 40);
  const all = size();
  await until('the witness has cosigned the rest', () => witness.last.size >= all, 60);
  const kept = () => (existsSync(file) ? notesIn(readFileSync(file, 'utf8')) : []);
  const sizeOf = (note: string | undefined) => Number(note?.split('\n')[1] ?? 0);
  await until('the file has it', () => sizeOf(kept().at(-1)) >= all, 60);
  await until('the address has it', () => sizeOf(notesIn(shelf.kept).at(-1)) >= all, 60);
  assert.equal(shelf.refused, 2, 'it was tried again');
  assert.ok(witness.statuses.filter((status) => status === 200).length >= 2);
  assert.ok(!witness.statuses.includes(422) && !witness.statuses.includes(400));

  // The published checkpoint carries the cosignature.
  const shown = await rest(
    gateway.url,
    stage.token(),
    'GET',
    '/v1/audit/checkpoint?witnessed=true',
  );
  const { witnesses } = openCheckpoint(shown.body.text as string, parseVerifier(key), [
    parseVerifier(witness.verifier),
  ]);
  assert.equal(witnesses.length, 1);
  await gateway.stop();

  // Not in one go: the address is served by this process.
  const verify = async (state: string, ...more: string[]) => {
    const options = ['--state', state, '--remember', 'none'];
    const child = stage.start(['audit', 'verify', ...options, ...more]);
    const ended = new Promise((resolve) => child.once('close', resolve));
    const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
    return { exitCode: await ended, stdout, stderr };
  };
  const ways = [
    ['--against', file],
    ['--against', address],
    ['--witness', witness.verifier],
  ];
  for (const way of ways) {
    const { exitCode, stdout, stderr } = await verify(stage.state(), ...way);
    assert.equal(exitCode, 0, stdout + stderr);
    assert.match(stdout, /a rewrite of the first \d+ entries is excluded/);
  }

  // Somebody with the private key writes another history; what is kept elsewhere does not go along.
  const other = copyOf(stage, 'rewritten');
  cpSync(join(other, 'log/checkpoint.witnessed'), join(stage.folder, 'witnessed'));
  await rewrite(
    other,
    textsIn(other).map((text) => text.replaceAll('"local"', '"other"')),
  );
  cpSync(join(stage.folder, 'witnessed'), join(other, 'log/checkpoint.witnessed'));
  for (const way of ways) {
    const { exitCode, stdout } = await verify(other, ...way);
    assert.equal(exitCode, 1, stdout);
    assert.match(stdout, /the log was rewritten/);
  }
  rmSync(join(other, 'log/checkpoint.witnessed'));
  const alone = await verify(other, '--witness', witness.verifier);
  assert.equal(alone.exitCode, 1);
  assert.match(
    alone.stdout,
    /the witness witness\.example\/w1 has cosigned no checkpoint of this log/,
  );

  // The witness itself does not cosign it, and the gateway says so.
  const again = await stage.serve('rewritten');
  await until(
    'it is refused',
    () => witness.statuses.includes(422) || witness.statuses.includes(409),
    60,
  );
  await until('health tells', async () => {
    const { body } = await rest(again.url, stage.token('rewritten'), 'GET', '/readyz');
    return JSON.stringify(body).includes('No checkpoint of the log can be kept at');
  });
  await again.stop();
});
