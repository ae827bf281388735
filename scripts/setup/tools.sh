#!/bin/sh
# Brings strace, with which tests fail and kill the gateway between system calls. In: nothing. Out: exit 0, with it or with
# a line that says why those tests are skipped. Never: a test run that ends because it cannot be had.
set -u
command -v strace >/dev/null 2>&1 && exit 0

without() {
  echo "setup: no strace ($1): tests that fail single system calls are skipped. As an administrator: apt-get install strace"
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
echo "setup: installing strace with apt-get, for tests of failing disks"
# shellcheck disable=SC2086 # $as_root is a list of words
{
  $as_root apt-get update -qq </dev/null &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends strace </dev/null >/dev/null
} || without "apt-get failed; its message stands above"
command -v strace >/dev/null 2>&1 || without "the package brought none"
