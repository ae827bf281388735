/**
 * Cookies of the pages. In: a Cookie header of anybody. Out: values of our own two cookies. Never: a value that is there
 * twice (a neighbour on the domain may have planted one), a cookie that a script or another site can use.
 */

/** A cookie's value is 32 random bytes, base64url. */
const form = /^[A-Za-z0-9_-]{43}$/;

export interface CookieJar {
  read(header: string | undefined, which: CookieName): string | null;
  /** True where there is one of that name, whatever it holds. */
  brings(header: string | undefined, which: CookieName): boolean;
  /** A Set-Cookie value. `seconds` 0 removes it. */
  write(which: CookieName, value: string, seconds: number): string;
}
/** `session`: who signed in. `browser`: ties the steps of one sign-in to one browser, and is worth nothing else. */
export type CookieName = 'session' | 'browser';

export function cookieJar(publicUrl: string): CookieJar {
  const secure = new URL(publicUrl).protocol === 'https:';
  // The prefix is the browser's promise: set over TLS by this very host, for all of it.
  const names = {
    session: secure ? '__Host-reeve-session' : 'reeve-session',
    browser: secure ? '__Host-reeve-browser' : 'reeve-browser',
  };
  // Lax: an identity provider sends the browser back from another site.
  const sameSite = { session: 'Strict', browser: 'Lax' };
  const found = (header: string | undefined, which: CookieName) =>
    (header ?? '')
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part.startsWith(`${names[which]}=`));
  return {
    read(header, which) {
      const all = found(header, which);
      const value = all[0]?.slice(names[which].length + 1);
      return all.length === 1 && value !== undefined && form.test(value) ? value : null;
    },
    brings: (header, which) => found(header, which).length > 0,
    write(which, value, seconds) {
      const rest = `Path=/; HttpOnly; SameSite=${sameSite[which]}; Max-Age=${seconds}`;
      return `${names[which]}=${value}; ${rest}${secure ? '; Secure' : ''}`;
    },
  };
}
