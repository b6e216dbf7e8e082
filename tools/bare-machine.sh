#!/bin/sh
# Shows that the one command works on a bare machine: a Debian 12 with python3 and git, without pip and venv.
#
#   sudo tools/bare-machine.sh [VERB [ARGUMENTS]]        (without a verb: --help)
#
# Needs root and debootstrap. It makes a minimal system in a temporary folder, clones the commit that is checked
# out here into it, and runs ./run VERB there twice, cold and warm, each with its time. KEEP=1 keeps the
# folder; ROOT=FOLDER uses an existing one.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "bare-machine: needs root, for chroot" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "bare-machine: apt-get install debootstrap" >&2; exit 2; }

root=${ROOT:-$(mktemp -d)}
if [ ! -x "$root/usr/bin/git" ]; then
    echo "== making a minimal Debian 12 in $root" >&2
    debootstrap --variant=minbase --include=python3,git,ca-certificates bookworm "$root" ${MIRROR:+"$MIRROR"} >"$root.log" 2>&1 ||
        { tail -n 5 "$root.log" >&2; exit 1; }
fi
# Nothing is removed while anything is mounted below: a removal would reach into the mounted system.
finish() {
    umount "$root/proc" 2>/dev/null || true
    [ -z "${KEEP:-}${ROOT:-}" ] || return 0
    if grep -q " $root/" /proc/mounts; then
        echo "bare-machine: $root still has something mounted in it; left as it is" >&2
    else
        rm -rf --one-file-system "$root" "$root.log"
    fi
}
trap finish EXIT
mkdir -p "$root/proc"
mount -t proc proc "$root/proc" 2>/dev/null || echo "bare-machine: /proc not mounted; going on" >&2
cp /etc/resolv.conf "$root/etc/resolv.conf"
# The certificates this machine trusts: behind a proxy of one's own they are not Debian's.
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

rm -rf "$root/tmp/source.git" "$root/home/visitor"
git clone --quiet --bare "$here" "$root/tmp/source.git"
mkdir -p "$root/home/visitor"

inside() {
    chroot "$root" /usr/bin/env -i HOME=/home/visitor PATH=/usr/bin:/bin TERM="${TERM:-dumb}" \
        ${https_proxy:+https_proxy="$https_proxy"} ${http_proxy:+http_proxy="$http_proxy"} \
        ${UV_DEFAULT_INDEX:+UV_DEFAULT_INDEX="$UV_DEFAULT_INDEX"} "$@"
}
[ $# -gt 0 ] || set -- --help
inside sh -c '
    python3 --version
    for absent in pip pip3 make curl uv; do ! command -v $absent || exit 1; done
    ! python3 -c "import ensurepip" 2>/dev/null || exit 1
    git clone --quiet /tmp/source.git /home/visitor/shuangkong'
for start in cold warm; do
    echo "== $start: ./run $*" >&2
    began=$(date +%s.%N)
    inside /home/visitor/shuangkong/run "$@" </dev/null
    ended=$(date +%s.%N)
    echo "== $start start took $(awk "BEGIN { printf \"%.1f\", $ended - $began }") s" >&2
done
