#!/bin/sh
# Brings everything that Reeve needs onto this machine, or says exactly what is missing and how to get it.
# In: a checkout, npm, any Node that npm runs on. Out: Debian packages, node_modules as the lockfile says, a Node that
# is new enough, the bundle. Quick when all of it is there already. Never: an apt-get call when nothing is missing.
set -eu
cd -- "$(dirname -- "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# ---- Debian packages: program, and the package that brings it -------------------------------------------------------
missing=""
need() {
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need bwrap bubblewrap
need curl curl
need ps procps
need setpriv util-linux
need perl perl
need python3 python3
need git git
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"

if [ -n "$missing" ]; then
  install="apt-get install -y --no-install-recommends$missing"
  if [ "$(id -u)" = 0 ]; then
    as_root=""
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
  else
    as_root="none"
  fi
  if ! command -v apt-get >/dev/null 2>&1; then
    fail "these Debian packages, or what they are called here, are missing:$missing. Install them and run this again."
  fi
  if [ "$as_root" = none ]; then
    fail "these packages are missing:$missing. Run this as an administrator, then run 'npm run setup' again:
    apt-get update && $install"
  fi
  say "installing with apt-get:$missing"
  # shellcheck disable=SC2086 # $as_root and $missing are lists of words
  {
    $as_root apt-get update -qq </dev/null &&
      $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null
  } || fail "apt-get failed. Run by hand and read its message: apt-get update && $install"
fi
if ! bwrap --help 2>&1 | grep -q -- --bind-fd; then
  say "warning: this bubblewrap ($(bwrap --version 2>/dev/null)) knows no --bind-fd; 'reeve doctor' will say what to do"
fi

# ---- packages of npm -------------------------------------------------------------------------------------------------
# One setup at a time in a checkout: two 'npm ci' at once would each remove what the other just wrote.
if command -v flock >/dev/null 2>&1 && [ -z "${SETUP_HAS_LOCK:-}" ]; then
  exec env SETUP_HAS_LOCK=1 flock --close package.json sh scripts/setup.sh
fi
if ! command -v npm >/dev/null 2>&1 || ! command -v node >/dev/null 2>&1; then
  fail "npm and some Node are needed to begin with. Install them (Debian: apt-get install npm) and run this again."
fi
if ! reason=$(node scripts/setup/stale-packages.mjs); then
  say "installing packages with npm ci ($reason)"
  npm ci --no-audit --no-fund --loglevel=error </dev/null || fail "npm ci failed; its message stands above."
fi

# ---- Node ------------------------------------------------------------------------------------------------------------
node_version=$(sh scripts/with-node.sh -p process.version) ||
  fail "npm brought no Node for this machine ($(uname -m)); install Node 24 or newer and run this again."

# ---- the bundle ------------------------------------------------------------------------------------------------------
if [ -e scripts/build.ts ]; then
  newer=$(find src scripts/build.ts package-lock.json -type f -newer dist/.built 2>/dev/null | head -n 1) || true
  if [ ! -e dist/.built ] || [ -n "$newer" ]; then
    say "building the bundle"
    began=$(mktemp)
    sh scripts/with-node.sh scripts/build.ts || {
      rm -f "$began"
      fail "the bundle could not be built; the message stands above."
    }
    # The stamp carries the time at which the build began: a file that changed during it counts as newer.
    touch -r "$began" dist/.built
    rm -f "$began"
  fi
fi
say "ready (Node $node_version, $(bwrap --version))"
