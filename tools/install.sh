#!/bin/sh
# Install what is missing, by the names of Debian's packages.
#
#   tools/install.sh GROUP...        GROUP: build run iso test gdb toolchain
#
# Nothing is asked: as root, or where sudo needs no password, the packages are installed; elsewhere the list is printed
# and the exit status is 1. When nothing is missing this is silent and takes a few milliseconds. It runs on a machine
# that has neither make nor gcc nor python3.
set -u

Here=$(cd "$(dirname "$0")/.." && pwd)
# The python of the distribution, which is the one that sees the distribution's modules.
Python=/usr/bin/python3

has() {
    command -v "$1" >/dev/null 2>&1
}

# want PACKAGE... : packages to install
want() {
    for Package; do
        case " $Missing " in
        *" $Package "*) ;;
        *) Missing="$Missing $Package" ;;
        esac
    done
}

# The compiler that the Makefile will take.
compiler() {
    if [ -n "${CROSS_COMPILE+set}" ]; then
        echo "${CROSS_COMPILE}gcc"
        return
    fi
    for Prefix in "$Here/toolchain/bin/x86_64-elf-" x86_64-elf- x86_64-linux-gnu-; do
        has "${Prefix}gcc" && break
        Prefix=
    done
    echo "${Prefix}gcc"
}

# The plugin headers are a package of their own, named after the version of Debian's gcc. Until that gcc is there nobody
# knows the name: the second round finds it.
plugin_headers() {
    Compiler=$(compiler)
    has "$Compiler" || return
    [ -f "$("$Compiler" -print-file-name=plugin)/include/gcc-plugin.h" ] && return
    # Of another compiler than Debian's own no package has the headers; the Makefile says what to do.
    [ "$("$Compiler" -dumpmachine)" = x86_64-linux-gnu ] || return
    want "gcc-$("$Compiler" -dumpversion | cut -d. -f1)-plugin-dev"
}

# libFuzzer is a package of its own too, named after the version of clang.
fuzzer() {
    has clang || want clang
    has clang || return
    [ -f "$(clang -print-file-name=libclang_rt.fuzzer-x86_64.a)" ] ||
        want "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
}

# What each group needs: the program that shows whether it is there, and the package that brings it.
check() {
    case $1 in
    build)
        has make || want make
        has "$(compiler)" || want gcc
        has gcc && has g++ || want gcc g++
        has objcopy || want binutils
        has cpio || want cpio
        [ -x $Python ] || want python3
        plugin_headers
        ;;
    run)
        has qemu-system-x86_64 || want qemu-system-x86
        ;;
    iso)
        { has grub-mkrescue && [ -d /usr/lib/grub/i386-pc ]; } || want grub-common grub-pc-bin
        has xorriso || want xorriso
        has mformat || want mtools
        ;;
    test)
        # The documents' test asks git which files there are.
        has git || want git
        # xdist: one worker per processor, since half of a test run is machines that wait.
        for Module in pytest pexpect xdist=pytest-xdist elftools=pyelftools; do
            [ -x $Python ] && $Python -c "import ${Module%=*}" 2>/dev/null || want python3 "python3-${Module#*=}"
        done
        has spin || want spin
        fuzzer
        # Discs for the CD-ROM drive.
        has xorriso || want xorriso
        ;;
    gdb)
        has gdb || want gdb
        ;;
    toolchain)
        for Package in binutils-source gcc-12-source; do
            [ -d "/usr/src/${Package%-source}" ] || want $Package
        done
        has make || want make
        has g++ || want gcc g++
        has flex || want flex
        has bison || want bison
        has xz || want xz-utils
        [ -f /usr/include/mpc.h ] || want libgmp-dev libmpfr-dev libmpc-dev
        ;;
    *)
        echo "install.sh: unknown group '$1': one of build run iso test gdb toolchain" >&2
        exit 2
        ;;
    esac
}

refuse() {
    # Who installs by hand should not need the second round.
    if ! has "$(compiler)"; then
        Version=$(apt-cache depends gcc 2>/dev/null | sed -n 's/.*Depends: gcc-\([0-9]*\).*/\1/p' | head -n 1)
        case $Missing in *gcc*) want "gcc-${Version:-12}-plugin-dev" ;; esac
    fi
    if ! has clang; then
        Version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\).*/\1/p' | head -n 1)
        case $Missing in *clang*) want "libclang-rt-${Version:-14}-dev" ;; esac
    fi
    echo "install.sh: $1. Missing packages (names as in Debian):" >&2
    echo "   $Missing" >&2
    echo "On Debian or Ubuntu, as root: apt-get update && apt-get install$Missing" >&2
    exit 1
}

check_all() {
    Missing=
    for Group; do
        check "$Group"
    done
    [ -n "$Missing" ]
}

for Round in first second; do
    check_all "$@" || exit 0

    has apt-get || refuse "this system has no apt-get"
    if [ "$(id -u)" = 0 ]; then
        Sudo=
    elif has sudo && sudo -n true 2>/dev/null; then
        Sudo="sudo -n"
    else
        refuse "installing needs root, or sudo without a password"
    fi

    echo "install.sh: installing$Missing" >&2
    if [ $Round = first ]; then
        $Sudo apt-get -q update >&2 </dev/null || refuse "apt-get update failed, see above"
    fi
    # What a package merely recommends is not needed: the list above is complete.
    $Sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $Missing >&2 </dev/null ||
        refuse "apt-get install failed, see above"
done
! check_all "$@" || refuse "installed, but something is still not found"
