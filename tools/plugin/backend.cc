/*
 * Keeps definitions where placement.cc put them, by wrapping two of the back end's questions.
 *
 * - Section flags: GCC gives every named section of variables bytes in the file. A section that bss_seg made and that
 *   holds only uninitialised variables becomes NOBITS instead; one that holds const and other variables is writable,
 *   where GCC alone would stop with a "section type conflict".
 * - Inlining: a call is inlined only inside one section. Nonpaged code copied into a pageable caller would fault once
 *   it raises IRQL; pageable code copied into a resident caller would stay in memory for good. Functions that must be
 *   inlined (FORCEINLINE, always_inline) are part of their caller by their author's word and are exempt.
 *
 * Nothing else needs forbidding: clones and split-off parts inherit their origin's section, identical-code folding asks
 * for equal sections, and hot and cold blocks stay together in functions that carry the section attribute.
 */
#include "plugin.h"

namespace Tidepool {
namespace {

unsigned int (*OriginalSectionTypeFlags)(tree, const char *, int);
bool (*OriginalCanInline)(tree, tree);

unsigned int SectionTypeFlags(tree Decl, const char *Name, int Relocations)
{
    unsigned int Flags = OriginalSectionTypeFlags(Decl, Name, Relocations);
    if (Flags & SECTION_CODE)
        return Flags;
    if (IsPureBss(Name))
        Flags = (Flags & ~SECTION_NOTYPE) | SECTION_BSS | SECTION_WRITE;
    else if (HoldsWritableData(Name))
        Flags |= SECTION_WRITE;
    return Flags;
}

bool CanInline(tree Caller, tree Callee)
{
    bool Forced = DECL_DISREGARD_INLINE_LIMITS(Callee) &&
                  lookup_attribute("always_inline", DECL_ATTRIBUTES(Callee)) != NULL_TREE;
    if (!Forced && SectionOf(Caller) != SectionOf(Callee))
        return false;
    return OriginalCanInline(Caller, Callee);
}

} // namespace

void HookBackEnd()
{
    OriginalSectionTypeFlags = targetm.section_type_flags;
    targetm.section_type_flags = SectionTypeFlags;
    OriginalCanInline = targetm.target_option.can_inline_p;
    targetm.target_option.can_inline_p = CanInline;
}

} // namespace Tidepool
