#!/bin/sh
# What can be said without running anything: types, format, lint. Changes no file. Out: exit 0 if all is well.
set -eu
cd -- "$(dirname -- "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"

echo "check: types (tsc --noEmit)"
sh scripts/with-node.sh node_modules/typescript/bin/tsc --noEmit
sh scripts/with-node.sh node_modules/typescript/bin/tsc -p tsconfig.console.json
echo "check: format and lint (biome check)"
sh scripts/with-node.sh node_modules/@biomejs/biome/bin/biome check --error-on-warnings --diagnostic-level=warn .
