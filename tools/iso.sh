#!/bin/bash
# Make a CD image that GRUB boots Tidepool from.
#
#   tools/iso.sh OUTPUT KERNEL IMAGE [WORDS]
#
# WORDS is the kernel's command line, one argument, in the form the kernel itself reads: blanks separate words, double
# quotes hold a word together, a backslash takes the next character as it is. GRUB takes every word as an argument of
# its own and writes it to the kernel in that form again, so they are taken apart here and each is quoted for GRUB.
set -euo pipefail

die() {
    echo "iso.sh: $*" >&2
    exit 1
}

# split TEXT: the words of TEXT into the array Words.
split() {
    local Text=$1 Word='' Open='' Quoted='' I C
    Words=()
    for ((I = 0; I < ${#Text}; I++)); do
        C=${Text:I:1}
        case $C in
        \\)
            I=$((I + 1))
            Word+=${Text:I:1}
            Open=1
            ;;
        '"')
            [[ $Quoted ]] && Quoted='' || Quoted=1
            Open=1
            ;;
        ' ' | $'\t')
            if [[ $Quoted ]]; then
                Word+=$C
            elif [[ $Open ]]; then
                Words+=("$Word")
                Word='' Open=''
            fi
            ;;
        *)
            Word+=$C
            Open=1
            ;;
        esac
    done
    [[ ! $Open ]] || Words+=("$Word")
}

[[ $# == 3 || $# == 4 ]] || die "usage: tools/iso.sh OUTPUT KERNEL IMAGE [WORDS]"
Output=$1 Kernel=$2 Image=$3
Here=$(cd "$(dirname "$0")/.." && pwd)
command -v grub-mkrescue >/dev/null || die "grub-mkrescue is missing: install grub-common, or run tools/install.sh iso"
[[ -d /usr/lib/grub/i386-pc ]] ||
    die "GRUB for the PC's BIOS is missing: install grub-pc-bin, or run tools/install.sh iso"
command -v xorriso >/dev/null || die "xorriso is missing: install xorriso, or run tools/install.sh iso"

split "${4-}"
Quoted=''
for Word in "${Words[@]}"; do
    Quoted+="'${Word//\'/\'\\\'\'}' "
done

Stage=$(mktemp -d)
trap 'rm -rf "$Stage"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$Stage/disc/boot/grub"
cp -- "$Kernel" "$Stage/disc/boot/kernel.elf"
cp -- "$Image" "$Stage/disc/boot/system.img"
while IFS= read -r Line; do
    printf '%s\n' "${Line/@WORDS@/"$Quoted"}"
done <"$Here/boot/grub.cfg" >"$Stage/disc/boot/grub/grub.cfg"

grub-mkrescue --directory=/usr/lib/grub/i386-pc -o "$Output" "$Stage/disc" >"$Stage/log" 2>&1 ||
    die "grub-mkrescue failed:"$'\n'"$(cat "$Stage/log")"
