/*
 * STAC and CLAC exist only where SMAP does. Each is assembled as a three-byte NOP whose address is recorded; at boot
 * KiPatchSmap writes the real instruction when the processor has it.
 */
    .macro SMAP_SITE kind
771: .byte 0x0F, 0x1F, 0x00
    .pushsection .smapsites, "a"
    .quad 771b, \kind
    .popsection
    .endm
#define CLAC SMAP_SITE 0
#define STAC SMAP_SITE 1
