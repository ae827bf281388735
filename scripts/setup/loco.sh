#!/bin/sh
# Builds the Loco application of examples/loco-app, which tests and the demo operate, to examples/loco-app/bin. In: its
# sources, those of bindings/loco, a cargo of 1.94 or newer. Out: exit 0, with the binary or with a line that says why there
# is none (bin/missing keeps it for the tests); exit 1 where the sources do not compile. Quick when nothing has changed.
set -u
cd -- "$(dirname -- "$0")/../.." || exit 1
app=examples/loco-app
bin=$app/bin
mkdir -p "$bin" || exit 1

without() {
  rm -f "$bin/loco-app-cli" "$bin/built"
  printf '%s\n' "$1" >"$bin/missing"
  echo "setup: no Loco application ($1): the tests that operate it are skipped${2:+. $2}"
  exit 0
}

# ---- cargo, also where rustup has not been put on the PATH -----------------------------------------------------------
PATH="$PATH:${CARGO_HOME:-${HOME:-}/.cargo}/bin"
get="To get it: https://rustup.rs"
command -v cargo >/dev/null 2>&1 || without "there is no cargo, on the PATH or in ~/.cargo/bin" "$get"
version=$(cargo --version 2>/dev/null) || without "cargo does not start" "Try: cargo --version"
echo "$version" | awk '{ split($2, v, "."); exit !(v[1] > 1 || (v[1] == 1 && v[2] >= 94)) }' ||
  without "Loco 1.2 needs cargo 1.94, here is $version" "With rustup: rustup update stable"

# ---- whether there is anything to do ---------------------------------------------------------------------------------
# Paths are part of it: a file that was moved is a change.
sources=$({
  echo "$version" "$(uname -m)"
  find "$app/src" "$app/Cargo.toml" "$app/Cargo.lock" bindings/loco/src bindings/loco/Cargo.toml -type f |
    LC_ALL=C sort | xargs sha256sum
} | sha256sum | cut -c 1-64)
if [ -x "$bin/loco-app-cli" ] && [ "$(cat "$bin/built" 2>/dev/null)" = "$sources" ]; then
  exit 0
fi

# ---- a C compiler: SQLite and the cryptography are partly C ----------------------------------------------------------
if ! command -v cc >/dev/null 2>&1; then
  by_hand="As an administrator: apt-get install gcc libc6-dev"
  if [ "$(id -u)" = 0 ]; then
    as_root=""
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
  else
    without "there is no C compiler, and only an administrator can install one" "$by_hand"
  fi
  command -v apt-get >/dev/null 2>&1 || without "there is no C compiler" "Install one (cc)"
  echo "setup: installing gcc and libc6-dev with apt-get, for the Loco application"
  # shellcheck disable=SC2086 # $as_root is a list of words
  {
    $as_root apt-get update -qq </dev/null &&
      $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gcc libc6-dev \
        </dev/null >/dev/null
  } || without "there is no C compiler, and apt-get failed; its message stands above" "$by_hand"
fi

# ---- the build -------------------------------------------------------------------------------------------------------
# Outside the checkout, so that it outlives it: the dependencies are most of the work.
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${REEVE_CARGO_TARGET:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/reeve/cargo}}
export CARGO_TARGET_DIR CARGO_TERM_COLOR=never
began=$(date +%s)
# Cargo looks for .cargo/config.toml from the working directory upwards.
cd -- "$app" || exit 1
if ! cargo fetch --locked --quiet --offline </dev/null >/dev/null 2>&1; then
  echo "setup: fetching the crates of the Loco application"
  cd - >/dev/null || exit 1
  (cd -- "$app" && timeout --kill-after=10 600 cargo fetch --locked --quiet </dev/null) ||
    without "its crates could not be fetched; cargo's message stands above" "It takes access to crates.io"
  cd -- "$app" || exit 1
fi
echo "setup: building the Loco application (minutes the first time, seconds later; in $CARGO_TARGET_DIR)"
status=$(mktemp) || exit 1
{
  timeout --kill-after=10 "${LOCO_BUILD_SECONDS:-3600}" cargo build --locked --offline </dev/null 2>&1
  echo $? >"$status"
} | {
  crates=0
  while IFS= read -r line; do
    case $line in
      *Compiling*)
        crates=$((crates + 1))
        [ $((crates % 50)) = 0 ] && echo "setup: $crates crates compiled after $(($(date +%s) - began)) s"
        ;;
      *) printf '%s\n' "$line" ;;
    esac
  done
}
cd - >/dev/null || exit 1
built=$(cat "$status")
rm -f "$status"
if [ "$built" != 0 ]; then
  rm -f "$bin/loco-app-cli" "$bin/built"
  echo "its sources do not compile" >"$bin/missing"
  echo "setup: the Loco application could not be built (cargo ended with $built); its message stands above" >&2
  exit 1
fi
# Beside it first: a process that runs the old one keeps it, and nobody sees half of one.
cp "$CARGO_TARGET_DIR/debug/loco-app-cli" "$bin/loco-app-cli.new" && mv -f "$bin/loco-app-cli.new" "$bin/loco-app-cli" || exit 1
rm -f "$bin/missing"
printf '%s\n' "$sources" >"$bin/built"
echo "setup: built the Loco application in $(($(date +%s) - began)) s ($(du -m "$bin/loco-app-cli" | cut -f 1) MiB)"
