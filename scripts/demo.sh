#!/bin/sh
# `npm run demo`: sets everything up, then drives the real thing with clients that aren't ours and checks what they got.
# Out: a story; exit 0 only if every case went as it should.
set -eu
cd -- "$(dirname -- "$0")/.."
sh scripts/setup.sh
sh scripts/setup/loco.sh
exec sh scripts/with-node.sh --disable-warning=ExperimentalWarning scripts/demo/main.ts "$@"
