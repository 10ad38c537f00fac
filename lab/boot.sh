#!/bin/sh
# Boots one machine of a lab and becomes it. `outside` runs in a network namespace of its own, makes the
# cable to the bridge and turns into the parent of the pid namespace: killing that process is a power cut.
# `inside` is process 1 of the machine: it builds the file system, moves into it and starts the command.
set -eu
step=$1
shift

record() {
    # /proc is still the host's, so these are the pid and start time that the host sees.
    read -r stat </proc/self/stat
    read -r boot_id </proc/sys/kernel/random/boot_id
    printf '%s\n%s\n' "$boot_id" "$stat" >"$LAB_DIR/$1.new"
    mv "$LAB_DIR/$1.new" "$LAB_DIR/$1"
}

case $step in
outside)
    record parent
    ip link add eth0 address "$LAB_MAC" type veth peer name "$LAB_LINK" netns "$LAB_HOST_NETWORK"
    nsenter --net="$LAB_HOST_NETWORK" ip link set "$LAB_LINK" master "$LAB_BRIDGE" up
    ip link set lo up
    ip address add "$LAB_ADDRESS" dev eth0
    ip link set eth0 up
    ip route add default via "$LAB_GATEWAY"
    exec unshare --uts --mount --pid --fork --kill-child sh "$0" inside "$@"
    ;;
inside)
    record init
    echo "$LAB_HOSTNAME" >/proc/sys/kernel/hostname
    root=$LAB_DIR/root
    mount -t overlay overlay \
        -o "lowerdir=$LAB_ROOTFS,upperdir=$LAB_DIR/upper,workdir=$LAB_DIR/work" "$root"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t proc proc "$root/proc"
    # /run is fresh at every boot: a stale containerd.pid would keep the engine from starting again.
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mkdir -p "$root$LAB_DIR"
    mount --bind "$LAB_DIR" "$root$LAB_DIR"
    cd "$root"
    mkdir -p .old
    # Not chroot: runc needs a real mount root.
    pivot_root . .old
    cd /
    umount -l /.old
    # shellcheck disable=SC3045  # dash has it
    ulimit -n 65536 2>/dev/null || :
    echo 1 >/proc/sys/net/ipv4/ip_forward
    # An init of its own reaps the shims that engines leave behind.
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        tini -- "$@"
    ;;
esac
