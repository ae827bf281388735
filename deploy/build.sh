#!/bin/sh
# Builds the image. In: a checkout with its bundle (npm run setup); BASE, a Debian image. Out: TAG (reeve:VERSION).
#   deploy/build.sh                                   a base made by debootstrap where no BASE is given: no registry needed
#   BASE=docker.io/library/debian:bookworm-slim@sha256:… deploy/build.sh        a base from a registry, by digest only
# Never: a base from a registry by a name that may mean something else tomorrow.
set -eu
cd -- "$(dirname -- "$0")/.."
say() { printf 'build: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

if [ -z "${ENGINE:-}" ]; then
  if command -v podman >/dev/null 2>&1; then ENGINE=podman; else ENGINE=docker; fi
fi
command -v "$ENGINE" >/dev/null 2>&1 || fail "neither podman nor docker was found. Debian: apt-get install podman runc"
case $ENGINE in *podman*) RUNTIME="--runtime ${OCI_RUNTIME:-runc}" ;; *) RUNTIME="" ;; esac
[ -e dist/reeve.mjs ] || fail "the bundle is missing: run 'npm run setup' first"
case $(uname -m) in x86_64 | amd64) arch=x64 ;; aarch64 | arm64) arch=arm64 ;; *) fail "no Node is known for $(uname -m)" ;; esac
node=node_modules/node-linux-$arch
[ -x "$node/bin/node" ] || fail "$node is missing: run 'npm run setup' first"

own=localhost/reeve-base:bookworm
if [ -z "${BASE:-}" ]; then
  BASE=$own
  if ! $ENGINE image exists "$BASE" 2>/dev/null; then
    command -v debootstrap >/dev/null 2>&1 || fail "no BASE was given, and debootstrap is missing. Debian: apt-get install debootstrap"
    [ "$(id -u)" = 0 ] || fail "debootstrap needs root; or give a BASE"
    work=$(mktemp -d)
    trap 'rm -rf -- "$work"' EXIT
    say "making a base by debootstrap (a minute)"
    debootstrap --variant=minbase bookworm "$work/base" "${MIRROR:-http://deb.debian.org/debian}" >"$work/log" 2>&1 || {
      tail -n 5 "$work/log" >&2
      fail "debootstrap failed"
    }
    printf 'deb %s bookworm main\n' "${MIRROR:-http://deb.debian.org/debian}" >"$work/base/etc/apt/sources.list"
    tar -C "$work/base" -c . | $ENGINE import - "$own" >/dev/null
    rm -rf -- "$work"
    trap - EXIT
  fi
fi
case $BASE in
  localhost/* | *@sha256:*) ;;
  *) fail "BASE=$BASE comes from a registry without a digest; write ${BASE%%:*}@sha256:…" ;;
esac

version=$(sed -n 's/^ *"version": *"\([^"]*\)".*/\1/p' package.json | head -n 1)
tag=${TAG:-localhost/reeve:$version}
context=$(mktemp -d)
trap 'rm -rf -- "$context"' EXIT
mkdir -p "$context/reeve/console" "$context/reeve/deploy" "$context/reeve/$node/bin"
cp -R bin dist package.json LICENSE README.md "$context/reeve/"
cp console/*.js console/*.css "$context/reeve/console/"
cp deploy/ready "$context/reeve/deploy/"
cp "$node/bin/node" "$context/reeve/$node/bin/"
cp "$node/LICENSE" "$context/reeve/$node/" 2>/dev/null || true
chmod -R go-w,a+rX "$context/reeve"
cp deploy/Dockerfile "$context/"

say "building $tag from $BASE with $ENGINE"
# shellcheck disable=SC2086 # one option or none
$ENGINE $RUNTIME build ${FORMAT:---format=docker} --network host --build-arg "BASE=$BASE" -t "$tag" -f "$context/Dockerfile" "$context" >&2
printf '%s\n' "$tag"
