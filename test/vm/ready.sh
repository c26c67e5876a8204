#!/bin/bash
# The guest of guest.sh with this checkout's package installed in it, a station made, and docketd running: built once and saved, memory and
# disks, so that a test goes on from there in a few seconds. Prints the folder that holds it. What was not used for a day is removed.
#
#   ready.sh          kept where guest.sh keeps its guest; needs what guest.sh and bin/package need
set -euo pipefail

here=$(dirname -- "$(readlink -f -- "$0")")
root=${here%/test/vm}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/docket/vm
BUILD_SECONDS=1800
KEPT_MINUTES=1440
# Sparse; as large as a disk of a docking station, so that docket doctor finds nothing to say of it.
STATION_SIZE=256G

die() {
  echo "ready: failed: $*" >&2
  exit 1
}
say() { echo "ready: $*" >&2; }
# Digest of files and of the files in folders.
digest() { (cd "$root" && find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-16); }

guest=$("$here/guest.sh")
PATH=$PATH:/usr/sbin:/sbin
key=$(
  {
    echo "$guest"
    digest bin src config systemd LICENSES package.json package-lock.json ./*.md
    digest test/vm/{ready.sh,save-ready.ts,machine.ts}
  } | sha256sum | cut -c 1-16
)
ready=$cache/ready-$key

build() { # FOLDER
  local began=$SECONDS
  mkdir -p "$1/package"
  # The time of the checkout's last commit would make another package of the same files.
  SOURCE_DATE_EPOCH=1767225600 "$root/bin/package" --fast "$1/package" >/dev/null || die 'bin/package'
  say "the package is built, $((SECONDS - began)) s"
  # The package as a disk, and the station's disk.
  truncate -s 512M "$1/package.img"
  mke2fs -q -t ext4 -L package -E assume_storage_prezeroed=1 -d "$1/package" "$1/package.img"
  truncate -s "$STATION_SIZE" "$1/empty.img"
  mke2fs -q -t ext4 -L docket -m 0 -E assume_storage_prezeroed=1 "$1/empty.img"
  ln -s "$guest" "$1/guest"
  "$root/bin/node24" "$here/save-ready.ts" "$1" || die 'the guest did not become ready'
  rm -rf "$1"/package "$1"/empty.img # package.img stays: tests install it again
  say "saved, $(du -sm "$1" | cut -f 1) MB, $((SECONDS - began)) s"
}

mkdir -p "$cache"
exec 8>"$cache/ready.lock"
flock -w "$BUILD_SECONDS" 8 || die "another build has been at work for $BUILD_SECONDS s"
if [ ! -e "$ready/.ok" ]; then
  rm -rf "$ready" "$ready.new"
  build "$ready.new"
  touch "$ready.new/.ok"
  # The overlay in it names the guest's disk, never this folder: it may be moved.
  mv "$ready.new" "$ready"
fi
touch "$ready" "$guest"
find "$cache" -mindepth 1 -maxdepth 1 -type d -mmin "+$KEPT_MINUTES" -exec rm -rf {} +
echo "$ready"
