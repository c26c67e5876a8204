#!/bin/bash
# A Ceph RADOS Gateway of one node on loopback, for the tests: a real S3 store with versions, Object Lock and multipart uploads.
# Needs what every Debian has; installs nothing, changes nothing outside its folders, and needs no root.
#
#   ceph.sh start DIR      start monitor, object store (in memory) and gateway; their files are in DIR
#   ceph.sh kill-rgw DIR   SIGKILL for the gateway; what was stored stays
#   ceph.sh start-rgw DIR  start it again
#   ceph.sh status DIR     name, pid and resident memory of each
#   ceph.sh admin DIR ...  radosgw-admin with these arguments: users, quotas, usage
#   ceph.sh destroy DIR    end exactly these processes and remove DIR
#   ceph.sh watch DIR      wait until OWNER is gone, then destroy; start does this by itself
#   ceph.sh install        only fetch and unpack the packages
#
# From the environment:
#   CEPH_ROOT                where the unpacked packages stay; several may start at once, one of them unpacks
#   PORT, MON_PORT           ports of gateway and monitor, on 127.0.0.1
#   ACCESS_KEY, SECRET_KEY   the user of the store
#   OWNER                    pid: when that process is gone, so is the server, however it went
#   TLS_CERT                 PEM file with key and certificate: https instead of http
#   DEBIAN_MIRROR            where packages come from; without it, from where this system has its own
set -euo pipefail

# Debian testing: Ceph 20. The 16 and 18 of older releases leave the lock off uploads in parts without a word.
SUITE=forky
STORE_BYTES=$((8 << 30))
INSTALL_SECONDS=900
# The key that the store's key service knows, as testkey-1.
KMS_KEY=YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo=

die() {
  echo "ceph: $*" >&2
  exit 1
}
usage() {
  sed -n '5,12s/^# *//p' "$0" >&2
  exit 2
}

command=${1:-}
[ -n "$command" ] || usage
[ -n "${CEPH_ROOT:-}" ] || die 'CEPH_ROOT names no folder'
libraries=$CEPH_ROOT/usr/lib/x86_64-linux-gnu
# The packages are newer than this system: their programs run on the libraries they came with.
loader=("$CEPH_ROOT/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries:$libraries/ceph")

# ---------------------------------------------------------------------------------------------- packages

# Links of these are all that is needed; what the other packages would bring is never opened.
NEEDED='^(lib|zlib1g|ceph-(base|common|mon|osd)$|radosgw$)'
UNUSED='^lib(binutils|c-gconv|cephfs|ctf|debconf|glib2|gprofng|jansson|lvm2|nss|pam|parted|python|rbd|rgw|semanage|sepol|sframe|ss2|systemd-shared|xml2)'
LEFT_OUT=(
  ./etc ./var ./usr/sbin ./usr/share ./usr/lib/python3 ./usr/lib/systemd ./usr/lib/x86_64-linux-gnu/gconv
  './usr/bin/ceph-[bckmo]*tool' './usr/bin/ceph-dencoder' './usr/bin/cephfs-*' './usr/bin/rbd*'
)

mirror() {
  local sources=/etc/apt/sources.list
  [ -z "${DEBIAN_MIRROR:-}" ] || { echo "$DEBIAN_MIRROR"; return; }
  # Either file may be missing.
  cat "$sources.d/debian.sources" "$sources" 2>/dev/null |
    sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' |
    head -n 1 || true
}

# True when every program finds its libraries.
complete() {
  local each
  for each in radosgw radosgw-admin ceph-mon ceph-osd ceph-authtool monmaptool osdmaptool; do
    "${loader[@]}" --list "$CEPH_ROOT/usr/bin/$each" 2>&1 | grep -q 'not found' && return 1
  done
  return 0
}

unpack() { # FOLDER WITH PACKAGES, ROOT
  local each
  mkdir -p "$2"
  for each in "$1"/*.deb; do
    dpkg-deb --fsys-tarfile "$each" | tar -x -C "$2" --no-same-owner "${LEFT_OUT[@]/#/--exclude=}"
  done
}

install_packages() {
  local work=$CEPH_ROOT.new uri wanted list
  rm -rf "$work"
  mkdir -p "$work"/apt/{lists,cache/archives}/partial "$work/debs"
  uri=$(mirror)
  [ -n "$uri" ] || die 'no Debian mirror is known; set DEBIAN_MIRROR'
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $SUITE main" >"$work/apt/sources.list"
  local apt=(
    apt-get -qq
    -o "Dir::Etc::sourcelist=$work/apt/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache" -o Dir::State::status=/dev/null
    -o APT::Architecture=amd64 -o APT::Sandbox::User= -o Acquire::Languages=none
  )
  "${apt[@]}" update >&2 || die "apt-get update; is $uri in reach?"
  wanted=$("${apt[@]}" install -s --no-install-recommends radosgw ceph-mon ceph-osd | awk '/^Inst/ { print $2 }')
  [ -n "$wanted" ] || die "there is no radosgw in $SUITE at $uri"
  # First what is known to do; should a newer version need more, then all of it.
  for list in "$(grep -E "$NEEDED" <<<"$wanted" | grep -vE "$UNUSED")" "$wanted"; do
    # shellcheck disable=SC2086 # a list of package names
    (cd "$work/debs" && "${apt[@]}" download $list >&2)
    unpack "$work/debs" "$work/root"
    rm -rf "$CEPH_ROOT"
    mv "$work/root" "$CEPH_ROOT"
    complete && break
  done
  complete || die "libraries are missing in $CEPH_ROOT"
  rm -rf "$work"
  touch "$CEPH_ROOT/.ok"
}

# Several tests start servers of their own at once: one of them unpacks, the others wait for it.
ensure_packages() {
  [ ! -f "$CEPH_ROOT/.ok" ] || return 0
  mkdir -p "$(dirname "$CEPH_ROOT")"
  (
    flock -w "$INSTALL_SECONDS" 9 || die "another start has been unpacking Ceph for $INSTALL_SECONDS s"
    [ -f "$CEPH_ROOT/.ok" ] || install_packages
  ) 9>"$CEPH_ROOT.lock"
}

# ---------------------------------------------------------------------------------------------- processes

# One line each in DIR/pids: name, pid, start time. The start time tells a process from a later one with its number.
started() { awk '{ sub(/^.*\) /, ""); if ($1 != "Z" && $1 != "X") print $20 }' "/proc/$1/stat" 2>/dev/null; }
# Without a start time it was gone before anybody looked.
alive() { [ -n "${1:-}" ] && [ -n "${2:-}" ] && [ "$(started "$1")" = "$2" ]; }
recorded() { awk -v name="$1" '$1 == name { print $2, $3 }' "$DIR/pids" 2>/dev/null | tail -n 1; }
# shellcheck disable=SC2046 # pid and start time
running() { alive $(recorded "$1"); }
tool() { "${loader[@]}" "$CEPH_ROOT/usr/bin/$1" -c "$DIR/ceph.conf" "${@:2}"; }

daemon() { # NAME PROGRAM ARGUMENTS...
  setsid "${loader[@]}" "$CEPH_ROOT/usr/bin/$2" -c "$DIR/ceph.conf" "${@:3}" -f >>"$DIR/log/$1.out" 2>&1 </dev/null &
  local pid=$!
  echo "$1 $pid $(started "$pid")" >>"$DIR/pids"
  disown "$pid"
}

end() { # NAME
  local pid since
  read -r pid since <<<"$(recorded "$1")" || true
  if [ -n "$pid" ] && alive "$pid" "$since"; then
    kill -KILL "$pid" 2>/dev/null || true
    while alive "$pid" "$since"; do sleep 0.02; done
  fi
  [ ! -f "$DIR/pids" ] || sed -i "/^$1 /d" "$DIR/pids"
}

open_port() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
wait_for() { # NAME PORT
  local tries
  for ((tries = 0; tries < 3000; tries++)); do
    if open_port "$2"; then return; fi
    running "$1" || die "$1 ended early: $(tail -n 5 "$DIR/log/$1.out")"
    sleep 0.02
  done
  die "$1 does not answer on port $2 after a minute; see $DIR/log"
}

# ---------------------------------------------------------------------------------------------- one node

write_settings() {
  cat >"$DIR/ceph.conf" <<C
[global]
fsid = $1
mon_host = v2:127.0.0.1:$MON_PORT/0
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv6 = false
plugin_dir = $libraries/ceph
erasure_code_dir = $libraries/ceph/erasure-code
osd_class_dir = $libraries/rados-classes
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
osd_crush_chooseleaf_type = 0
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
mon_max_pg_per_osd = 2000
mon_osd_auto_mark_in = true
paxos_propose_interval = 0.02
paxos_min_wait = 0.005
mon_client_hunt_interval = 0.5
objecter_tick_interval = 0.2
run_dir = $DIR/run
admin_socket =
pid_file = $DIR/run/\$name.pid
log_file = $DIR/log/\$name.log
log_to_stderr = false
err_to_stderr = true
keyring = $DIR/keyring
[mon]
mon_data = $DIR/mon
mon_data_avail_crit = 1
mon_data_avail_warn = 2
mon_cluster_log_file = $DIR/log/cluster.log
[osd]
osd_data = $DIR/osd
osd_objectstore = memstore
memstore_device_bytes = $STORE_BYTES
osd_mclock_skip_benchmark = true
[client]
rgw_data = $DIR/rgw
rgw_frontends = beast ${TLS_CERT:+ssl_}endpoint=127.0.0.1:$PORT${TLS_CERT:+ ssl_certificate=$TLS_CERT}
rgw_crypt_require_ssl = false
rgw_crypt_s3_kms_backend = testing
rgw_crypt_s3_kms_encryption_keys = testkey-1=$KMS_KEY
rgw_dynamic_resharding = false
rgw_override_bucket_index_max_shards = 1
rgw_run_sync_thread = false
C
}

# The first map of stores knows the one store, and the keys are imported whole: the command line of Ceph (Python) is not needed.
make_node() {
  local id keys=$DIR/keyring
  id=$(cat /proc/sys/kernel/random/uuid)
  mkdir -p "$DIR"/{mon,osd,run,log,rgw}
  write_settings "$id"
  {
    tool ceph-authtool --create-keyring "$keys" --gen-key -n mon. --cap mon 'allow *'
    tool ceph-authtool "$keys" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
    tool ceph-authtool "$keys" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
    tool monmaptool --create --fsid "$id" --addv a "[v2:127.0.0.1:$MON_PORT/0]" "$DIR/monmap" --clobber
    tool osdmaptool --createsimple 1 "$DIR/osdmap" --clobber
    tool ceph-mon --mkfs -i a --monmap "$DIR/monmap" --osdmap "$DIR/osdmap" --keyring "$keys"
    tool ceph-osd -i 0 --no-mon-config --mkfs --osd-uuid "$(cat /proc/sys/kernel/random/uuid)"
  } >>"$DIR/log/make.out" 2>&1 || die "the node could not be made: $(tail -n 5 "$DIR/log/make.out")"
}

# Waits for the store, too: the pools of the gateway are made on the way.
make_user() {
  tool radosgw-admin user create --uid=test --display-name=test --access-key="$ACCESS_KEY" --secret-key="$SECRET_KEY" \
    >"$DIR/user.json" 2>>"$DIR/log/admin.out" || die "the user could not be made: $(tail -n 5 "$DIR/log/admin.out")"
}

start_gateway() {
  if running rgw; then return; fi
  daemon rgw radosgw -n client.admin
  wait_for rgw "$PORT"
}

start() {
  [ -n "${PORT:-}" ] && [ -n "${MON_PORT:-}" ] && [ -n "${ACCESS_KEY:-}" ] && [ -n "${SECRET_KEY:-}" ] ||
    die 'PORT, MON_PORT, ACCESS_KEY and SECRET_KEY must be set'
  [ ! -e "$DIR/ceph.conf" ] || die "there is a node in $DIR already"
  ensure_packages
  ulimit -n 65536 2>/dev/null || true # with fewer files it is only slower
  make_node
  daemon mon ceph-mon -i a
  wait_for mon "$MON_PORT"
  daemon osd ceph-osd -i 0
  make_user
  start_gateway
  if [ -n "${OWNER:-}" ]; then setsid bash "$0" watch "$DIR" >/dev/null 2>&1 </dev/null & fi
}

# A test run that is killed leaves nothing behind.
watch() {
  local since
  since=$(started "$OWNER")
  while alive "$OWNER" "$since" && [ -d "$DIR" ]; do sleep 2; done
  destroy
}

status() {
  local name pid rest
  for name in mon osd rgw; do
    read -r pid rest <<<"$(recorded "$name")" || true
    if running "$name"; then
      echo "$name pid $pid rss $(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status") MiB"
    else
      echo "$name does not run"
    fi
  done
}

destroy() {
  [ -d "$DIR" ] || return 0
  [ -z "$(ls -A "$DIR")" ] || [ -f "$DIR/ceph.conf" ] || die "$DIR is not the folder of a node"
  end rgw
  end osd
  end mon
  rm -rf "$DIR"
}

# ---------------------------------------------------------------------------------------------- commands

if [ "$command" = install ]; then
  ensure_packages
  exit
fi
[ -n "${2:-}" ] || usage
mkdir -p "$2"
DIR=$(cd "$2" && pwd)
case $command in
  start) start ;;
  kill-rgw) end rgw ;;
  start-rgw) start_gateway ;;
  status) status ;;
  admin) tool radosgw-admin "${@:3}" ;;
  destroy) destroy ;;
  watch) watch ;;
  *) usage ;;
esac
