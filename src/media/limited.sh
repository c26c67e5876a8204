#!/bin/sh
# Runs a program that opens hostile files, under limits that it and everything it starts inherit: so much memory and
# processor time each, 64 open files, no core files, low priority, no network where the kernel lets us take it away, and
# not one byte written to any file (--fsize=0): what looks at an original has no way to change it. It dies with its parent, and
# before anything else where the machine has no memory left.
# usage: limited.sh MEMORY_BYTES CPU_SECONDS PROGRAM [ARGUMENT...]
set -eu
memory=$1
cpu=$2
shift 2
# Anybody may make himself the one that the kernel kills first; where /proc does not let us, it chooses by size.
{ echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null || :
# Root in a user namespace of its own could no longer read the files of others; root needs none to leave the network.
if [ "$(id -u)" = 0 ]; then offline='unshare --net'; else offline='unshare --map-root-user --net'; fi
$offline true 2>/dev/null || offline=''
# setpriv also sets capabilities, which the sandbox of the service does not let it do; there systemd ends whatever docketd leaves behind.
bound='setpriv --pdeathsig KILL'
$bound true 2>/dev/null || bound=''
exec $offline $bound \
  prlimit --data="$memory" --cpu="$cpu" --fsize=0 --nofile=64 --core=0 \
  nice -n 10 ionice -c 2 -n 7 "$@"
