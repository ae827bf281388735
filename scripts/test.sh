#!/bin/sh
# Everything that has to hold: sets up, checks types, format and lint, then runs every test by Node's own runner.
# Arguments are test files to run instead of all. Out: the runner's summary last. Never: success without a test that ran.
set -eu
cd -- "$(dirname -- "$0")/.."

sh scripts/setup.sh
sh scripts/setup/browser.sh
sh scripts/setup/go.sh
sh scripts/setup/tools.sh
sh scripts/setup/containers.sh
sh scripts/setup/loco.sh
sh scripts/setup/schemathesis.sh
sh scripts/check.sh

if [ $# -eq 0 ]; then
  # The runner calls it a success when no file matches; so the files are found here and counted there.
  files=$(find test -type f -name '*.test.ts' -not -path '*/node_modules/*' | LC_ALL=C sort)
  [ -n "$files" ] || {
    echo "test: no file under test/ ends in .test.ts; nothing was tested" >&2
    exit 1
  }
  # No file name of ours holds a space, and one that did would fail here, loudly.
  # shellcheck disable=SC2086
  set -- $files
fi

count=$(mktemp)
trap 'rm -f "$count"' EXIT
echo "test: $# files"
status=0
timeout --kill-after=10 "${TEST_TOTAL_SECONDS:-2400}" sh scripts/with-node.sh --disable-warning=ExperimentalWarning --test \
  --import=./scripts/test/watchdog.ts \
  --test-concurrency=2 --test-timeout="${TEST_TIMEOUT_MS:-300000}" \
  --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=./scripts/test/count-reporter.ts --test-reporter-destination="$count" \
  "$@" </dev/null || status=$?

ran=$(cat "$count")
if [ "$status" = 0 ] && [ "${ran:-0}" -lt "$#" ]; then
  echo "test: $# files, yet only ${ran:-0} tests ran; nothing is proven by that" >&2
  exit 1
fi
exit "$status"
