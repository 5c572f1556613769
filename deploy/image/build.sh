#!/bin/bash
# Build the image where no registry can be reached, and prove it: from a Debian that debootstrap makes, by buildah.
# As root, with debootstrap, buildah and bubblewrap (Debian: apt-get install debootstrap buildah bubblewrap).
# ROOTFS names such a Debian that is there already; VOLUMES further `--volume` options of the build, for a mirror.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export BUILDAH_ISOLATION=chroot

rootfs=${ROOTFS:-$work/rootfs}
[ -d "$rootfs" ] || debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$rootfs"
base=$(buildah from scratch)
tar -C "$rootfs" --one-file-system --exclude=./var/cache/apt/archives/* --exclude=./var/lib/apt/lists/* -cf - . \
  | tar -C "$(buildah mount "$base")" -xf -
buildah umount "$base" > /dev/null
buildah commit --quiet --rm "$base" localhost/opter-python

# shellcheck disable=SC2086  # several options
buildah build --pull-never --format docker ${VOLUMES:-} --build-arg PYTHON_IMAGE=localhost/opter-python \
  -f "$root/deploy/Dockerfile" -t localhost/opter-economic "$root"

image=$(buildah from --pull-never localhost/opter-economic)
trap 'buildah rm "$image" > /dev/null; rm -rf "$work"' EXIT
"$root/deploy/image/check.sh" "$(buildah mount "$image")"
