/**
 * The one document of the pages. In: how deep its address lies. Out: HTML that holds nothing of anybody: who is not signed
 * in learns from it only where to. Never: a script, a style or an address of somebody else.
 */
export const pageHeaders: Readonly<Record<string, string>> = Object.freeze({
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy':
    'publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=()',
  'X-Frame-Options': 'DENY',
});

/** `up` leads from the document's address to that of the gateway: `./` or `../`. A proxy may serve it below a path. */
export function shell(up: './' | '../'): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Approvals · Reeve</title>
<link rel="stylesheet" href="${up}page/style.css">
<script type="module" src="${up}page/page.js"></script>
</head>
<body>
<noscript>
<main><h1>Reeve</h1>
<p>This page needs JavaScript: an approval is signed in the browser, by a passkey. Allow scripts of this address and load it again.</p>
</main>
</noscript>
<div id="page"></div>
</body>
</html>
`;
}
