#!/bin/sh
# Brings podman, podman-compose, runc and debootstrap, with which a test builds the image and starts deploy/compose.yaml, and
# systemd-nspawn, with which another boots a bare host. In: nothing. Out: exit 0, with them or with a line that says why
# those tests are skipped. Never: a storage driver changed where somebody has set one.
set -u
have() {
  command -v podman >/dev/null 2>&1 && command -v podman-compose >/dev/null 2>&1 && command -v runc >/dev/null 2>&1 &&
    command -v debootstrap >/dev/null 2>&1 && command -v systemd-nspawn >/dev/null 2>&1
}
without() {
  echo "setup: no podman ($1): the tests of deploying are skipped. As an administrator: apt-get install podman podman-compose runc debootstrap systemd-container"
  exit 0
}
[ "$(id -u)" = 0 ] || without "it takes an administrator"
if ! have; then
  command -v apt-get >/dev/null 2>&1 || without "no apt-get here"
  echo "setup: installing podman, podman-compose, runc, debootstrap and systemd-container with apt-get, for the tests of deploying"
  {
    apt-get update -qq </dev/null &&
      env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        podman podman-compose buildah runc debootstrap systemd-container containernetworking-plugins iptables </dev/null >/dev/null
  } || without "apt-get failed; its message stands above"
  have || without "the packages brought none"
fi
# overlay cannot be had in a container or on every file system; vfs always works.
if [ ! -e /etc/containers/storage.conf ]; then
  mkdir -p /etc/containers
  printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' >/etc/containers/storage.conf
fi
exit 0
