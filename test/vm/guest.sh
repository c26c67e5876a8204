#!/bin/bash
# Builds the guest of the tests in this folder: a Debian with systemd, udev and the kernel's USB stack, with all that docket's package
# depends on and without docket itself. Prints the folder of kernel, initrd and disk image; where it stands already, that is all.
# Needs root and Debian's packages. Installs the programs it lacks on this machine, and writes below the cache only.
#
#   guest.sh          XDG_CACHE_HOME: where it is kept (~/.cache), under docket/vm
#                     DEBIAN_MIRROR: where packages come from; without it, from where this system has its own
set -euo pipefail

SUITE=bookworm
BUILD_SECONDS=1800
DISK_SIZE=4G
# Package of this machine that brings each program.
TOOLS='qemu-system-x86_64:qemu-system-x86 qemu-img:qemu-utils mmdebstrap:mmdebstrap mke2fs:e2fsprogs mkfs.vfat:dosfstools mcopy:mtools
  sfdisk:fdisk modprobe:kmod cpio:cpio xz:xz-utils setpriv:util-linux flock:util-linux'

# What the package depends on (systemd/package/control), then what a docking station has or a test needs, then the command channel.
PACKAGES=(
  ca-certificates ffmpeg libudev1 poppler-utils poppler-data unzip
  systemd-sysv udev dbus kmod procps util-linux usbutils psmisc kbd console-setup-linux
  dosfstools exfatprogs e2fsprogs dmsetup fuse3 jmtpfs mtp-tools umtp-responder
  busybox-static curl qemu-guest-agent
)
# What must be loaded before there is a root file system.
BOOT_MODULES=(virtio_pci virtio_blk ext4 crc32c_intel crc32c_generic)
MODULES=(
  "${BOOT_MODULES[@]}" virtio_console virtio_net virtio_rng af_packet
  xhci_pci ehci_pci uhci_hcd usb_storage uas sd_mod sg loop fuse autofs4 efivarfs configfs
  vfat msdos exfat nls_utf8 nls_ascii nls_cp437 nls_iso8859-1
  usbhid hid_generic evdev button bochs
  dummy_hcd libcomposite usb_f_mass_storage usb_f_fs usb_f_hid usb_f_acm
  dm_mod dm_flakey dm_delay
)
# Work of a first boot, timers, and services that a guest without a past has no use for.
MASKED=(
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service
  getty@tty1.service getty.target systemd-random-seed.service systemd-pstore.service remote-fs.target
  sys-kernel-debug.mount sys-kernel-tracing.mount dev-mqueue.mount dev-hugepages.mount systemd-binfmt.service
  kmod-static-nodes.service systemd-sysusers.service modprobe@drm.service systemd-remount-fs.service ldconfig.service
  systemd-update-utmp.service systemd-update-utmp-runlevel.service umtp-responder.service
  console-setup.service keyboard-setup.service
)

die() {
  echo "guest: failed: $*" >&2
  exit 1
}
began=$SECONDS
say() { printf 'guest: [%3d s] %s\n' $((SECONDS - began)) "$*" >&2; }

here=$(dirname -- "$(readlink -f -- "$0")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/docket/vm
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

# ---------------------------------------------------------------------------------------------- this machine

install_tools() {
  local pair missing=()
  for pair in $TOOLS; do command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "packages are missing; as root: apt-get install -y --no-install-recommends ${missing[*]}"
  say "installing packages: ${missing[*]}"
  local apt=(apt-get -o DPkg::Lock::Timeout=300 -qq)
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null ||
    { "${apt[@]}" update >&2 && "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null; } ||
    die "this did not work: apt-get install ${missing[*]}"
}

# ---------------------------------------------------------------------------------------------- root file system

make_tree() { # FOLDER
  local each sources=()
  if [ -n "${DEBIAN_MIRROR:-}" ]; then
    sources=("deb $DEBIAN_MIRROR $SUITE main")
  else
    for each in /etc/apt/sources.list /etc/apt/sources.list.d/debian*.sources; do
      [ ! -s "$each" ] || sources+=("$each")
    done
  fi
  mmdebstrap --quiet --mode=root --variant=minbase --include="$(IFS=, && echo "${PACKAGES[*]}")" \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/fonts/*' \
    "$SUITE" "$1" "${sources[@]}" >&2 || die 'mmdebstrap; is the package server in reach?'
}

# The machine it is: one station disk, a fixed address, no mirrors, nothing left to do at a first boot.
settle_tree() { # FOLDER
  local each units=$1/etc/systemd/system
  cp -a --no-preserve=ownership "$here/guest/." "$1/"
  echo 0123456789abcdef0123456789abcdef >"$1/etc/machine-id"
  echo dock >"$1/etc/hostname"
  printf '127.0.0.1 localhost dock\n10.0.2.2 host\n' >"$1/etc/hosts"
  echo 'LABEL=docket /var/lib/docket ext4 noatime,nosuid,nodev,noexec 0 2' >"$1/etc/fstab"
  rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin \
    "$1"/etc/resolv.conf "$1"/etc/apt/apt.conf.d/*proxy* "$1"/var/log/*.log
  # A console without a password, for whoever looks for the reason of a failure.
  sed -i 's/^root:[^:]*:/root::/' "$1/etc/shadow"
  for each in "${MASKED[@]}"; do ln -sf /dev/null "$units/$each"; done
  mkdir -p "$units/multi-user.target.wants" "$1/var/log/journal" "$1/var/lib/docket" "$1/mnt/disk"
  ln -sf /lib/systemd/system/multi-user.target "$units/default.target"
  ln -sf /etc/systemd/system/rig-network.service "$units/multi-user.target.wants/"
  ln -sf /lib/systemd/system/serial-getty@.service "$units/multi-user.target.wants/serial-getty@ttyS0.service"
}

# ---------------------------------------------------------------------------------------------- kernel

kernel_package() { apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-6[^ ]*\)$/\1/p' | head -n 1; }

unpack_kernel() { # FOLDER
  local package
  package=$(kernel_package)
  if [ -z "$package" ]; then
    apt-get -qq update >&2 || die 'apt-get update; is the package server in reach?'
    package=$(kernel_package)
  fi
  [ -n "$package" ] || die 'apt knows no linux-image-amd64'
  mkdir -p "$1.deb"
  (cd "$1.deb" && apt-get download -qq -o APT::Sandbox::User=root "$package" >&2) || die "apt-get download $package"
  dpkg-deb -x "$1.deb"/*.deb "$1"
  rm -rf "$1.deb"
}

# vmlinuz holds an ELF packed with xz. Unpacking it takes seconds at each boot of an emulated machine, so it is unpacked here.
unpack_vmlinux() { # KERNEL FOLDER, TARGET
  local packed offset
  packed=$(echo "$1"/boot/vmlinuz-*)
  offset=$(LC_ALL=C grep -abo $'\xFD7zXZ' "$packed" | head -n 1 | cut -d : -f 1)
  # xz says that something follows the stream; whether the ELF is whole is seen by its head, and by the first boot.
  tail -c +$((offset + 1)) "$packed" | xz -dc --single-stream >"$2" 2>/dev/null || true
  head -c 4 "$2" | grep -qa ELF || die "there is no ELF in $packed"
}

# Paths of modules with what they depend on, in the order of loading, once each.
list_modules() { # KERNEL FOLDER, NAMES...
  local folder=$1 each
  shift
  for each in "$@"; do
    modprobe -d "$folder" -S "$version" --show-depends "$each" 2>/dev/null | awk '$1 == "insmod" { print $2 }'
  done | awk '!seen[$0]++'
}

make_initrd() { # KERNEL FOLDER, ROOT FOLDER, TARGET
  local each n=10 tree=$3.tree
  mkdir -p "$tree"/{bin,m,proc,sys,dev,root}
  cp "$2/bin/busybox" "$tree/bin/busybox"
  ln -s busybox "$tree/bin/sh"
  for each in $(list_modules "$1" "${BOOT_MODULES[@]}"); do
    cp "$each" "$tree/m/$n-${each##*/}"
    n=$((n + 1))
  done
  cat >"$tree/init" <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev
for m in /m/*.ko; do $b insmod $m 2>/dev/null; done
n=0; while [ ! -b /dev/vda ] && [ $n -lt 500 ]; do $b usleep 20000; n=$((n + 1)); done
$b mount -t ext4 -o rw,noatime /dev/vda /root || exec $b sh
$b mount --move /dev /root/dev; $b mount --move /sys /root/sys; $b mount --move /proc /root/proc
exec $b switch_root /root /sbin/init
INIT
  chmod +x "$tree/init"
  (cd "$tree" && find . | cpio -o -H newc --quiet -R 0:0) >"$3"
  rm -rf "$tree"
}

# ---------------------------------------------------------------------------------------------- the road

build() { # FOLDER
  [ "$(id -u)" = 0 ] || die 'needs root, to make a file system with its owners'
  mkdir -p "$1"
  make_tree "$1/root"
  say 'Debian is there'
  unpack_kernel "$1/kernel"
  local version
  version=$(ls "$1/kernel/lib/modules")
  depmod -b "$1/kernel" "$version"
  unpack_vmlinux "$1/kernel" "$1/vmlinux"
  make_initrd "$1/kernel" "$1/root" "$1/initrd.img"
  local modules=$1/root/lib/modules/$version
  rm -rf "$1/root/lib/modules"
  mkdir -p "$modules"
  list_modules "$1/kernel" "${MODULES[@]}" | sed "s|^$1/kernel/||" | (cd "$1/kernel" && xargs cp --parents -t "$1/root")
  cp "$1/kernel/lib/modules/$version"/modules.{builtin,builtin.modinfo,order} "$modules"
  depmod -b "$1/root" "$version"
  settle_tree "$1/root"
  truncate -s "$DISK_SIZE" "$1/system.img"
  mke2fs -q -t ext4 -L system -E assume_storage_prezeroed=1,nodiscard -d "$1/root" "$1/system.img"
  rm -rf "$1/root" "$1/kernel"
  say "ready, $(du -sm "$1" | cut -f 1) MB"
}

key=$(cd "$here" && find guest.sh guest -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-16)
guest=$cache/guest-$key
install_tools
if [ ! -e "$guest/.ok" ]; then
  mkdir -p "$cache"
  exec 9>"$cache/guest.lock"
  flock -w "$BUILD_SECONDS" 9 || die "another build has been at work for $BUILD_SECONDS s"
  if [ ! -e "$guest/.ok" ]; then
    rm -rf "$guest" "$guest.new"
    build "$guest.new"
    touch "$guest.new/.ok"
    mv "$guest.new" "$guest"
  fi
fi
echo "$guest"
