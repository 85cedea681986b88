#!/bin/bash
# box.sh ROOT FOLDER [SOURCE:TARGET]...
#
# Boots the systemd of ROOT as PID 1 of namespaces of its own, over a throw-away overlay: nothing that happens in
# there reaches ROOT or this machine, and killing this process ends it all. Each SOURCE is seen as TARGET, read-only.
# FOLDER is an empty place to mount on; FOLDER/pid says, when systemd is about to start, who it is out here.
# Needs root, cgroup2, overlayfs. Each line that looks odd was found by failing without it.
set -euo pipefail
root=$1 folder=$2
shift 2

if [ -z "${MONITOR_BOX:-}" ]; then
    # A part of the cgroup tree of its own: joined before the namespace is made, which then begins there.
    cgroups=$(findmnt --noheadings --output TARGET --types cgroup2 | head -n 1)
    for left in "$cgroups"/monitor-box-*; do # by a run that was killed
        [ -d "/proc/${left##*-}" ] || find "$left" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
    mkdir "$cgroups/monitor-box-$$"
    echo $$ >"$cgroups/monitor-box-$$/cgroup.procs"
    echo "$cgroups/monitor-box-$$" >"$folder/cgroup"
    # A test run that is killed takes the box with it.
    exec env MONITOR_BOX=1 setpriv --pdeathsig KILL \
        unshare --mount --propagation private --pid --fork --kill-child --uts --ipc --net --cgroup \
        "$0" "$root" "$folder" "$@"
fi

read -r outside _ </proc/self/stat # /proc is still that of outside
hostname box
ip link set lo up

echo "$outside" >"$folder/pid"
mount -t tmpfs -o mode=0755 box "$folder"
mkdir "$folder/upper" "$folder/work" "$folder/root"
mount -t overlay -o "lowerdir=$root,upperdir=$folder/upper,workdir=$folder/work" box "$folder/root"
cd "$folder/root"

mount -t proc proc proc
# Else systemd-sysctl and others would set the kernel of this machine.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=0755 run run
mount -t tmpfs -o mode=1777 tmp tmp
# A /dev of its own, with ptmx and pts: without them PrivateDevices= fails with 226/NAMESPACE.
mount -t tmpfs -o mode=0755 dev dev
for device in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 0666 "dev/${device%:*}" c 1 "${device#*:}"
done
mknod -m 0666 dev/tty c 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 shm dev/shm

for pair in "$@"; do
    mkdir -p ".${pair#*:}"
    mount --bind "${pair%%:*}" ".${pair#*:}"
    mount -o remount,bind,ro ".${pair#*:}"
done

# Only what a test asks for is started, and the journal; it is kept in memory, whole.
rm -rf {etc,usr/lib}/systemd/{system,user}/*.{wants,requires} etc/fstab etc/systemd/system-generators usr/lib/systemd/system-generators
mkdir -p etc/systemd/system etc/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\nForwardToWall=no\nAudit=no\n' >etc/systemd/journald.conf.d/box.conf
printf '[Unit]\nRequires=basic.target\nAfter=basic.target\nWants=systemd-journald.service\nAllowIsolate=yes\n' \
    >etc/systemd/system/box.target
[ -s etc/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >etc/machine-id

mkdir -p .outside
pivot_root . .outside
umount -l /.outside
rmdir /.outside
# Else LoadCredential= yields an empty folder.
mount --make-rshared /
exec env -i container=box PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
    /lib/systemd/systemd --system --unit=box.target --show-status=no --log-target=journal
