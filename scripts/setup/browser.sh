#!/bin/sh
# Brings Debian's Chromium, which the tests of the pages sit at. In: nothing. Out: exit 0, with the browser or with a line
# that says why those tests are skipped. Never: a test run that ends because a browser cannot be had.
set -u
browser=/usr/bin/chromium
[ -x "$browser" ] && exit 0

without() {
  echo "setup: no $browser ($1): the tests of the pages are skipped. As an administrator: apt-get install chromium"
  exit 0
}
command -v apt-get >/dev/null 2>&1 || without "no apt-get here"
if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  as_root="sudo -n"
else
  without "only an administrator can install it"
fi
echo "setup: installing chromium with apt-get, for the tests of the pages"
# shellcheck disable=SC2086 # $as_root is a list of words
{
  $as_root apt-get update -qq </dev/null &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core \
      </dev/null >/dev/null
} || without "apt-get failed; its message stands above"
[ -x "$browser" ] || without "the package brought none"
