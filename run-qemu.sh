#!/bin/bash
# Install what is missing, build, and boot Tidepool in QEMU. `--help` prints the options; docs and scripts rely on them
# and on the exit statuses.
#
# The kernel ends a run by writing to QEMU's isa-debug-exit device, so that the run says how it went. A reset (a triple
# fault is one) and a user's Ctrl-A X both end QEMU with status 0; its SHUTDOWN event, read from a QMP pipe, tells them
# apart.
set -u

Me=run-qemu.sh
Root=$(dirname "$(readlink -f "$0")")

# What the kernel writes to the port, and the status that QEMU makes of it: 2 * value + 1.
readonly ExitPort=0xf4
readonly QemuGood=$((2 * 0x10 + 1)) QemuFailed=$((2 * 0x11 + 1)) QemuBugcheck=$((2 * 0x12 + 1))

# Exit statuses of this script.
readonly Good=0 Failed=1 Usage=2 Bugcheck=3 Timeout=4 Reset=5

# What coreutils' timeout makes of a command that it had to end.
readonly TimedOut=124 TimedOutHard=137

say() {
    echo "$Me: $*" >&2
}

# usage MESSAGE: the command line is wrong, or the machine cannot be started.
usage() {
    say "$*"
    exit $Usage
}

help() {
    cat <<END
usage: ./run-qemu.sh [options] [-- extra QEMU arguments]
  --run 'CMD; CMD'     type these at the shell, then shut down; the exit status says how it went
  --gdb                stop before the first instruction and wait for gdb (make gdb)
  --iso                boot the GRUB image instead of -kernel
  --cpus N             processors (1)
  --mem SIZE           memory, like 16M or 1G (64M)
  --accel kvm|tcg|auto auto (the default) takes KVM only where the processor really has it
  --append 'WORDS'     kernel command line; a value with blanks is written key="a b"
  --com2 CHARDEV       QEMU character device for COM2 (also --com3, --com4): pty, null, file,path=P,
                       socket,path=P,server=on,wait=off, ... (null)
  --parallel CHARDEV   a parallel port, LPT1, and the character device behind it: file,path=P, null, ... (no port)
  --disk FILE|SIZE     a virtio disk: FILE, or an empty one of that size which goes with the machine (repeatable);
                       the kernel word pagefile=disk puts the paging file on it
  --cdrom FILE         a CD-ROM drive with the disc FILE, or with none: --cdrom none (no drive; not with --iso)
  --sound sb16         a Sound Blaster 16 that nobody hears (no sound card)
  --add FILE[=PATH]    put FILE into the system image; PATH is drivers/FILE for a .sys, bin/FILE for an .exe,
                       else FILE (repeatable)
  --trace FILE         stream the event trace to FILE (not available yet)
  --timeout SECONDS    end the machine after this time
  --help               this text

Serial output goes to standard output. On a terminal Ctrl-A X ends the machine, Ctrl-A H lists the other keys.

exit status: 0 all commands succeeded and the machine shut down   1 a command or test failed
             2 usage, or the machine could not be started         3 bugcheck
             4 timeout                                            5 the machine reset or triple-faulted

environment: O=DIR build folder (build)   DBG=0 free build   GDB_PORT=N port for --gdb (first free from 1234)
END
}

# --- The command line ------------------------------------------------------------------------------------------

Run='' HasRun='' Gdb='' Iso='' Cpus=1 Mem=64M Accel=auto Append='' Seconds='' Parallel='' Cdrom='' Sound=''
Adds=() Disks=() Extra=()
declare -A Com=([2]=null [3]=null [4]=null)

# one_line OPTION TEXT: the kernel's command line has no place for control characters.
one_line() {
    [[ $2 != *[[:cntrl:]]* ]] || usage "$1: a single line without control characters, please"
}

while (($#)); do
    Option=$1
    shift
    case $Option in
    --) Extra=("$@") && break ;;
    --help | -h) help && exit 0 ;;
    --gdb) Gdb=1 && continue ;;
    --iso) Iso=1 && continue ;;
    --run=* | --cpus=* | --mem=* | --accel=* | --append=* | --com[234]=* | --parallel=* | --disk=* | --cdrom=* | \
        --sound=* | --add=* | --trace=* | --timeout=*)
        Value=${Option#*=}
        Option=${Option%%=*}
        ;;
    --run | --cpus | --mem | --accel | --append | --com[234] | --parallel | --disk | --cdrom | --sound | --add | \
        --trace | --timeout)
        (($#)) || usage "$Option needs a value (--help lists the options)"
        Value=$1
        shift
        ;;
    *) usage "unknown option '$Option' (--help lists the options)" ;;
    esac
    case $Option in
    --run)
        one_line --run "$Value"
        Run=$Value HasRun=1
        ;;
    --cpus)
        [[ $Value =~ ^[1-9][0-9]{0,2}$ ]] && ((Value <= 255)) || usage "--cpus $Value: a number from 1 to 255, please"
        Cpus=$Value
        ;;
    --mem)
        [[ $Value =~ ^[1-9][0-9]*[KMGkmg]?$ ]] || usage "--mem $Value: a size like 16M or 1G, please"
        Mem=$Value
        ;;
    --accel)
        [[ $Value == @(kvm|tcg|auto) ]] || usage "--accel $Value: kvm, tcg or auto, please"
        Accel=$Value
        ;;
    --append)
        one_line --append "$Value"
        Append+=${Append:+ }$Value
        ;;
    --com[234])
        [[ $Value ]] || usage "$Option: a QEMU character device, please, like pty or socket,path=P,server=on,wait=off"
        Com[${Option#--com}]=$Value
        ;;
    --parallel)
        [[ $Value ]] || usage "--parallel: a QEMU character device, please, like null or file,path=P"
        Parallel=$Value
        ;;
    --disk)
        [[ -f $Value && -r $Value || $Value =~ ^[1-9][0-9]*[KMGkmg]?$ ]] ||
            usage "--disk $Value: a readable file, or a size like 64M, please"
        Disks+=("$Value")
        ;;
    --cdrom)
        [[ $Value == none || (-f $Value && -r $Value) ]] || usage "--cdrom $Value: no readable file '$Value'"
        Cdrom=$Value
        ;;
    --sound)
        [[ $Value == sb16 ]] || usage "--sound $Value: sb16, please"
        Sound=$Value
        ;;
    --add) Adds+=("$Value") ;;
    --trace) usage "--trace is not available yet: this kernel has no event trace" ;;
    --timeout)
        [[ $Value =~ ^[0-9]+(\.[0-9]+)?$ && $Value =~ [1-9] ]] || usage "--timeout $Value: a number of seconds, please"
        Seconds=$Value
        ;;
    esac
done

[[ ! $Iso || ! $Cdrom ]] || usage "--cdrom: the machine has one drive, and --iso has the boot disc in it"

# Each --add as a path and a file, which is what tools/image.sh takes. A file whose own name has a '=' in it is taken as
# it is.
Entries=()
for Add in "${Adds[@]}"; do
    File=$Add Path=''
    if [[ ! -f $File && $Add == *=* ]]; then
        File=${Add%=*} Path=${Add##*=}
        [[ $Path ]] || usage "--add $Add: no path after '='"
    fi
    [[ -f $File && -r $File ]] || usage "--add $Add: no readable file '$File'"
    Name=${File##*/}
    case $Name in
    *.sys) Entries+=("${Path:-drivers/$Name}" "$File") ;;
    *.exe) Entries+=("${Path:-bin/$Name}" "$File") ;;
    *) Entries+=("${Path:-$Name}" "$File") ;;
    esac
done

# The words of the kernel's command line. The kernel splits it as a shell does: blanks separate words, double quotes
# hold one together, a backslash takes the next character as it is.
Words=$Append
if [[ $HasRun ]]; then
    Run=${Run//\\/\\\\}
    Words+=${Words:+ }run=\"${Run//\"/\\\"}\"
fi

# The kernel keeps 1023 characters, and the boot loaders add a name and quotes.
((${#Words} <= 900)) || usage "--run and --append make a command line of ${#Words} characters; the kernel takes 900"

# --- Install and build -----------------------------------------------------------------------------------------

"$Root/tools/install.sh" build run ${Iso:+iso} || exit $Usage

Build=${O:-$([[ ${DBG-1} == 0 ]] && echo build/free || echo build)}
Targets=("$Build/kernel.elf" "$Build/system.img")
[[ ! $Iso || $Words || ${#Entries[@]} -gt 0 ]] || Targets+=("$Build/tidepool.iso")
# One build at a time: several machines may be started at once. A make that called us has flags that are not for this
# one. Silent is about "up to date"; the Makefile's own short lines are seen all the same.
Make=(make -C "$Root" --no-print-directory -j"$(nproc)" "O=$Build")
[[ ${V-} == 1 ]] || Make+=(--silent)
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL flock "$Root/Makefile" "${Make[@]}" "${Targets[@]}" >&2 || {
    say "the build failed, see above"
    exit $Usage
}
[[ $Build == /* ]] || Build=$Root/$Build

# --- Accelerator -----------------------------------------------------------------------------------------------

# KVM is real where the device opens and the processor itself has the extensions; without them it is an emulation of
# them, far slower than TCG and not always right.
kvm_opens() {
    { : <>/dev/kvm; } 2>/dev/null
}

case $Accel in
auto)
    if ! kvm_opens; then
        Accel=tcg Why="/dev/kvm does not open"
    elif ! grep -Eqw '^flags.*(vmx|svm)' /proc/cpuinfo; then
        Accel=tcg Why="the processor shows neither vmx nor svm"
    else
        Accel=kvm Why="/dev/kvm opens and the processor has it"
    fi
    ;;
kvm)
    kvm_opens || usage "--accel kvm: /dev/kvm does not open (no such device, or not your group); use --accel tcg"
    Why="as asked"
    ;;
tcg) Why="as asked" ;;
esac
say "accelerator: $Accel ($Why)"

# --- The machine -----------------------------------------------------------------------------------------------

# Short and without blanks or commas, which QEMU's -initrd would take for the end of a file's name.
Temp=$(mktemp -d /tmp/tidepool.XXXXXX) || usage "no temporary folder could be made in /tmp"
Child='' Signal='' Terminal=''
cleanup() {
    [[ ! $Terminal ]] || stty "$Terminal" </dev/tty 2>/dev/null
    [[ ! $Gdb ]] || rm -f "$Build/gdb.port"
    rm -rf "$Temp"
}
trap cleanup EXIT
for Name in HUP INT TERM; do
    # shellcheck disable=SC2064
    trap "Signal=$Name; [[ ! \$Child ]] || kill -TERM \$Child 2>/dev/null || :" $Name
done

ln -s "$Build/kernel.elf" "$Temp/kernel.elf"
if ((${#Entries[@]})); then
    "$Root/tools/image.sh" "$Temp/system.img" --base "$Build/system.img" "${Entries[@]}" || exit $Usage
else
    ln -s "$Build/system.img" "$Temp/system.img"
fi

Qemu=(qemu-system-x86_64 -machine pc -m "$Mem" -smp "$Cpus" -nodefaults -no-reboot -display none)

if [[ $Accel == kvm ]]; then
    Qemu+=(-accel kvm -cpu host)
else
    # TCG's default processor lacks what the kernel wants to be protected by, and AVX. Without xsaveopt QEMU 7.2 has
    # XSAVE but lets nobody switch it on.
    Qemu+=(-cpu qemu64,+nx,+smep,+smap,+umip,+pdpe1gb,+fsgsbase,+rdtscp,+xsave,+xsaveopt,+avx)
    if ((Cpus > 1)); then
        Qemu+=(-accel tcg,thread=multi)
    else
        Qemu+=(-accel tcg)
    fi
fi

if [[ $Iso ]]; then
    if [[ $Words ]] || ((${#Entries[@]})); then
        "$Root/tools/iso.sh" "$Temp/tidepool.iso" "$Temp/kernel.elf" "$Temp/system.img" "$Words" || exit $Usage
    else
        ln -s "$Build/tidepool.iso" "$Temp/tidepool.iso"
    fi
    Qemu+=(-cdrom "$Temp/tidepool.iso" -boot d)
else
    # qboot takes a third of SeaBIOS's time and does all that -kernel needs.
    for Folder in /usr/share/qemu $(qemu-system-x86_64 -L help 2>/dev/null); do
        [[ ! -f $Folder/qboot.rom ]] || { Qemu+=(-bios qboot.rom) && break; }
    done
    Qemu+=(-kernel "$Temp/kernel.elf" -initrd "$Temp/system.img" -append "$Words")
fi

# COM1 to COM4, always all four: QEMU deals out ports and interrupts (4, 3, 4, 3) in order.
if [[ $HasRun ]]; then
    exec {Input}</dev/null
    Qemu+=(-serial stdio)
elif [[ -t 0 ]]; then
    exec {Input}<&0
    Terminal=$(stty -g <&0)
    Qemu+=(-serial mon:stdio)
else
    exec {Input}<&0
    Qemu+=(-serial stdio)
fi
for N in 2 3 4; do
    Qemu+=(-chardev "${Com[$N]},id=com$N" -serial "chardev:com$N")
done
case $Cdrom in
'') ;;
none) Qemu+=(-drive if=ide,index=2,media=cdrom) ;;
*) Qemu+=(-cdrom "$Cdrom") ;;
esac
[[ ! $Sound ]] || Qemu+=(-audiodev none,id=sound -device "$Sound,audiodev=sound")
[[ ! $Parallel ]] || Qemu+=(-chardev "$Parallel,id=lpt1" -parallel chardev:lpt1)
Qemu+=(-device "isa-debug-exit,iobase=$ExitPort,iosize=4")

# Disks. A size makes a file with nothing in it that is gone with the machine, so nobody waits for it to reach a medium.
# The file's name goes to QEMU in a list with commas, where one that belongs to the name is doubled.
for N in "${!Disks[@]}"; do
    File=${Disks[$N]} How=''
    if [[ ! -f $File ]]; then
        truncate -s "$File" "$Temp/disk$N" || usage "--disk $File: no file of that size could be made in /tmp"
        File=$Temp/disk$N How=,cache=unsafe
    elif [[ ! -w $File ]]; then
        How=,read-only=on
    fi
    Qemu+=(-drive "if=none,id=disk$N,format=raw,file=${File//,/,,}$How" -device "virtio-blk-pci,drive=disk$N")
done

# The pipe on which QEMU says why it ended. It is opened here for both directions, so nobody waits for the other end.
mkfifo "$Temp/qmp.in" "$Temp/qmp.out"
exec {QmpIn}<>"$Temp/qmp.in" {QmpOut}<>"$Temp/qmp.out"
echo '{"execute": "qmp_capabilities"}' >&"$QmpIn"
Qemu+=(-chardev "pipe,id=qmp,path=$Temp/qmp" -mon chardev=qmp,mode=control)

if [[ $Gdb ]]; then
    Port=${GDB_PORT-}
    if [[ ! $Port ]]; then
        for ((Port = 1234; Port < 1334; Port++)); do
            (: <>"/dev/tcp/127.0.0.1/$Port") 2>/dev/null || break
        done
    fi
    [[ $Port =~ ^[1-9][0-9]{0,4}$ ]] && ((Port < 65536)) || usage "GDB_PORT=$Port: a port number, please"
    # The stub has the machine at its mercy, so only this host may reach it.
    Qemu+=(-S -gdb "tcp:127.0.0.1:$Port")
    echo "$Port" >"$Build/gdb.port"
    say "gdb: waiting on port $Port; in another terminal: make gdb"
fi

# --- Run -------------------------------------------------------------------------------------------------------

# Should this script be killed outright, the machine goes too.
Tether=(setpriv --pdeathsig KILL)
Command=("${Tether[@]}" "${Qemu[@]}" "${Extra[@]}")
[[ ! $Seconds ]] || Command=("${Tether[@]}" timeout --foreground -k 2 "$Seconds" "${Command[@]}")

"${Command[@]}" <&"$Input" {QmpIn}>&- {QmpOut}>&- &
Child=$!
[[ ! $Signal ]] || kill -TERM $Child
Status=0
wait $Child || Status=$?
while kill -0 $Child 2>/dev/null; do
    # A signal ended the wait, not the machine.
    wait $Child || Status=$?
done

# The reason in the last SHUTDOWN event: guest-reset, guest-shutdown, host-qmp-quit, host-signal, ...
Reason=''
while read -r -t 0.05 Line; do
    [[ $Line != *'"SHUTDOWN"'*'"reason": "'* ]] || { Line=${Line##*'"reason": "'} && Reason=${Line%%'"'*}; }
done <&"$QmpOut"

if [[ $Signal ]]; then
    say "ended by SIG$Signal"
    exit $((128 + $(kill -l "$Signal")))
fi
case $Status in
"$QemuGood") exit $Good ;;
"$QemuFailed")
    say "a command or test failed"
    exit $Failed
    ;;
"$QemuBugcheck")
    say "bugcheck"
    exit $Bugcheck
    ;;
"$TimedOut")
    say "timeout: the machine still ran after $Seconds seconds"
    exit $Timeout
    ;;
"$TimedOutHard")
    if [[ $Seconds ]]; then
        say "timeout: the machine still ran after $Seconds seconds, and QEMU did not end when told"
        exit $Timeout
    fi
    say "QEMU was killed"
    exit $Reset
    ;;
0)
    case $Reason in
    *-reset)
        say "the machine reset or triple-faulted"
        exit $Reset
        ;;
    guest-shutdown)
        say "the machine powered off without saying how it went"
        exit $Failed
        ;;
    *)
        say "the machine was ended from outside${Reason:+ ($Reason)}"
        [[ ! $HasRun ]] || exit $Failed
        exit $Good
        ;;
    esac
    ;;
1) usage "QEMU did not start, see above" ;;
*)
    say "QEMU ended with status $Status"
    exit $Reset
    ;;
esac
