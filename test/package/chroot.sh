#!/bin/bash
# The Debian package on a bare Debian 12 without any network, first as a plain folder (chroot), then booted with its own systemd (nspawn):
# installed, a station made, footage docked and verified, upgraded, removed, installed again, purged; what is on record stays byte for
# byte. Takes minutes, so it is run by hand, or by the tests with DOCKET_PACKAGE=all. Needs root, mmdebstrap and systemd-container; the
# bare system is fetched once (the only use of a network) and kept.
#   test/package/chroot.sh          DOCKET_PACKAGE_BASE: where the bare system is kept (/var/tmp/docket-package-base.tar)
set -euo pipefail
root=$(dirname -- "$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")")
base=${DOCKET_PACKAGE_BASE:-/var/tmp/docket-package-base.tar}
case=2026-LX-0003

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'chroot: FAILED: %s\n' "$*" >&2; exit 1; }

# ---------------------------------------------------------------------------------------------- outside: build, then go in

outside() {
  [ "$(id -u)" = 0 ] || fail 'needs root'
  command -v systemd-nspawn >/dev/null || fail 'needs systemd-nspawn (apt-get install systemd-container)'
  if [ ! -s "$base" ]; then
    say "a bare Debian 12 with what the package depends on, into $base"
    command -v mmdebstrap >/dev/null || fail 'needs mmdebstrap (apt-get install mmdebstrap)'
    mmdebstrap --quiet --variant=minbase --include=ffmpeg,poppler-utils,poppler-data,unzip,udev,systemd bookworm "$base.new"
    mv "$base.new" "$base"
  fi
  work=$(mktemp -d /var/tmp/docket-package-XXXXXXXX)
  trap 'rm -rf --one-file-system "$work"' EXIT
  say 'two versions, the second from a source tree of its own'
  "$root/bin/package" --fast "$work/one"
  mkdir "$work/source"
  (cd "$root" && cp -a --parents bin src config systemd package.json package-lock.json ./*.md "$work/source")
  ln -s "$root/node_modules" "$work/source/node_modules"
  sed -i 's/^  "version": ".*",$/  "version": "99.0.0-next.1",/' "$work/source/package.json"
  SOURCE_DATE_EPOCH=1800000000 "$work/source/bin/package" --fast "$work/two"

  say 'the bare system'
  mkdir "$work/debian"
  tar -C "$work/debian" --exclude='./dev/*' -xf "$base"
  mkdir "$work/debian/package"
  cp "$work"/one/*.deb "$work/debian/package/one.deb"
  cp "$work"/two/*.deb "$work/debian/package/two.deb"
  "$root/bin/node24" "$root/fixtures/make-camera.ts" --dir "$work/debian/package/simulated" --camera BC01 --officer 013579 --case "$case" >/dev/null
  chmod -R a+rX "$work/debian/package"
  cp "$0" "$work/debian/package/chroot.sh"
  in_chroot "$work/debian"
  in_container "$work/debian"
  printf '\nthe package stands\n'
}

# No network, no processes and no mounts but its own: all of it ends with the script inside.
in_chroot() {
  unshare --net --mount --pid --ipc --uts --fork --kill-child bash -c '
    set -e
    hostname dock
    mount --make-rprivate /
    cd "$1"
    mount -t proc proc proc
    mount -t sysfs -o ro sysfs sys
    mount -t tmpfs tmpfs run
    mount -t tmpfs tmpfs dev
    for each in null zero full random urandom tty; do touch "dev/$each"; mount --bind "/dev/$each" "dev/$each"; done
    ln -s /proc/self/fd dev/fd
    exec chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 /package/chroot.sh --chroot
  ' bash "$1"
}

# The same folder, booted: its own systemd runs the service in its sandbox.
in_container() {
  local leader tries=0
  systemd-nspawn --quiet --directory="$1" --private-network --register=no --keep-unit --boot --console=pipe >"$work/boot.log" 2>&1 &
  nspawn=$!
  trap 'kill -KILL "$nspawn" 2>/dev/null || true; wait "$nspawn" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
  until leader=$(pgrep --parent "$nspawn") && nsenter --target "$leader" --mount test -S /run/systemd/private; do
    kill -0 "$nspawn" && [ $((tries += 1)) -lt 300 ] || { cat "$work/boot.log"; fail 'Debian boots in a container'; }
    sleep 0.2
  done
  nsenter --target "$leader" --mount --pid --ipc --uts --net --cgroup -- \
    /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 /package/chroot.sh --booted
}

# ---------------------------------------------------------------------------------------------- inside

expect() { # WHAT, COMMAND…: must succeed
  local what=$1
  shift
  "$@" >/tmp/said 2>&1 || { cat /tmp/said >&2; fail "$what"; }
  printf 'ok: %s\n' "$what"
}
refused() { # EXIT CODE, WHAT, COMMAND…
  local code=$1 what=$2 status=0
  shift 2
  "$@" >/tmp/said 2>&1 || status=$?
  [ "$status" = "$code" ] || { cat /tmp/said >&2; fail "$what (exit $status, not $code)"; }
  printf 'ok: %s\n' "$what"
}
told() { # WHAT, TEXT: the command before said it
  grep -qF -- "$2" /tmp/said || { cat /tmp/said >&2; fail "$1"; }
  printf 'ok: %s\n' "$1"
}
as_docket() { runuser -u docket -- "$@"; }
# Everything that is evidence, or that evidence is proven with.
record() { (cd /var/lib/docket && find vault docket.toml station.key -type f -print0 | sort -z | xargs -0 sha256sum); }
kept() { record | diff /tmp/record - >/dev/null; }
# Beside a docketd that goes on recording: what stood there stands there, but for the one file that says how far the ledger is.
stands() { grep -v '/checkpoint$' /tmp/record | (cd /var/lib/docket && sha256sum --check --quiet); }
owned() { [ -z "$(find /var/lib/docket ! -user docket -o ! -group docket)" ]; }
on_record() { docket case show "$case" --json >/tmp/case && grep -q '"kind": "footage"' /tmp/case; }

installed() {
  say 'install'
  expect 'dpkg installs it, without a network' dpkg -i /package/one.deb
  told 'it says how to make a station' 'runuser -u docket -- docket init /var/lib/docket'
  expect 'the service is there and enabled' test -L /etc/systemd/system/multi-user.target.wants/docketd.service
  expect 'user and folders are there' test "$(stat -c %U:%a /var/lib/docket)" = docket:750
  expect 'the service may be read by systemd' systemd-analyze verify --man=no /lib/systemd/system/docketd.service
  refused 2 'without a station a command says so' docket status
  told 'and names where it looked' /etc/docket/docket.toml

  say 'a station'
  expect 'docket init, as the user of the service' as_docket docket init /var/lib/docket
  expect 'configured in /etc/docket' test -s /etc/docket/docket.toml
  expect 'a command finds it' docket config check
  expect 'udev reads the rule about cameras, and complains of nothing' rule_is_read
  expect 'also by its name in /etc' docket config check --config /etc/docket/docket.toml
  expect 'a camera is registered by root' docket camera add BC01 --officer 张伟 --certificate 013579
  expect 'a camera is docked' docket dock /package/simulated/camera --camera BC01 --case "$case"
  expect 'documents are added' docket document add --case "$case" --type 询问笔录 /package/simulated/documents/*
  expect 'footage is on record' on_record
  expect 'and everything is there and unaltered' docket verify
  expect 'all of it belongs to the service, though root gave the commands' owned
  expect 'an item is copied out to where root says' fetch_one
  expect 'docketd runs, and a command goes through it' through_daemon
  expect 'nothing was written below /usr' untouched
  record >/tmp/record

  say 'upgrade'
  expect 'dpkg upgrades it' dpkg -i /package/two.deb
  expect 'the new version runs' test "$(docket --version)" = 99.0.0-next.1
  expect 'evidence, key and configuration are the same bytes' kept
  expect 'and verified' docket verify
  expect 'footage goes on being taken' docket document add --case "$case" --type 决定 /package/chroot.sh
  record >/tmp/record

  say 'remove'
  expect 'dpkg removes it' dpkg -r docket
  expect 'no program is left' test ! -e /usr/bin/docket -a ! -e /usr/lib/docket
  expect 'evidence, key and configuration are the same bytes' kept
  expect 'dpkg installs it again' dpkg -i /package/two.deb
  expect 'the station is found again, and verified' docket verify

  say 'purge'
  mkdir -p /run/docket/cameras/BC01
  mount -t tmpfs tmpfs /run/docket/cameras/BC01
  echo footage >/run/docket/cameras/BC01/0001.MP4
  expect 'dpkg purges it' dpkg -P docket
  told 'it says what it leaves' '/var/lib/docket /etc/docket'
  expect 'evidence, key and configuration are the same bytes' kept
  expect 'they still have their owner' owned
  expect 'the configuration keeps its name' test -s /etc/docket/docket.toml
  expect 'a camera that is mounted is not touched' test -s /run/docket/cameras/BC01/0001.MP4
  expect 'what can be made again is gone' test ! -e /var/cache/docket
  expect 'no unit is left' test ! -e /etc/systemd/system/multi-user.target.wants/docketd.service
  expect 'dpkg installs it again' dpkg -i /package/one.deb
  expect 'and the station verifies' docket verify
  umount /run/docket/cameras/BC01
  rmdir /run/docket/cameras/BC01
  rm -rf /var/lib/docket
  expect 'purged where no station was made' dpkg -P docket
  expect 'nothing is left' test ! -e /var/lib/docket -a ! -e /etc/docket -a ! -e /run/docket
}

fetch_one() {
  local item
  item=$(docket find --case "$case" --json | sed -n 's/^ *"itemId": "\(.*\)",$/\1/p' | head -n 1)
  docket item fetch "$item" --out /root/copy && [ -s /root/copy ]
}
untouched() { [ -z "$(dpkg --verify docket)" ] && [ -z "$(find /usr/lib/docket -newer /var/lib/dpkg/info/docket.list)" ]; }
through_daemon() {
  docketd >/tmp/docketd.log 2>&1 &
  local daemon=$! tries=0
  until grep -qs 'docketd is ready' /tmp/docketd.log; do
    kill -0 "$daemon" && [ $((tries += 1)) -lt 200 ] || { cat /tmp/docketd.log; return 1; }
    sleep 0.1
  done
  [ "$(stat -c %U "/proc/$daemon")" = docket ] && docket status && docket camera add BC02
  local status=$?
  kill "$daemon" && wait "$daemon" && return $status
}

# What udev makes of the rule is seen in test/vm, where there is USB; here, that it can read it.
rule_is_read() {
  local said
  said=$(udevadm test --action=add "$(readlink -f "$(find /sys/class/block/ -mindepth 1 | sort | head -n 1)")" 2>&1)
  grep -F 'Reading rules file: /usr/lib/udev/rules.d/90-docket.rules' <<<"$said" && ! grep 'docket.rules:' <<<"$said"
}

# ---------------------------------------------------------------------------------------------- booted

main_pid() { systemctl show --property=MainPID --value docketd; }
active() { [ "$(systemctl is-active docketd)" = active ]; }
none_failed() { [ -z "$(systemctl list-units --failed --plain --no-legend)" ]; }
readable() { docket find --case "$case" --kind footage --json >/tmp/found && grep -q '"readable": true' /tmp/found && ! grep -q '"readable": false' /tmp/found; }
until_said() { # TEXT: docketd says it within half a minute
  local tries=0
  until journalctl --unit=docketd --output=cat | grep -qF -- "$1"; do
    [ $((tries += 1)) -lt 150 ] || { journalctl --unit=docketd --output=cat; return 1; }
    sleep 0.2
  done
}
# What the service could do to a file, from inside its sandbox.
service_writes() { nsenter --target "$(main_pid)" --mount setpriv --reuid docket --regid docket --clear-groups sh -c 'printf "" >>"$0"' "$1"; }
cannot_write() { ! service_writes "$1"; }

booted() {
  say 'booted: install'
  expect 'dpkg installs it' dpkg -i /package/one.deb
  expect 'without a station the service is not started, and has not failed' none_failed
  expect 'nor when it is asked to' systemctl start docketd
  expect 'it waits' test "$(systemctl is-active docketd)" = inactive
  expect 'docket init, as the user of the service' as_docket docket init /var/lib/docket
  sed -i 's/^unknown = .*/unknown = "allow"/' /var/lib/docket/docket.toml
  expect 'the service starts, and tells systemd when it is ready' systemctl start docketd
  expect 'it runs' active
  expect 'it runs as its user' test "$(stat -c %U "/proc/$(main_pid)")" = docket

  say 'booted: in its sandbox'
  expect 'a camera is docked' docket dock /package/simulated/camera --camera BC01 --case "$case"
  expect 'footage is looked into' readable
  mkdir /run/docket/cameras/BC09 && mount -t tmpfs tmpfs /run/docket/cameras/BC09
  mkdir /run/docket/cameras/BC09/DCIM && cp /package/chroot.sh /run/docket/cameras/BC09/DCIM/0001.JPG
  expect 'a camera mounted later is noticed and taken' until_said 'an acquisition ended'
  expect 'it cannot change its configuration' cannot_write /var/lib/docket/docket.toml
  expect 'nor its key' cannot_write /var/lib/docket/station.key
  expect 'nor its programs' cannot_write /usr/lib/docket/package.json
  expect 'but its state' service_writes /var/lib/docket/state/written
  rm /var/lib/docket/state/written
  expect 'its configuration is read again' systemctl reload docketd
  expect 'as it says' until_said 'the configuration was read again'
  expect 'everything is there and unaltered' docket verify
  record >/tmp/record

  say 'booted: upgrade, remove, purge'
  local before
  before=$(main_pid)
  expect 'dpkg upgrades it' dpkg -i /package/two.deb
  expect 'the service runs again' active
  expect 'as another process' test "$before" != "$(main_pid)"
  expect 'evidence, key and configuration are the same bytes' stands
  expect 'everything is there and unaltered' docket verify
  expect 'dpkg removes it' dpkg -r docket
  expect 'the service is gone' test "$(systemctl is-active docketd)" = inactive
  expect 'dpkg installs it again' dpkg -i /package/one.deb
  expect 'the service runs, since there is a station' active
  expect 'dpkg purges it' dpkg -P docket
  expect 'the service is gone' test "$(systemctl is-active docketd)" = inactive
  expect 'nothing has failed' none_failed
  expect 'the camera that is mounted is not touched' test -s /run/docket/cameras/BC09/DCIM/0001.JPG
  expect 'evidence, key and configuration are the same bytes' stands
}

case ${1:-} in
  '') outside ;;
  --chroot) installed ;;
  --booted) booted ;;
  *) fail 'takes no arguments' ;;
esac
