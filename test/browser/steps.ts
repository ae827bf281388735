/**
 * What a page can do with a passkey, step by step: so that a step can be left out, swapped or repeated. In: a page that is
 * signed in. Out: what the gateway answers. Runs in the browser, by the page's own scripts.
 */
import type { Page } from 'playwright-core';

export interface Given {
  readonly verdict: 'approve' | 'reject';
  readonly digest: string;
  readonly stage?: number;
}
export interface Reply {
  readonly status: number;
  readonly body: {
    readonly errorCode?: string;
    readonly message?: string;
    readonly [k: string]: unknown;
  };
}
export type Assertion = Readonly<Record<string, unknown>>;

/** A request by the page itself: with its cookie and its Origin. */
export function post(page: Page, path: string, body: object): Promise<Reply> {
  return page.evaluate(
    async ([to, text]) => {
      const response = await fetch(`/${to}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: text,
      });
      return { status: response.status, body: (await response.json()) as Reply['body'] };
    },
    [path, JSON.stringify(body)] as const,
  );
}

export function challenge(page: Page, requestId: string, given: Given): Promise<Reply> {
  return post(page, `v1/approvals/${requestId}/challenge`, given);
}

/** The assertion of the authenticator over a challenge. `discouraged`: it need not check who is there. */
export function assertion(
  page: Page,
  wanted: Reply['body'],
  userVerification: 'required' | 'discouraged' = 'required',
): Promise<Assertion> {
  const { challenge, credentials } = wanted as { challenge: string; credentials: { id: string }[] };
  return page.evaluate(
    async ([text, ids, verification]) => {
      const bytes = (from: string) =>
        Uint8Array.from(atob(from.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
          c.charCodeAt(0),
        );
      // The tests' types are those of Node: the browser's are written down where they are needed.
      const { credentials } = navigator as unknown as {
        credentials: { get(options: object): Promise<{ toJSON(): Assertion }> };
      };
      const made = await credentials.get({
        publicKey: {
          challenge: bytes(text),
          allowCredentials: ids.map((id) => ({ type: 'public-key', id: bytes(id) })),
          userVerification: verification,
        },
      });
      return made.toJSON();
    },
    [challenge, credentials.map(({ id }) => id), userVerification] as const,
  );
}

/** Challenge and assertion for this very answer. */
export async function signed(page: Page, requestId: string, given: Given): Promise<Assertion> {
  const wanted = await challenge(page, requestId, given);
  if (wanted.status !== 200) throw new Error(JSON.stringify(wanted.body));
  return assertion(page, wanted.body);
}

export function answer(
  page: Page,
  requestId: string,
  given: Given & { readonly reason?: string; readonly assertion?: Assertion },
): Promise<Reply> {
  return post(page, `v1/approvals/${requestId}/answer`, given);
}

/** By the page's own button, to its end. */
export async function approve(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Approve with passkey' }).click();
  await page.getByText('Your approval is on record.').waitFor();
}
