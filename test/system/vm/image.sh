#!/bin/sh
# Makes the parts of a small virtual machine that do not change with bytesper, in the given folder: a Debian kernel
# and a root file system with systemd. Needs root, and Debian with qemu-system-x86, mmdebstrap and cpio:
#   sudo test/system/vm/image.sh build/vm && npx vitest run test/system/limits-vm.test.ts
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
[ "$(id -u)" = 0 ] || {
  echo "The image has files of root; run this script as root." >&2
  exit 3
}
for tool in apt-get apt-cache dpkg-deb mmdebstrap cpio qemu-system-x86_64; do
  command -v "$tool" > /dev/null || {
    echo "The image needs $tool: apt-get install qemu-system-x86 mmdebstrap cpio on Debian." >&2
    exit 3
  }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-.*\)$/\1/p')
(cd "$work" && apt-get -o APT::Sandbox::User=root download "$package")
dpkg-deb -x "$work"/linux-image-*.deb "$work/kernel"
cp "$work"/kernel/boot/vmlinuz-* "$folder/vmlinuz"

# The package sources are those of this machine.
set -- /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list
for source do
  shift
  [ -e "$source" ] && set -- "$@" "$source"
done
mmdebstrap --quiet --variant=minbase --mode=root \
  --include=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,libstdc++6,util-linux \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='chroot "$1" useradd --create-home --uid 1000 tester' \
  --customize-hook='chroot "$1" systemctl mask systemd-udevd.service getty.target serial-getty@ttyS0.service' \
  '' "$work/root" "$@"
(cd "$work/root" && find . -xdev | cpio --quiet -o -H newc > "$folder/root.cpio.part")
mv "$folder/root.cpio.part" "$folder/root.cpio"
echo "$folder: kernel $package, root $(du -m "$folder/root.cpio" | cut -f1) MiB; made by $here/image.sh"
