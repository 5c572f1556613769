#!/bin/bash
# Prove what the image promises: check.sh FOLDER, where the image is mounted. As root, with bubblewrap.
set -euo pipefail
data=$(mktemp -d)
# Where its user can reach it: buildah keeps images in a folder of root's.
image=$(mktemp -d)
chmod 0755 "$image"
mount --bind "$1" "$image"
trap 'umount "$image"; rmdir "$image"; rm -rf "$data"' EXIT
chown 10001:10001 "$data"

# As its user, with nothing writable but /tmp and the data folder.
inside() {
  setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs \
    bwrap --unshare-pid --unshare-ipc --die-with-parent --ro-bind "$image" / --dev /dev --proc /proc --tmpfs /tmp \
    --bind "$data" /var/lib/opter-economic --chdir /srv/empty --clearenv \
    --setenv PATH /opt/opter-economic/bin:/usr/bin:/bin --setenv HOME /tmp --setenv PYTHONDONTWRITEBYTECODE 1 "$@"
}

fail() { echo "image: $1" >&2; exit 1; }

tools=$(find "$image" -xdev -path '*bin/*' \( -name 'gcc*' -o -name 'g++*' -o -name 'cc' -o -name 'c++' -o -name 'clang*' \
  -o -name 'ld' -o -name 'as' -o -name 'make' -o -name 'pip*' \))
[ -z "$tools" ] || fail "a compiler or installer is in it: $tools"
[ "$(inside id -u)" = 10001 ] || fail "it does not run as user 10001"
for place in /opt/opter-economic /srv/empty /etc /usr/bin /; do
  if inside touch "$place/written" 2> /dev/null; then fail "$place can be written to"; fi
done
inside touch /var/lib/opter-economic/written || fail "the data folder cannot be written to"
inside opter-economic demo > "$data/demo.log" 2>&1 || { tail -20 "$data/demo.log"; fail "the demo fails in it"; }
echo "image: no compiler, no installer, user 10001, nothing writable but /tmp and the data folder, the demo ends well"
du -sh "$image" | cut -f1
