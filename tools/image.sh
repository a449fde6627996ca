#!/bin/sh
# Make a system image: the archive that the kernel unpacks into its RAM file system.
#
#   tools/image.sh OUTPUT [--base IMAGE] [PATH FILE]...
#
# FILE is put at PATH in the archive; with --base, on top of what IMAGE holds. The format is what `cpio -H newc` makes.
# Names are sorted, times and owners are zero and modes fixed, so the same files always make the same image.
set -eu

die() {
    echo "image.sh: $*" >&2
    exit 1
}

[ $# -ge 1 ] || die "usage: tools/image.sh OUTPUT [--base IMAGE] [PATH FILE]..."
command -v cpio >/dev/null || die "cpio is missing: install cpio, or run tools/install.sh"

Output=$(realpath -m -- "$1")
shift
Stage=$(mktemp -d)
trap 'rm -rf "$Stage"' EXIT
trap 'exit 1' HUP INT TERM

if [ "${1-}" = --base ]; then
    (cd "$Stage" && cpio --quiet -idm) <"$2" || die "$2 is not a system image"
    shift 2
fi

while [ $# -ge 2 ]; do
    Path=$1
    File=$2
    shift 2
    case /$Path/ in
    // | *//* | */./* | */../*) die "'$Path' is no path for a file in the image: give one like drivers/foo.sys" ;;
    esac
    [ -f "$File" ] || die "$File: no such file"
    mkdir -p "$Stage/$(dirname "$Path")"
    cp -- "$File" "$Stage/$Path"
done
[ $# = 0 ] || die "$1: a path, but no file for it"

cd "$Stage"
find . -mindepth 1 -type d -exec chmod 755 {} +
find . -type f -exec chmod 644 {} +
find . -mindepth 1 -exec touch -h -d @0 {} +
find . -mindepth 1 | sed 's|^\./||' | LC_ALL=C sort |
    cpio --quiet -o -H newc --reproducible -R 0:0 >"$Output.new"
mv "$Output.new" "$Output"
