/** A bare client of the REST interface, for looking at what is on record. In: a gateway's address. Out: what it answers. */
export interface RestReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export async function rest(
  url: string,
  token: string | null,
  method: string,
  path: string,
  body?: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<RestReply> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined
      ? {}
      : { body: typeof body === 'string' ? body : new Blob([new Uint8Array(body)]) }),
  });
  const text = await response.text();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = { text };
  }
  return {
    status: response.status,
    headers: response.headers,
    body: parsed as Record<string, unknown>,
  };
}

/** The kinds of the entries of a request, in the order in which they were recorded. */
export async function entryKinds(url: string, token: string, requestId: string): Promise<string[]> {
  const reply = await rest(url, token, 'GET', `/v1/commands/executions/${requestId}/entries`);
  const entries = (reply.body.entries ?? []) as { kind: string }[];
  return entries.map((e) => e.kind);
}
