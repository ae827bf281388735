/**
 * From where a request really came, behind proxies that the operator has declared. In: the connection and its X-Forwarded-*
 * headers. Out: address, scheme and host as the client knows them. Never: a word of such a header from whoever is no such
 * proxy, which anybody can write.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';

export interface Arrival {
  /** Of the client: the last address on the way that is no trusted proxy's. */
  readonly address: string;
  readonly scheme: 'http' | 'https';
  /** As the client asked for it, not looked at: the Host header, or what a trusted proxy says that it was. */
  readonly host: string | undefined;
  /** True where the connection is a trusted proxy's. */
  readonly forwarded: boolean;
}

export type Arrivals = (request: IncomingMessage) => Arrival;

/** `trusted` gives the addresses and networks of this moment, checked already. */
export function arrivals(trusted: () => readonly string[] = () => []): Arrivals {
  let known: readonly string[] = [];
  let list = new BlockList();
  return (request) => {
    const networks = trusted();
    if (networks !== known) {
      known = networks;
      list = blockList(networks);
    }
    return arrivalOf(request, (address) => isIn(list, address));
  };
}

function arrivalOf(request: IncomingMessage, isTrusted: (address: string) => boolean): Arrival {
  const { headers, socket } = request;
  const peer = bare(socket.remoteAddress ?? '');
  const scheme = (socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
  if (!isTrusted(peer)) return { address: peer, scheme, host: headers.host, forwarded: false };
  const said = last(headers['x-forwarded-proto'])?.toLowerCase();
  return {
    address: clientOf(peer, headers['x-forwarded-for'], isTrusted),
    scheme: said === 'https' || said === 'http' ? said : scheme,
    host: last(headers['x-forwarded-host']) ?? headers.host,
    forwarded: true,
  };
}

/** Each proxy appends whom it heard from: read from the end, the first that is none of ours is the client. */
function clientOf(
  peer: string,
  header: string | readonly string[] | undefined,
  isTrusted: (address: string) => boolean,
): string {
  let address = peer;
  for (const entry of entriesOf(header).reverse()) {
    const before = addressIn(entry);
    // What is no address says nothing, and nothing before it can be believed.
    if (before === null) return address;
    address = before;
    if (!isTrusted(address)) return address;
  }
  return address;
}

/** With a port, as some proxies write it, or without. */
function addressIn(entry: string): string | null {
  const match = /^(?:\[([0-9a-f:.]{2,45})\]|([0-9.]{7,15}))(?::\d{1,5})?$/i.exec(entry);
  const address = bare(match?.[1] ?? match?.[2] ?? entry);
  return isIP(address) === 0 || address.includes('%') ? null : address;
}

function entriesOf(header: string | readonly string[] | undefined): string[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(',');
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** The nearest proxy's word: whatever stands before it came with the request. */
function last(header: string | readonly string[] | undefined): string | undefined {
  return entriesOf(header).at(-1);
}

/** IPv4 in IPv6's clothes is the same address. */
function bare(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const own = prefix === undefined ? bare(address) : address;
    const family = isIP(own) === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(own, family);
    else list.addSubnet(own, Number(prefix), family);
  }
  return list;
}

function isIn(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** What is counted as one client: an IPv6 host commonly has a whole /64 to itself. */
export function clientKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const [left = '', right] = address.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros =
    right === undefined ? [] : Array(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return [...head, ...zeros, ...tail]
    .slice(0, 4)
    .map((part) => part.toLowerCase())
    .join(':');
}
