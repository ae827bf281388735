#!/bin/sh
# Runs a corpus of attacks against the real gateway: sh scripts/adversarial.sh [--corpus FILE] [--only CLASS] [--report OUT.json]
# Out: a line a case, exit 0 only if nothing failed. Programs that attacks are about are installed where that is cheap (as
# root, from Debian's own packages); a stand-in takes the place of each that is missing, and the report says so.
set -eu
cd -- "$(dirname -- "$0")/.."

[ -n "${ADVERSARIAL_NO_SETUP:-}" ] || sh scripts/setup.sh >&2

if [ -z "${ADVERSARIAL_NO_INSTALL:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  missing=""
  want() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
  want rg ripgrep
  want fdfind fd-find
  want dig bind9-dnsutils
  want rsync rsync
  want socat socat
  want busybox busybox
  if [ -n "$missing" ]; then
    echo "adversarial: installing$missing" >&2
    # shellcheck disable=SC2086 # a list of words
    { apt-get update -qq </dev/null &&
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null; } >/dev/null 2>&1 ||
      echo "adversarial: not all of them could be had; stand-ins take their place" >&2
  fi
fi

# npm runs this in the package's own folder; a relative path means the folder that npm was called in.
folder=${INIT_CWD:-$PWD}
exec sh scripts/with-node.sh --disable-warning=ExperimentalWarning test/adversarial/run.ts --relative-to "$folder" "$@"
