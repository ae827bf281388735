/**
 * A real gateway that a hunt runs against. Out: its address, and what it must still be able to do after every case.
 * Never: a gateway left behind.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after } from 'node:test';
import { isErrorCode } from '../../src/core/errors.ts';
import { entryKinds, rest } from '../real/rest.ts';
import { type RunningGateway, Stage } from '../real/stage.ts';

export interface Hunted {
  readonly stage: Stage;
  readonly gateway: RunningGateway;
  readonly token: string;
}

let hunted: Promise<Hunted> | null = null;
// Of the file, not of the test that happens to need it first.
after(async () => (await hunted)?.stage[Symbol.asyncDispose]());

/** One for all tests of a file; ended with them. */
export function theGateway(): Promise<Hunted> {
  hunted ??= (async () => {
    // A hunt asks faster than anybody, and looks for each refusal on record.
    const pace = '{ perSecond: 100000, burst: 1000000 }';
    const stage = new Stage(`rate: { perPrincipal: ${pace}, recordedRefusals: ${pace} }\n`);
    const gateway = await stage.serve();
    return { stage, gateway, token: stage.token() };
  })();
  return hunted;
}

export async function assertAlive({ gateway }: Hunted): Promise<void> {
  const { status, body } = await rest(gateway.url, null, 'GET', '/healthz');
  assert.deepEqual([status, body.status], [200, 'ok'], gateway.log().slice(-2_000));
}

/** The refusal has the form of the contract, its code is in the table, and it is on record where it was a call. */
export async function assertProblem(
  { gateway, token }: Hunted,
  status: number,
  type: string,
  body: Readonly<Record<string, unknown>>,
  call: boolean,
): Promise<void> {
  const said = JSON.stringify(body).slice(0, 2_000);
  assert.match(type, /^application\/problem\+json/, said);
  assert.ok(isErrorCode(body.errorCode), said);
  assert.equal(body.status, status, said);
  assert.ok(typeof body.message === 'string' && body.message !== '', said);
  assert.ok(status < 500, `${said}\n${gateway.log().slice(-2_000)}`);
  if (!call) return;
  assert.equal(typeof body.requestId, 'string', said);
  assert.ok(
    (await entryKinds(gateway.url, token, String(body.requestId))).includes('refused'),
    said,
  );
}

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * Bytes to the gateway, and everything that comes back until it closes. The bytes have to ask for the close. `goesOn`: the
 * client keeps its side open, as clients do, so that an answer that takes a moment still has somebody to go to.
 */
export async function raw(
  { gateway }: Hunted,
  bytes: Uint8Array,
  { goesOn = false }: { readonly goesOn?: boolean } = {},
): Promise<RawAnswer | null> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.on('error', () => {});
  if (goesOn) socket.write(bytes);
  else socket.end(bytes);
  await new Promise((resolve) => socket.once('close', resolve));
  const text = Buffer.concat(parts).toString('latin1');
  if (text === '') return null;
  const split = text.indexOf('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);
  assert.ok(Number.isInteger(status), text.slice(0, 200));
  return { status, head: text.slice(0, split), body: text.slice(split + 4) };
}
