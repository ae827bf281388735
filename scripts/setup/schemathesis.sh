#!/bin/sh
# Brings schemathesis, which holds openapi.yaml to the running service, into a Python environment of its own. In: nothing.
# Out: exit 0, with it or with a line that says why that test is skipped. Never: a package installed for the whole system.
set -u
version=4.32.5
place=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/reeve/schemathesis-$version
[ -x "$place/bin/schemathesis" ] && exit 0
without() {
  echo "setup: no schemathesis ($1): the contract is not tried by it. By hand: python3 -m venv $place && $place/bin/pip install schemathesis==$version"
  rm -rf -- "$place"
  exit 0
}
command -v python3 >/dev/null 2>&1 || without "no python3"
if ! python3 -c 'import ensurepip' 2>/dev/null; then
  command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ] || without "python3 has no venv"
  echo "setup: installing python3-venv with apt-get, for schemathesis"
  {
    apt-get update -qq </dev/null &&
      env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv </dev/null >/dev/null
  } || without "apt-get failed; its message stands above"
fi
echo "setup: installing schemathesis $version by pip, for the contract"
mkdir -p "${place%/*}"
python3 -m venv "$place" || without "the environment could not be made"
"$place/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" </dev/null || without "pip failed; its message stands above"
[ -x "$place/bin/schemathesis" ] || without "the package brought none"
