#!/bin/sh
# Brings Debian's Go and golang.org/x/mod, with which a test verifies the log independently of us. In: nothing. Out: exit 0,
# with both or with a line that says why that test is skipped. Never: a test run that ends because they cannot be had.
set -u
module=/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog
have_go() {
  command -v go >/dev/null 2>&1 || [ -x /usr/local/go/bin/go ] || [ -x /usr/lib/go/bin/go ]
}
have_go && [ -d "$module" ] && exit 0

without() {
  echo "setup: no Go with golang.org/x/mod ($1): the independent check of the log is skipped. As an administrator: apt-get install golang-go golang-golang-x-mod-dev"
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
packages=golang-golang-x-mod-dev
have_go || packages="golang-go $packages"
echo "setup: installing $packages with apt-get, for the independent check of the log"
# shellcheck disable=SC2086 # $as_root and $packages are lists of words
{
  $as_root apt-get update -qq </dev/null &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages </dev/null >/dev/null
} || without "apt-get failed; its message stands above"
have_go && [ -d "$module" ] || without "the packages brought none"
