#!/bin/bash
# One-node Ceph RADOS Gateway (S3 with Object Lock) on loopback, for the tests of the S3 vault. Nothing is installed; no root, systemd or containers.
#   ceph.sh start   DIR   install if missing, start mon + osd + radosgw under DIR, print endpoint and keys
#   ceph.sh stop    DIR   end exactly the recorded processes (state kept: a later start reuses it)
#   ceph.sh destroy DIR   stop, then remove DIR
#   ceph.sh status|env DIR
#   ceph.sh kill-rgw|start-rgw DIR   SIGKILL / start only the gateway (outage tests; data stays)
#   ceph.sh admin DIR ... radosgw-admin with these arguments (more users, bucket stats ...)
#   ceph.sh install       only fetch and unpack the packages
# Settings (environment): PORT=7480  TLS_CERT=<pem with key and certificate: https instead>  STORE=memstore|bluestore  STORE_BYTES  ACCESS_KEY SECRET_KEY
#   CEPH_SUITE=forky (testing: Ceph 20.2; also sid, trixie=18.2, or bookworm=16.2 installed natively with apt)
#   CEPH_ROOT=<folder for the unpacked packages; cache this in CI>  DEBIAN_MIRROR=<uri; default: this system's own>
set -euo pipefail
CMD=${1:-}; DIR=${2:-}
PORT=${PORT:-7480}; MON_PORT=${MON_PORT:-$((PORT + 20000))}; STORE=${STORE:-memstore}; SUITE=${CEPH_SUITE:-forky}
if [ "$STORE" = memstore ]; then STORE_BYTES=${STORE_BYTES:-$((8 << 30))}; else STORE_BYTES=${STORE_BYTES:-$((40 << 30))}; fi
TLS_CERT=${TLS_CERT:-}; ACCESS_KEY=${ACCESS_KEY:-AKIATESTTESTTESTTEST}; SECRET_KEY=${SECRET_KEY:-secretsecretsecretsecretsecretsecretsecr}
KMS_KEY=${KMS_KEY:-YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo=}   # SSE-KMS test key "testkey-1"
die() { echo "ceph: $*" >&2; exit 1; }
usage() { sed -n '2,13p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
[ -n "$CMD" ] || usage
if [ -n "$DIR" ]; then mkdir -p "$DIR"; DIR=$(cd "$DIR" && pwd); elif [ "$CMD" != install ]; then usage; fi
[ -n "$DIR" ] && [ -f "$DIR/settings" ] && [ "$CMD" != install ] && . "$DIR/settings"   # the settings it was made with
CEPH_ROOT=${CEPH_ROOT:-$( [ -n "$DIR" ] && dirname "$DIR" || pwd )/ceph-root-$SUITE}

# ---------- packages
NATIVE=; [ "$SUITE" = bookworm ] && NATIVE=1
LIBS=$CEPH_ROOT/usr/lib/x86_64-linux-gnu
if [ -n "$NATIVE" ]; then X=(); BIN=/usr/bin; else X=("$CEPH_ROOT/usr/lib64/ld-linux-x86-64.so.2" --library-path "$LIBS:$LIBS/ceph"); BIN=$CEPH_ROOT/usr/bin; fi
complete() { local b; for b in radosgw ceph-mon ceph-osd radosgw-admin osdmaptool; do "${X[@]}" --list "$CEPH_ROOT/usr/bin/$b" 2>&1 | grep -q 'not found' && return 1; done; return 0; }
install_packages() {
  if [ -n "$NATIVE" ]; then
    command -v radosgw ceph-mon ceph-osd >/dev/null && return
    apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends radosgw ceph-mon ceph-osd >&2; return
  fi
  [ -f "$CEPH_ROOT/.ok" ] && return
  local t=$CEPH_ROOT.tmp uri want p
  uri=${DEBIAN_MIRROR:-$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -1)}
  uri=${uri:-$(sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' /etc/apt/sources.list 2>/dev/null | head -1)}
  [ -n "$uri" ] || die "no Debian mirror known; set DEBIAN_MIRROR"
  rm -rf "$t"; mkdir -p "$t"/apt/{lists/partial,cache/archives/partial} "$t/debs"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $SUITE main" > "$t/apt/sources.list"
  local A=(-qq -o Dir::Etc::sourcelist="$t/apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$t/apt/lists" -o Dir::Cache="$t/apt/cache" -o Dir::State::status=/dev/null -o APT::Architecture=amd64 -o APT::Sandbox::User= -o Acquire::Languages=none)
  apt-get "${A[@]}" update >&2
  want=$(apt-get "${A[@]}" install -s --no-install-recommends radosgw ceph-mon ceph-osd 2>/dev/null | awk '/^Inst/{print $2}')
  [ -n "$want" ] || die "apt found no radosgw in $SUITE"
  # only what the four daemons and tools link to: libraries + ceph; if that proves short, everything
  local slim; slim=$(grep -E '^(lib|zlib1g|ceph-(base|common|mon|osd)$|radosgw$)' <<< "$want" | grep -vE '^(libpython|libsystemd-shared|libpam|libbinutils|libgprofng|libctf|libsframe|libc-gconv|libglib2|libxml2|libpython3|libcephfs|librbd|librgw|libnss|libdebconf|libsemanage|libsepol|libparted|liblvm2|libss2|libjansson)')
  for p in "$slim" "$want"; do
    ( cd "$t/debs" && apt-get "${A[@]}" download $p >&2 )
    mkdir -p "$t/root"   # unpacked, two at a time, without what the daemons never open
    printf '%s\0' "$t"/debs/*.deb | xargs -0 -P "$(nproc)" -I{} sh -c 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --no-same-owner --exclude=./usr/share --exclude=./etc --exclude=./var --exclude=./usr/lib/systemd --exclude=./usr/lib/python3 --exclude=./usr/sbin --exclude=./usr/lib/x86_64-linux-gnu/gconv --exclude="./usr/bin/ceph-[bckmo]*tool" --exclude="./usr/bin/ceph-dencoder" --exclude="./usr/bin/cephfs-*" --exclude="./usr/bin/rbd*" --exclude="./usr/bin/radosgw-object-expirer"' sh {} "$t/root"
    ls "$t/debs" > "$t/root/.packages"; rm -rf "$CEPH_ROOT"; mv "$t/root" "$CEPH_ROOT"
    complete && break
  done
  complete || die "libraries missing in $CEPH_ROOT"
  rm -rf "$t"; touch "$CEPH_ROOT/.ok"
}

# ---------- processes: name pid starttime, one per line in DIR/pids
starttime() { awk '{sub(/^.*\) /,""); if ($1 != "Z" && $1 != "X") print $20}' "/proc/$1/stat" 2>/dev/null; }   # a zombie is not alive
alive() { [ -n "${1:-}" ] && [ "$(starttime "$1")" = "$2" ]; }
get() { awk -v n="$1" '$1==n{print $2,$3}' "$DIR/pids" 2>/dev/null | tail -1; }
running() { local a; a=$(get "$1"); [ -n "$a" ] && alive $a; }
forget() { [ -f "$DIR/pids" ] && sed -i "/^$1 /d" "$DIR/pids"; return 0; }
end() { # name signal seconds
  local a i; a=$(get "$1"); if [ -n "$a" ] && alive $a; then
    kill -"$2" "${a% *}" 2>/dev/null || true
    for ((i = 0; i < $3 * 20; i++)); do alive $a || break; sleep 0.05; done
    alive $a && kill -KILL "${a% *}" 2>/dev/null; fi; forget "$1"; }
tool() { local n=$1; shift; "${X[@]}" "$BIN/$n" "$@"; }
daemon() { local name=$1 bin=$2; shift 2; setsid "${X[@]}" "$BIN/$bin" -c "$DIR/ceph.conf" "$@" -f >>"$DIR/log/$name.out" 2>&1 </dev/null & local p=$!; echo "$name $p $(starttime $p)" >> "$DIR/pids"; disown $p; }
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
wait_port() { local i; for ((i = 0; i < $3 * 50; i++)); do port_open "$1" && return; running "$2" || die "$2 ended early: $(tail -n 5 "$DIR/log/$2.out")"; sleep 0.02; done; die "$2 not ready on port $1 after $3 s; see $DIR/log"; }

write_conf() {
  local fsid=$1 extra=
  [ -z "$NATIVE" ] && extra="plugin_dir = $LIBS/ceph
erasure_code_dir = $LIBS/ceph/erasure-code
osd_class_dir = $LIBS/rados-classes"
  cat > "$DIR/ceph.conf" <<C
[global]
fsid = $fsid
mon_host = v2:127.0.0.1:$MON_PORT/0
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv6 = false
$extra
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
osd_objectstore = $STORE
osd_fast_shutdown = false
memstore_device_bytes = $STORE_BYTES
bluestore_block_size = $STORE_BYTES
osd_memory_target = 1073741824
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
make_cluster() {
  local fsid; fsid=$(cat /proc/sys/kernel/random/uuid)
  rm -rf "$DIR"/{mon,osd,run,log,rgw,keyring,user.json}; mkdir -p "$DIR"/{mon,osd,run,log,rgw}; write_conf "$fsid"
  local k="$DIR/keyring"
  tool ceph-authtool --create-keyring "$k" --gen-key -n mon. --cap mon 'allow *' >/dev/null
  tool ceph-authtool "$k" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
  tool ceph-authtool "$k" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *' >/dev/null
  tool monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$MON_PORT/0]" "$DIR/monmap" --clobber >/dev/null
  # the first osd map already knows osd.0, and the keyring is imported whole: no 'ceph' CLI is needed
  tool osdmaptool -c "$DIR/ceph.conf" --createsimple 1 "$DIR/osdmap" --clobber >/dev/null 2>&1
  tool ceph-mon -c "$DIR/ceph.conf" --mkfs -i a --monmap "$DIR/monmap" --osdmap "$DIR/osdmap" --keyring "$k" >>"$DIR/log/mkfs.out" 2>&1
  tool ceph-osd -c "$DIR/ceph.conf" -i 0 --no-mon-config --mkfs --osd-uuid "$(cat /proc/sys/kernel/random/uuid)" >>"$DIR/log/mkfs.out" 2>&1
  { for v in PORT TLS_CERT MON_PORT STORE STORE_BYTES SUITE CEPH_ROOT ACCESS_KEY SECRET_KEY KMS_KEY; do printf '%s=%q\n' "$v" "${!v}"; done; } > "$DIR/settings"
}
print_env() { cat <<E
S3_ENDPOINT=http${TLS_CERT:+s}://127.0.0.1:$PORT
S3_REGION=us-east-1
S3_ACCESS_KEY=$ACCESS_KEY
S3_SECRET_KEY=$SECRET_KEY
E
}
start_rgw() { running rgw && return; daemon rgw radosgw -n client.admin; wait_port "$PORT" rgw 60; }
T0=$(date +%s%N); lap() { [ -z "${VERBOSE:-}" ] || echo "[$(( ($(date +%s%N) - T0) / 1000000 )) ms] $*" >&2; }
case $CMD in
  install) install_packages; [ -n "$NATIVE" ] || echo "$CEPH_ROOT" ;;
  start)
    install_packages; lap packages; ulimit -n 65536 2>/dev/null || true
    if ! running mon && port_open "$PORT"; then die "port $PORT is taken"; fi
    [ -f "$DIR/settings" ] || make_cluster; lap mkfs
    running mon || { daemon mon ceph-mon -i a; wait_port "$MON_PORT" mon 30; }; lap mon
    running osd || daemon osd ceph-osd -i 0
    if [ ! -f "$DIR/user.json" ]; then   # also makes the realm's pools; waits for the osd
      tool radosgw-admin -c "$DIR/ceph.conf" user create --uid=test --display-name=test --access-key="$ACCESS_KEY" --secret-key="$SECRET_KEY" > "$DIR/user.tmp" 2>>"$DIR/log/admin.out" || die "user create failed: $(tail -n 3 "$DIR/log/admin.out")"
      mv "$DIR/user.tmp" "$DIR/user.json"; fi; lap "osd up, user made"
    start_rgw; lap rgw
    print_env ;;
  stop) end rgw TERM 2; end osd TERM 60; end mon TERM 20 ;;
  destroy) [ -z "$(ls -A "$DIR")" ] || [ -f "$DIR/ceph.conf" ] || die "$DIR is not a cluster folder"; end rgw KILL 5; end osd KILL 5; end mon KILL 5; rm -rf "$DIR" ;;
  kill-rgw) end rgw KILL 5 ;;
  start-rgw) start_rgw; print_env ;;
  admin) shift 2; tool radosgw-admin -c "$DIR/ceph.conf" "$@" ;;
  env) print_env ;;
  status) rc=0; for n in mon osd rgw; do a=$(get $n); if [ -n "$a" ] && alive $a; then echo "$n pid ${a% *} rss $(awk '/VmRSS/{print int($2/1024)}' /proc/${a% *}/status) MiB"; else echo "$n not running"; rc=3; fi; done; exit $rc ;;
  *) usage ;;
esac
