#!/bin/bash
# A systemd of the test's own, with nothing but the test's units. Needs root and namespaces of its own:
#   unshare --pid --mount --uts --ipc --cgroup --fork --kill-child bash systemd_namespace.sh UNITS_DIR [ETC_DIR]
# ETC_DIR stands for /etc/systemd/system and outlives this systemd, as it would a reboot.
# Everything mounted here is private to these namespaces and ends with them. Without SYSTEMD_UNIT_PATH the boot units of
# the host would run, and its tmpfiles rules would empty /tmp.
set -e
UNITS=$(realpath "$1")
ETC=${2:+$(realpath "$2")}
mount --make-rprivate /
mount -t proc proc /proc
umount -l /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
mount -o remount,ro,bind /proc/sys 2>/dev/null || { mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys; }
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/user /run/dbus
mount -t tmpfs -o mode=755 tmpfs /mnt
for name in null zero full random urandom tty; do
  touch "/mnt/$name"
  mount --bind "/dev/$name" "/mnt/$name"
done
mkdir /mnt/pts /mnt/shm
ln -s pts/ptmx /mnt/ptmx
ln -s /proc/self/fd /mnt/fd
touch /mnt/console
mount --bind /dev/null /mnt/console
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts /mnt/pts
mount -t tmpfs tmpfs /mnt/shm
mount --move /mnt /dev
mount -t tmpfs -o mode=755 tmpfs /var/log
if [ -n "$ETC" ]; then mount --bind "$ETC" /etc/systemd/system; else mount -t tmpfs -o mode=755 tmpfs /etc/systemd/system; fi
export container=other SYSTEMD_UNIT_PATH="/etc/systemd/system:$UNITS"
exec /lib/systemd/systemd --system --unit=test.target --log-target=console --log-level=warning --show-status=0
