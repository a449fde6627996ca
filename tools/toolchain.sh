#!/bin/bash
# Build an x86_64-elf binutils and gcc, with plugins, from Debian's source packages.
#
#   tools/toolchain.sh DIR
#
# The tools are installed into DIR (bin/x86_64-elf-gcc and so on), where the Makefile looks first. What is built on the
# way lies in DIR/work and goes when all is done; started again after an interruption, it goes on where it was.
# About 25 minutes on two processors, and 3 GB while it runs.
set -euo pipefail

Target=x86_64-elf
GccVersion=12

say() {
    echo "toolchain.sh: $*" >&2
}

die() {
    say "$*"
    exit 1
}

[[ $# == 1 ]] || die "usage: tools/toolchain.sh DIR"
Here=$(cd "$(dirname "$0")/.." && pwd)
"$Here/tools/install.sh" toolchain
mkdir -p "$1"
Prefix=$(cd "$1" && pwd)
[[ $Prefix != *[[:space:]]* ]] || die "'$Prefix' has a blank in its name, which gcc's makefiles cannot handle"
Work=$Prefix/work
Stage=$Work/stage
mkdir -p "$Work"
# A make that called this has flags that are not for these builds, and so may the environment.
unset MAKEFLAGS MFLAGS MAKELEVEL CC CXX CFLAGS CXXFLAGS LDFLAGS CROSS_COMPILE O V
Jobs=-j$(nproc)
# The manuals are not built: the source packages come without most of them.
NoManual=MAKEINFO=true

# step NAME FUNCTION: runs FUNCTION in a shell of its own unless an earlier run has finished it; what it prints goes to
# a log.
step() {
    local Status
    [[ ! -f $Work/$1.done ]] || return 0
    say "$1"
    # Not as a condition: there bash would go on behind a command that failed.
    set +e
    (set -e; cd "$Work"; "$2") >"$Work/$1.log" 2>&1
    Status=$?
    set -e
    if ((Status)); then
        tail -n 20 "$Work/$1.log" >&2
        die "$1 failed; all of its output is in $Work/$1.log"
    fi
    touch "$Work/$1.done"
}

# unpack FOLDER ARCHIVE...: the one archive that is there, into FOLDER.
unpack() {
    local Folder=$1
    shift
    [[ $# == 1 && -f $1 ]] || { echo "expected one archive, found: $*" && return 1; }
    rm -rf "$Folder"
    mkdir "$Folder"
    tar -xf "$1" -C "$Folder" --strip-components=1
}

unpack_binutils() {
    unpack binutils /usr/src/binutils/binutils-*.tar.*
}

# configured FOLDER: makes and enters FOLDER; true if an earlier run has configured there, so that make can go on.
configured() {
    mkdir -p "$1"
    cd "$1"
    [[ -f config.status ]]
}

build_binutils() {
    configured binutils-build ||
        ../binutils/configure --target=$Target --prefix="$Prefix" --disable-nls --disable-werror --disable-gdb \
            --disable-gdbserver --disable-gprofng --disable-sim
    make "$Jobs" $NoManual
    make $NoManual install
}

unpack_gcc() {
    unpack gcc /usr/src/gcc-$GccVersion/gcc-*.tar.*
}

build_gcc() {
    # There is no C library for this target and none is wanted; the compiler itself and its plugin headers are all.
    configured gcc-build ||
        ../gcc/configure --target=$Target --prefix="$Prefix" --enable-languages=c --without-headers --enable-plugin \
            --disable-bootstrap --disable-nls --disable-shared --disable-threads --disable-lto --disable-libssp \
            --with-gnu-as --with-gnu-ld
    make "$Jobs" $NoManual all-gcc
}

# The whole compiler appears at once, so that nobody finds half of it.
install_gcc() {
    cd gcc-build
    # Debian's source has no manual for this step to compare the target's hooks with.
    touch gcc/s-tm-texi
    rm -rf "$Stage"
    make $NoManual DESTDIR="$Stage" install-gcc
    cp -a "$Stage$Prefix/." "$Prefix/"
}

# In a function, so that all of this file has been read before the long part begins.
main() {
    say "building into $Prefix with ${Jobs#-j} jobs; logs in $Work"
    step unpack-binutils unpack_binutils
    step build-binutils build_binutils
    step unpack-gcc unpack_gcc
    step build-gcc build_gcc
    step install-gcc install_gcc

    Gcc=$Prefix/bin/$Target-gcc
    [[ $("$Gcc" -dumpmachine) == "$Target" ]] || die "$Gcc does not work"
    [[ -f $("$Gcc" -print-file-name=plugin)/include/gcc-plugin.h ]] || die "$Gcc came without plugin headers"
    rm -rf "$Work"
    say "done: $("$Gcc" --version | head -n 1)"
}

main
