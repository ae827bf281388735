#!/bin/sh
# Brings programs that tests of single things need: strace, to fail and kill the gateway between system calls, Redis, to be
# probed, and jq, which the documentation shows. redis-tools holds the server's program, and unlike redis-server starts none. In: nothing. Out: exit 0, with them
# or with a line that says why those tests are skipped. Never: a test run that ends because they cannot be had.
set -u
missing=""
for program in strace:strace redis-check-rdb:redis-tools jq:jq; do
  command -v "${program%%:*}" >/dev/null 2>&1 || missing="$missing ${program##*:}"
done
[ -n "$missing" ] || exit 0

without() {
  echo "setup: without$missing ($1): tests that need them are skipped. As an administrator: apt-get install$missing"
  exit 0
}
command -v apt-get >/dev/null 2>&1 || without "no apt-get here"
if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  as_root="sudo -n"
else
  without "only an administrator can install them"
fi
echo "setup: installing$missing with apt-get, for tests"
# shellcheck disable=SC2086 # both are lists of words
{
  $as_root apt-get update -qq </dev/null &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null >/dev/null
} || without "apt-get failed; its message stands above"
