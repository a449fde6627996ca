/*
 * From the boot loader to C: the multiboot 1 header, 32-bit entry, long mode, the higher half.
 *
 * The loader (QEMU or GRUB) enters KernelEntry with EAX = 0x2BADB002, EBX = physical address of its information, paging
 * off, interrupts off (Multiboot Specification 0.6.96, section 3.2). Here we build first page tables that show the first
 * GiB of RAM three times (at 0 for the code that runs while paging is switched on, at the direct map, at the kernel's
 * base), switch to long mode and call KiSystemStartup(EAX, EBX) on the boot stack. Mm replaces the tables by its own.
 *
 * .boot is addressed as it lies in physical memory and is given back with INIT.
 */

#define MULTIBOOT_MAGIC 0x1BADB002
/* Align modules to pages; tell the memory map; use the address fields (an ELF64 file is refused without them). */
#define MULTIBOOT_FLAGS 0x00010003

#define KERNEL_BASE 0xFFFFFFFF80000000
#define PHYSICAL(symbol) (symbol - KERNEL_BASE)

#define CR0_PE (1 << 0)
#define CR0_MP (1 << 1)
#define CR0_EM (1 << 2)
#define CR0_WP (1 << 16)
#define CR0_PG (1 << 31)
#define CR4_PAE (1 << 5)
#define MSR_EFER 0xC0000080
#define EFER_SCE (1 << 0)
#define EFER_LME (1 << 8)
#define EFER_NXE (1 << 11)
#define PTE_PRESENT_WRITE 3
#define PTE_LARGE 0x80

    .section .boot.header, "a"
    .balign 4
MultibootHeader:
    .long MULTIBOOT_MAGIC
    .long MULTIBOOT_FLAGS
    .long -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)
    .long MultibootHeader           /* header_addr */
    .long KernelPhysicalStart       /* load_addr */
    .long KernelPhysicalLoadEnd     /* load_end_addr */
    .long KernelPhysicalEnd         /* bss_end_addr */
    .long KernelEntry               /* entry_addr */

    .section .boot, "ax"
    .code32
    .global KernelEntry
KernelEntry:
    cli
    cld
    movl %eax, %edi                 /* first argument of KiSystemStartup */
    movl %ebx, %esi                 /* second */

    /* Top level: identity, direct map (slot 256), kernel (slot 511). */
    movl $PHYSICAL(BootPdpt) + PTE_PRESENT_WRITE, %eax
    movl %eax, PHYSICAL(BootPml4)
    movl %eax, PHYSICAL(BootPml4) + 256 * 8
    movl $PHYSICAL(BootKernelPdpt) + PTE_PRESENT_WRITE, PHYSICAL(BootPml4) + 511 * 8
    movl $PHYSICAL(BootPd) + PTE_PRESENT_WRITE, %eax
    movl %eax, PHYSICAL(BootPdpt)
    movl %eax, PHYSICAL(BootKernelPdpt) + 510 * 8
    movl $PHYSICAL(BootPd), %ebx
    movl $PTE_PRESENT_WRITE | PTE_LARGE, %eax
    movl $512, %ecx
1:  movl %eax, (%ebx)
    addl $8, %ebx
    addl $0x200000, %eax
    decl %ecx
    jnz 1b

    movl %cr4, %eax
    orl $CR4_PAE, %eax
    movl %eax, %cr4
    movl $PHYSICAL(BootPml4), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_SCE | EFER_LME | EFER_NXE, %eax
    wrmsr
    movl %cr0, %eax
    andl $~CR0_EM, %eax
    orl $CR0_PE | CR0_MP | CR0_WP | CR0_PG, %eax
    movl %eax, %cr0
    lgdt BootGdtPointer
    ljmp $0x10, $1f                 /* KGDT_R0_CODE */

    .code64
1:  movl $0x18, %eax                /* KGDT_R0_DATA */
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movq $KiBootStackTop, %rsp
    xorl %ebp, %ebp                 /* the end of every stack trace */
    movl %edi, %edi                 /* the upper halves are undefined after the switch */
    movl %esi, %esi
    movabsq $KiSystemStartup, %rax
    call *%rax
    ud2

    .balign 8
BootGdt:
    .quad 0
    .quad 0
    .quad 0x00AF9B000000FFFF        /* 0x10: 64-bit code */
    .quad 0x00CF93000000FFFF        /* 0x18: data */
BootGdtPointer:
    .word . - BootGdt - 1
    .long BootGdt

    .section .bss, "aw", @nobits
    .balign 4096
BootPml4:       .skip 4096
BootPdpt:       .skip 4096
BootKernelPdpt: .skip 4096
BootPd:         .skip 4096
    /* The stack of the first processor's idle thread. Mm unmaps the lowest page as its guard. */
    .global KiBootStackGuard, KiBootStackTop
KiBootStackGuard: .skip 4096
    .skip 4 * 4096
KiBootStackTop:
    .section .note.GNU-stack, "", @progbits
