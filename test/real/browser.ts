/**
 * A real Chromium, and people who sit at it: each in a browser context of their own, with an authenticator of their own.
 * In: Debian's chromium. Out: pages, and what went wrong in them. Never: a browser or a profile left behind.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core';

export const executablePath = '/usr/bin/chromium';

/** Why no test of a browser runs here, for `skip`; false where they do. scripts/setup.sh installs Debian's package. */
export const noBrowser: string | false = existsSync(executablePath)
  ? false
  : `there is no ${executablePath}: apt-get install chromium`;

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Somebody at a browser. `problems` are errors of scripts and of the console, which no page should have. */
export interface Visitor extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly problems: readonly string[];
  /** False: the authenticator no longer checks who is there (PIN, fingerprint). */
  setUserVerified(verified: boolean): Promise<void>;
  /** A new device: its authenticator holds nothing. */
  forgetPasskeys(): Promise<void>;
}

/** A browser of its own for each visitor: no cookie and no authenticator is shared. */
export async function visitor(
  options: { readonly colorScheme?: 'light' | 'dark'; readonly width?: number } = {},
): Promise<Visitor> {
  const profile = mkdtempSync(join(tmpdir(), 'reeve-browser-'));
  const { colorScheme = 'light', width = 1_000 } = options;
  let context: BrowserContext;
  try {
    context = await chromium.launchPersistentContext(profile, {
      executablePath,
      args: flags,
      ignoreDefaultArgs: ['--headless=old'],
      headless: true,
      colorScheme,
      viewport: { width, height: 800 },
      locale: 'en-GB',
      timezoneId: 'UTC',
    });
  } catch (error) {
    rmSync(profile, { recursive: true, force: true });
    throw error;
  }
  const page = context.pages()[0] ?? (await context.newPage());
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    // A refusal that a page handles is told by the browser, too.
    const text = message.text();
    if (message.type() === 'error' && !/the server responded with a status of 4\d\d/.test(text))
      problems.push(text);
  });
  const { session, authenticatorId } = await authenticator(context, page);
  return {
    context,
    page,
    problems,
    setUserVerified: async (isUserVerified) => {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    forgetPasskeys: async () => {
      await session.send('WebAuthn.clearCredentials', { authenticatorId });
    },
    async [Symbol.asyncDispose]() {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

async function authenticator(
  context: BrowserContext,
  page: Page,
): Promise<{ readonly session: CDPSession; readonly authenticatorId: string }> {
  const session = await context.newCDPSession(page);
  await session.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { session, authenticatorId };
}
