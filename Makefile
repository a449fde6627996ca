# Tidepool's build: `make help` lists what it makes. Flat and explicit; every flag has its reason beside it.
#
#   kernel    boot/*.S kernel/*/*.[cS]   -> $(O)/kernel.elf        two links, the second with the symbol table
#   drivers   drivers/NAME/*.[cS]        -> $(O)/drivers/NAME.sys  relocatable ELF, section names kept
#   programs  user/NAME/*.c user/lib     -> $(O)/user/NAME.exe     static ELF
#   image     all of the above           -> $(O)/system.img        the archive that the kernel is booted with
#
# A new source file, driver or program needs no line here: the folders say what there is.

.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules
all:

# --- What the user may set ---------------------------------------------------------------------------------------

# Common words of the environment (a shell's NAME, say) are not meant for us: these three count on the command line
# only.
$(foreach Word,M NAME PROGRAM,$(if $(filter environment,$(origin $(Word))),$(eval $(Word) :=)))

DBG ?= 1
ifeq ($(filter 0 1,$(DBG)),)
$(error DBG is 1 (checked build, the default) or 0 (free build), not '$(DBG)')
endif
# Checked and free builds have folders of their own, so that changing between them compiles nothing twice.
O ?= $(if $(filter 0,$(DBG)),build/free,build)
ifneq ($(words $(O) $(M)),$(if $(M),2,1))
$(error make cannot handle blanks in O or M: '$(O)' '$(M)')
endif

Q := $(if $(filter 1,$(V)),,@)
PYTHON ?= /usr/bin/python3
HOSTCXX ?= g++

# --- The toolchain -----------------------------------------------------------------------------------------------
# CROSS_COMPILE= on the command line or in the environment decides; else the first of these that is there: the one
# that `make toolchain` made, a bare-metal x86_64-elf, Debian's x86_64-linux-gnu, a native gcc if it targets x86-64.

# What needs no compiler must work before there is one.
NoTools := clean help toolchain
NeedTools := $(if $(MAKECMDGOALS),$(filter-out $(NoTools),$(MAKECMDGOALS)),all)

# The tests install what they need; without that this file could not even be read to its end. `make -n` changes nothing.
DryRun := $(findstring n,$(filter-out -%,$(firstword $(MAKEFLAGS))))
ifeq ($(filter test,$(MAKECMDGOALS))$(DryRun),test)
ifneq ($(shell tools/install.sh build run iso test gdb >&2 || echo failed),)
$(error The tests lack packages, see above)
endif
endif

ifneq ($(NeedTools),)
ifeq ($(origin CROSS_COMPILE),undefined)
CROSS_COMPILE := $(shell for Prefix in $(CURDIR)/toolchain/bin/x86_64-elf- x86_64-elf- x86_64-linux-gnu-; do \
    command -v $${Prefix}gcc >/dev/null && echo $$Prefix && break; done)
endif
CC := $(CROSS_COMPILE)gcc
LD := $(CROSS_COMPILE)ld
AR := $(CROSS_COMPILE)ar
NM := $(CROSS_COMPILE)nm
OBJDUMP := $(CROSS_COMPILE)objdump
OBJCOPY := $(CROSS_COMPILE)objcopy

# $(call need,PROGRAM,WHERE IT COMES FROM)
need = $(if $(shell command -v $(1)),,$(error $(1) is missing: $(2), or run tools/install.sh build))
$(call need,$(CC),install gcc or 'make toolchain' or set CROSS_COMPILE=)
$(foreach Tool,$(LD) $(AR) $(NM) $(OBJDUMP) $(OBJCOPY),$(call need,$(Tool),install binutils or 'make toolchain'))
$(call need,$(PYTHON),install python3 or set PYTHON=)
$(call need,cpio,install cpio)

# The target triplet, the folder of the compiler's own headers (stddef.h, stdint.h, ...), that of its plugins.
CompilerSays := $(shell $(CC) -dumpmachine; $(CC) -print-file-name=include; $(CC) -print-file-name=plugin)
ifeq ($(filter x86_64-%,$(word 1,$(CompilerSays))),)
$(error $(CC) makes code for '$(word 1,$(CompilerSays))', not x86-64: set CROSS_COMPILE= to a prefix like \
x86_64-linux-gnu-)
endif
CompilerHeaders := $(word 2,$(CompilerSays))
PluginHeaders := $(word 3,$(CompilerSays))/include
endif

# --- Flags -------------------------------------------------------------------------------------------------------

# All code of the target.
CommonFlags := \
    -std=gnu17 \
    -ffreestanding \
    -nostdinc -isystem $(CompilerHeaders) \
    -Ulinux -Uunix -U__linux -U__linux__ -U__unix -U__unix__ -U__gnu_linux__ \
    -fshort-wchar \
    -fms-extensions \
    -fno-strict-aliasing \
    -fno-pic -fno-pie \
    -fno-stack-protector -fcf-protection=none \
    -fno-omit-frame-pointer \
    -fno-asynchronous-unwind-tables \
    -g -O2 \
    -Wall -Wextra -Werror=implicit-function-declaration
#   -std                gnu17, not later: C23 gives () another meaning than the literature's sources do
#   -ffreestanding      no C library is promised, main is nothing special
#   -nostdinc -isystem  the compiler's own headers, none of the host's
#   -U...               this is not Linux, whatever the compiler was made for
#   -fshort-wchar       WCHAR is 16 bits and L"" is an array of WCHAR
#   -fms-extensions     anonymous structures and unions with tags, as the DDK's headers use them
#   -fno-strict-aliasing  NT code reads one object through pointers of several types
#   -fno-pic -fno-pie   everything is linked at or relocated to its address; distributions default to PIE
#   -fno-stack-protector -fcf-protection=none  distributions switch these on; there is no canary in GS, no CET here
#   -fno-omit-frame-pointer  stack traces in bugchecks walk RBP
#   -fno-asynchronous-unwind-tables  no .eh_frame: nobody would read it
#   -Werror=implicit-function-declaration  an undeclared routine's pointers would be cut to 32 bits

# Code must stay in the section that its author named: pageable code in nonpaged memory costs memory, nonpaged code in a
# pageable section is a crash. The plugin stops inlining from one section into another, in drivers and in the kernel.
SectionFlags := \
    -fno-inline-functions-called-once \
    -fno-partial-inlining \
    -fno-ipa-icf \
    -fno-ipa-cp \
    -fno-ipa-sra \
    -fno-reorder-blocks-and-partition
#   -fno-inline-functions-called-once  a static helper stays a routine that a breakpoint and a stack trace can name
#   -fno-partial-inlining  would put the first lines of a routine into its callers' sections
#   -fno-ipa-icf        would make one body of two equal routines in two sections
#   -fno-ipa-cp -fno-ipa-sra  would make copies under other names (Foo.constprop.0, Foo.isra.0)
#   -fno-reorder-blocks-and-partition  would split cold paths off into .text.unlikely

# The kernel.
KernelFlags := $(CommonFlags) $(SectionFlags) \
    -mcmodel=kernel \
    -mgeneral-regs-only \
    -mno-red-zone \
    -DDBG=$(DBG) \
    -Wno-multichar
#   -mcmodel=kernel     addresses lie in the top 2 GiB, so they fit 32 signed bits
#   -mgeneral-regs-only in the kernel the x87 and SSE registers are still the program's: neither an interrupt nor a
#                       system call saves them
#   -mno-red-zone       an interrupt pushes its frame right below RSP
#   -Wno-multichar      pool tags are 'gaT1'

# Drivers: the kernel's flags, what the literature's build environment defines, and its dialect. DBG is not defined at
# all in a free build, as there.
DriverFlags := $(filter-out -DDBG=0,$(KernelFlags)) \
    -fno-jump-tables \
    -fno-tree-switch-conversion \
    -fcommon \
    -DALLOC_PRAGMA -D_WIN64 -D_AMD64_ -D_M_AMD64 \
    -Wno-incompatible-pointer-types \
    -Wno-unknown-pragmas
#   -fno-jump-tables -fno-tree-switch-conversion  both put a switch's table into .rodata; then a locked code section
#                       would not be complete, and after MmPageEntireDriver its table would be out
#   -fcommon            headers of the literature declare variables without extern; MSVC makes one of them
#   -DALLOC_PRAGMA      sources guard their #pragma alloc_text by it
#   -Wno-incompatible-pointer-types  dispatch routines with other annotations; an error by default from gcc 14
#   -Wno-unknown-pragmas  #pragma warning, prefast, comment

# User programs. They have a red zone: nothing but the program itself uses its stack.
ProgramFlags := $(CommonFlags) \
    -fstack-clash-protection \
    -D_WIN64 -D_AMD64_ -D_M_AMD64 \
    -Wno-unknown-pragmas
#   -fstack-clash-protection  a large frame touches its pages in turn, so that the stack grows by its guard page

# A newer compiler with new warnings must still build the tree, so they are errors only where we choose the compiler.
ifeq ($(CI),true)
CommonErrors := -Werror
endif

KernelIncludes := -Iinclude/nt -Iinclude/ddk -Iinclude -Ikernel
DriverIncludes := -Iinclude/ddk -Iinclude/nt -Iinclude/crt
ProgramIncludes := -Iinclude/sdk -Iinclude/nt
# Test drivers look into the kernel they test.
TestFlags := $(DriverFlags)
TestIncludes := $(DriverIncludes) -Iinclude -Ikernel -Itests/guest/lib

# Objects name the headers they came from; -MP keeps a deleted header from stopping the build.
Depend = -MMD -MP -MF $@.d

LinkFlags := -nostdlib --build-id=none -z max-page-size=4096 -z noexecstack
#   --build-id=none     a note that no one reads, in a segment of its own
#   max-page-size       segments are aligned to the machine's 4 KiB, not to 2 MiB
#   noexecstack         no PT_GNU_STACK that asks for an executable stack

# --- The plugin --------------------------------------------------------------------------------------------------
# tools/plugin/plugin.mk defines Plugin (the file) and how to make it. Without it the pragmas of the literature mean
# nothing, so a compiler that has no plugin headers is an error unless PLUGIN=no says that it is meant: then only
# sources that use the DDK's section macros (section.h) build; this tree's own drivers use the pragmas.

PLUGIN ?= yes
ifeq ($(PLUGIN)$(wildcard tools/plugin/plugin.mk),yestools/plugin/plugin.mk)
ifneq ($(NeedTools),)
ifeq ($(wildcard $(PluginHeaders)/gcc-plugin.h),)
$(error $(CC) has no plugin headers: run tools/install.sh build (gcc-N-plugin-dev), or set PLUGIN=no to build \
only what does without the pragmas of the literature)
endif
endif
include tools/plugin/plugin.mk
PluginFlags = $(if $(Plugin),-fplugin=$(abspath $(Plugin)))
else
# What the compiler may decide to inline by itself it might inline into another section.
PluginFlags := -fno-inline-functions -fno-inline-small-functions
endif

# --- What there is to build --------------------------------------------------------------------------------------

# $(call objects,SOURCES): foo/bar.c -> $(O)/foo/bar.c.o, so that bar.c and bar.S do not meet; /home/me/bar.c, out of
# tree, -> $(O)/outside/home/me/bar.c.o.
objects = $(patsubst /%,$(O)/outside/%.o,$(filter /%,$(1))) $(patsubst %,$(O)/%.o,$(filter-out /%,$(1)))
# $(call sources,FOLDER)
sources = $(sort $(wildcard $(1)/*.c $(1)/*.S))
# $(call modules,FOLDER): the names of the folders in FOLDER that hold C sources.
modules = $(sort $(patsubst $(1)/%/,%,$(dir $(wildcard $(1)/*/*.c))))

KernelObjects := $(call objects,$(sort $(wildcard boot/*.S boot/*.c kernel/*/*.c kernel/*/*.S)))
Drivers := $(call modules,drivers)
Programs := $(filter-out lib,$(call modules,user))
TestDrivers := $(filter-out lib,$(call modules,tests/guest))
TestLibrary := $(call sources,tests/guest/lib)
TestPrograms := $(call modules,tests/programs)

DriverFiles := $(Drivers:%=$(O)/drivers/%.sys)
ProgramFiles := $(Programs:%=$(O)/user/%.exe)
TestFiles := $(TestDrivers:%=$(O)/tests/%.sys) $(TestPrograms:%=$(O)/tests/%.exe)

# $(call remember,FILE,TEXT): FILE holds TEXT and is rewritten only when TEXT is new, so what depends on FILE is made
# again when flags change or a source comes or goes.
same = $(and $(findstring x$(1)x,x$(2)x),$(findstring x$(2)x,x$(1)x))
remember = $(if $(call same,$(strip $(2)),$(strip $(file <$(1)))),,$(file >$(1),$(strip $(2))))
ifneq ($(NeedTools),)
$(shell mkdir -p $(O)/made)
$(call remember,$(O)/made/Errors,as errors: $(CommonErrors))
$(call remember,$(O)/made/Kernel,$(CC) $(KernelFlags) $(PluginFlags) $(KernelIncludes))
$(call remember,$(O)/made/Driver,$(CC) $(DriverFlags) $(PluginFlags) $(DriverIncludes))
$(call remember,$(O)/made/Test,$(CC) $(TestFlags) $(PluginFlags) $(TestIncludes))
$(call remember,$(O)/made/Program,$(CC) $(ProgramFlags) $(ProgramIncludes))
$(call remember,$(O)/made/kernel-objects,$(KernelObjects))
$(call remember,$(O)/made/library,$(call sources,user/lib))
$(call remember,$(O)/made/image,$(Drivers) / $(Programs) / $(wildcard user/startup))
endif

# $(call say,WHAT): the short line; the full command is shown instead with V=1.
say = @mkdir -p $(@D) && $(if $(Q),printf '  %-8s %s\n' '$(1)' '$(patsubst $(O)/%,%,$@)',:)

# --- The kernel --------------------------------------------------------------------------------------------------

$(filter %.c.o,$(KernelObjects)): $(O)/%.o: % $(O)/made/Kernel $(O)/made/Errors $(Plugin)
	$(call say,CC)
	$(Q)$(CC) $(KernelFlags) $(CommonErrors) $(PluginFlags) $(KernelIncludes) $(Depend) -c $< -o $@

$(filter %.S.o,$(KernelObjects)): $(O)/%.o: % $(O)/made/Kernel $(O)/made/Errors
	$(call say,AS)
	$(Q)$(CC) $(KernelFlags) $(CommonErrors) $(KernelIncludes) $(Depend) -c $< -o $@

# The first link has an empty symbol table, the second the one made from the first. The table lies behind all code, so
# no routine may move between the two; tools/kernel-check.py looks whether that is so, and whether loaders will take the
# file.
$(O)/kernel/symbols.0.S: tools/kernel-symbols.py
	$(call say,SYMBOLS)
	$(Q)$(PYTHON) $< </dev/null >$@

$(O)/kernel/symbols.1.S: tools/kernel-symbols.py $(O)/kernel.0.elf
	$(call say,SYMBOLS)
	$(Q)$(NM) -n $(O)/kernel.0.elf | $(PYTHON) $< >$@

$(O)/kernel/symbols.%.o: $(O)/kernel/symbols.%.S
	$(Q)$(CC) -c $< -o $@

$(O)/kernel.0.elf: $(KernelObjects) $(O)/kernel/symbols.0.o linker.ld $(O)/made/kernel-objects
	$(call say,LD)
	$(Q)$(LD) $(LinkFlags) --orphan-handling=error -T linker.ld $(filter %.o,$^) -o $@

$(O)/kernel.elf: $(KernelObjects) $(O)/kernel/symbols.1.o linker.ld tools/kernel-check.py
	$(call say,LD)
	$(Q)$(LD) $(LinkFlags) --orphan-handling=error -T linker.ld $(filter %.o,$^) -o $@
	$(Q)$(PYTHON) tools/kernel-check.py $(O)/kernel.0.elf $@

# For people: the code with its source lines, and the symbols by address.
%.asm: %.elf
	$(call say,ASM)
	$(Q)$(OBJDUMP) -d -S --no-show-raw-insn $< >$@

%.sym: %.elf
	$(call say,SYM)
	$(Q)$(NM) -n $< >$@

# --- Drivers -----------------------------------------------------------------------------------------------------

# $(call compile,SOURCE,KIND): the rule for one object of a driver or program. KIND: Driver, Test (driver) or Program.
define compile
$(call objects,$(1)): $(1) $(O)/made/$(2) $(O)/made/Errors $(if $(filter Driver Test,$(2)),$(Plugin))
	$$(call say,CC)
	$$(Q)$$(CC) $$($(2)Flags) $$(CommonErrors) $(if $(filter Driver Test,$(2)),$$(PluginFlags)) $$($(2)Includes) \
	    $$(Depend) -c $$< -o $$@
Objects += $(call objects,$(1))
endef

# Drivers that a paging file may depend on: nothing of them may ever be out, so no section of theirs is pageable.
ResidentDrivers := ramdisk disk
Pageable := (PAGE|\.page|INIT|\.init|\.edata|\.EDATA)[^ ]*
# $(call resident,FILE): what looks that it is so.
resident = ! $(OBJDUMP) -h $(1) | grep -E ' $(Pageable) ' || { echo '$(1): a driver that pages may not have pageable \
sections (ResidentDrivers in the Makefile)' >&2; rm -f $(1); false; }

# $(call driver,OUTPUT,SOURCES,KIND,LIBRARY SOURCES,LINK SCRIPT): the last two are what test drivers share.
define driver
$(call remember,$(O)/made/$(subst /,-,$(1)),$(2) $(4))
$(1): $(call objects,$(2) $(4)) tools/driver.ld $(5) $(O)/made/$(subst /,-,$(1))
	$$(call say,DRIVER)
	$$(Q)$$(LD) -r --build-id=none $(5:%=-T %) -T tools/driver.ld $$(filter %.o,$$^) -o $$@
	$(if $(filter $(ResidentDrivers:%=$(O)/drivers/%.sys),$(1)),$$(Q)$$(call resident,$(1)))
$(foreach Source,$(2),$(eval $(call compile,$(Source),$(3))))
endef

# --- Programs ----------------------------------------------------------------------------------------------------

LibraryObjects := $(call objects,$(call sources,user/lib))

$(O)/user/lib.a: $(LibraryObjects) $(O)/made/library
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(filter %.o,$^)

# $(call program,OUTPUT,SOURCES)
define program
$(call remember,$(O)/made/$(subst /,-,$(1)),$(2))
$(1): $(call objects,$(2)) $(O)/user/lib.a user/program.ld $(O)/made/$(subst /,-,$(1))
	$$(call say,PROGRAM)
	$$(Q)$$(LD) $$(LinkFlags) --require-defined=mainCRTStartup -T user/program.ld $$(filter %.o %.a,$$^) -o $$@
$(foreach Source,$(2),$(eval $(call compile,$(Source),Program)))
endef

# --- One driver or program outside the tree ----------------------------------------------------------------------
# make M=DIR [NAME=foo] makes DIR/foo.sys, make M=DIR PROGRAM=foo makes DIR/foo.exe, from every source in DIR.

ifneq ($(M),)
OutsideSources := $(call sources,$(abspath $(M)))
ifeq ($(OutsideSources),)
$(error M=$(M): no .c or .S file there)
endif
Outside := $(M)/$(if $(PROGRAM),$(PROGRAM).exe,$(or $(NAME),$(notdir $(abspath $(M)))).sys)
# Sources from Windows write <sys\file.h> and "NTDDK.H": such names get headers of their own that include the real ones.
OutsideNames := $(O)/outside$(abspath $(M))/include
ifneq ($(NeedTools),)
$(shell $(PYTHON) tools/includes.py $(OutsideNames) $(abspath $(M)) \
    $(patsubst -I%,%,$(if $(PROGRAM),$(ProgramIncludes),$(DriverIncludes))))
endif
$(call objects,$(OutsideSources)): DriverIncludes += -I$(OutsideNames)
$(call objects,$(OutsideSources)): ProgramIncludes += -I$(OutsideNames)
endif

# gdb looks for a loaded driver's symbols by its name; here it finds those that are built elsewhere.
$(O)/outside/modules/%.sys: FORCE
	@mkdir -p $(@D) && ln -sfn $(abspath $(Outside)) $@

ifneq ($(NeedTools),)
$(foreach Source,$(call sources,user/lib),$(eval $(call compile,$(Source),Program)))
$(foreach Name,$(Drivers),$(eval $(call driver,$(O)/drivers/$(Name).sys,$(call sources,drivers/$(Name)),Driver)))
$(foreach Source,$(TestLibrary),$(eval $(call compile,$(Source),Test)))
$(foreach Name,$(TestDrivers),$(eval $(call \
    driver,$(O)/tests/$(Name).sys,$(call sources,tests/guest/$(Name)),Test,$(TestLibrary),tests/guest/lib/testcase.ld)))
$(foreach Name,$(Programs),$(eval $(call program,$(O)/user/$(Name).exe,$(call sources,user/$(Name)))))
$(foreach Name,$(TestPrograms),$(eval $(call program,$(O)/tests/$(Name).exe,$(call sources,tests/programs/$(Name)))))
$(if $(M),$(eval $(call $(if $(PROGRAM),program,driver),$(Outside),$(OutsideSources),Driver)))
endif

# --- The system image, the ISO -----------------------------------------------------------------------------------

# What goes into the image leaves its debug information behind: gdb reads that from the host's file, and the guest would
# pay for it in memory.
$(O)/image/drivers/%.sys: $(O)/drivers/%.sys
	$(call say,STRIP)
	$(Q)$(OBJCOPY) --strip-debug $< $@

$(O)/image/bin/%.exe: $(O)/user/%.exe
	$(call say,STRIP)
	$(Q)$(OBJCOPY) --strip-debug $< $@

ImageFiles := $(Drivers:%=drivers/%.sys) $(Programs:%=bin/%.exe)
Startup := $(wildcard user/startup)
$(O)/system.img: $(ImageFiles:%=$(O)/image/%) $(Startup) tools/image.sh $(O)/made/image
	$(call say,IMAGE)
	$(Q)tools/image.sh $@ $(foreach File,$(ImageFiles),$(File) $(O)/image/$(File)) $(Startup:%=startup %)

$(O)/tidepool.iso: $(O)/kernel.elf $(O)/system.img boot/grub.cfg tools/iso.sh
	$(call say,ISO)
	$(Q)tools/iso.sh $@ $(O)/kernel.elf $(O)/system.img

# --- Targets -----------------------------------------------------------------------------------------------------

.PHONY: all run iso test stress bench gdb toolchain clean help check-tools FORCE
Everything := $(addprefix $(O)/,kernel.elf kernel.asm kernel.sym system.img) $(TestFiles)

OutsideLink := $(patsubst %,$(O)/outside/modules/%,$(notdir $(filter %.sys,$(Outside))))
all: $(if $(M),$(Outside) $(OutsideLink),$(Everything))

run: $(O)/kernel.elf $(O)/system.img
	$(Q)O=$(O) ./run-qemu.sh

iso: $(O)/tidepool.iso

test: $(Everything)
	$(Q)O=$(O) $(PYTHON) -m pytest -n auto --dist loadgroup tests

# A suite that does things at random, for as long as is asked for. SEED=0: another one every time; the report names it.
SUITE ?= locks
CPUS ?= 4
MINUTES ?= 10
SEED ?= 0
stress: $(Everything)
	$(Q)O=$(O) ./run-qemu.sh --cpus $(CPUS) --add $(O)/tests/$(SUITE).sys --add $(O)/tests/test.exe \
	    --run "load $(SUITE); run test $(SUITE) minutes=$(MINUTES) seed=$(SEED)"

bench: $(Everything)
	$(Q)O=$(O) $(PYTHON) tools/bench.py

# The machine waits for it: ./run-qemu.sh --gdb in another terminal.
gdb: $(O)/kernel.elf
	$(Q)$(call need,gdb,install gdb)O=$(O) gdb -q -x tools/gdb/tidepool.py

toolchain:
	$(Q)tools/toolchain.sh toolchain

ifneq ($(M),)
clean:
	rm -rf $(Outside) $(O)/outside$(abspath $(M))
else
clean:
	rm -rf $(O)
endif

check-tools:
	@echo "compiler  $(shell command -v $(CC)) ($(word 1,$(CompilerSays)), $(shell $(CC) -dumpfullversion))"
	@echo "linker    $(shell command -v $(LD))"
	@echo "plugin    $(or $(Plugin),not used: no pragmas of the literature)"
	@echo "python    $(shell command -v $(PYTHON))"

define Help
make                       kernel, drivers, programs, system image and test modules, in build/
make run                   boot them in QEMU (./run-qemu.sh --help has the options)
make iso                   build/tidepool.iso, for GRUB
make test                  install what the tests need, build, run all tests
make stress                minutes of locks and waits at random: CPUS=4 MINUTES=10 SEED=0 SUITE=locks (or stress)
make bench                 instruction counts of the basic operations
make gdb                   attach gdb to ./run-qemu.sh --gdb
make toolchain             build an x86_64-elf gcc and binutils into toolchain/ (about 25 minutes)
make check-tools           which tools the build takes
make clean                 remove build/
make M=DIR [NAME=foo]      build the sources in DIR into the driver DIR/foo.sys
make M=DIR PROGRAM=foo     build the sources in DIR into the program DIR/foo.exe

V=1 shows commands, DBG=0 makes the free build (in build/free), O=DIR builds elsewhere,
CROSS_COMPILE=PREFIX chooses the toolchain, PLUGIN=no goes without the compiler plugin (for
sources that use the DDK's section macros in place of pragmas).
endef
help:
	$(info $(Help))
	@:

-include $(addsuffix .d,$(KernelObjects) $(Objects))
