/*
 * Puts each definition into the section that the directives in force at that point name.
 *
 * Functions, strongest first: the section attribute or __declspec(code_seg), alloc_text, the code_seg in force where
 * the body begins. Variables, static locals included: the section attribute or __declspec(allocate); else const_seg
 * for const ones, data_seg for those with an initialiser (zero too), bss_seg for those without. String literals,
 * compound literals, switch tables and constants that the compiler makes up have no declaration of their own and stay
 * nonpaged.
 */
#include "plugin.h"

namespace Tidepool {
namespace {

/* What was known of a variable when it was placed: whether it was initialised, and whether by this file. */
struct Placed {
    bool Initialised;
    bool ByPragma;
};

std::map<unsigned, Placed> Variables;

/* The section that the pragmas name for the function being read, empty for the default. */
std::string Requested;

/* set_decl_section_name alone would not do: the pass that splits cold blocks off goes by the attribute. */
void PutFunction(tree Decl, const std::string &Name)
{
    set_decl_section_name(Decl, Name.c_str());
    tree Value = build_tree_list(NULL_TREE, build_string(Name.size() + 1, Name.c_str()));
    DECL_ATTRIBUTES(Decl) = tree_cons(get_identifier("section"), Value, DECL_ATTRIBUTES(Decl));
}

/*
 * Microsoft's compiler emits one shared copy of an inline function that could not be inlined everywhere; ISO C wants
 * the author to write an `extern inline` declaration, which driver sources never do. A weak definition, made only where
 * something calls it, is that one copy. Where the function is `static` or gnu_inline, nothing changes.
 */
void EmitInlineDefinition(tree Decl)
{
    if (DECL_DECLARED_INLINE_P(Decl) && TREE_PUBLIC(Decl) && DECL_EXTERNAL(Decl) && !c_dialect_cxx() &&
        !flag_gnu89_inline && lookup_attribute("gnu_inline", DECL_ATTRIBUTES(Decl)) == NULL_TREE) {
        DECL_EXTERNAL(Decl) = 0;
        TREE_STATIC(Decl) = 1;
        DECL_COMDAT(Decl) = 1;
        DECL_WEAK(Decl) = 1;
    }
}

Content KindOf(tree Variable)
{
    if (TREE_READONLY(Variable))
        return Content::Const;
    return DECL_INITIAL(Variable) != NULL_TREE ? Content::Data : Content::Bss;
}

/*
 * The literature puts code and data of initialisation into INIT alike, and Microsoft's linker makes the best of it. An
 * ELF section cannot be code and data at once, so the data goes where this loader discards it along with INIT.
 */
std::string DataSection(const std::string &Name, Content Kind)
{
    if (Name != "INIT")
        return Name;
    if (Kind != Content::Bss)
        return "INITDATA";
    DeclareBssSection("INITBSS");
    return "INITBSS";
}

} // namespace

/* The name proper: the macros for compilers without the plugin append section flags after a comma. */
std::string SectionOf(tree Decl)
{
    const char *Name = DECL_SECTION_NAME(Decl);
    if (Name == NULL)
        return std::string();
    return std::string(Name, strcspn(Name, ","));
}

/*
 * A body begins. Its declaration is not merged with earlier ones yet, so an attribute may still come to light: only
 * what the pragmas say is noted here.
 */
void OnStartFunction(void *Data, void *)
{
    tree Decl = static_cast<tree>(Data);
    if (current_function_decl != NULL_TREE)
        return;
    NoteDefinition(Decl);
    const std::string *Allocated = AllocTextSection(Decl);
    Requested = Allocated != NULL ? *Allocated : CurrentSegment(Content::Code);
}

/* A body is complete and about to be compiled. Nested functions do not come by here. */
void OnFinishFunction(void *Data, void *)
{
    tree Decl = static_cast<tree>(Data);
    EmitInlineDefinition(Decl);
    std::string Section = SectionOf(Decl);
    if (Section.empty()) {
        if (Requested.empty())
            return;
        Section = Requested;
        PutFunction(Decl, Section);
    } else {
        const std::string *Allocated = AllocTextSection(Decl);
        if (Allocated != NULL && *Allocated != Section)
            error_at(DECL_SOURCE_LOCATION(Decl), "%qD is in section %qs by its attribute and in %qs by "
                     "%<#pragma alloc_text%>; keep one of them", Decl, Section.c_str(), Allocated->c_str());
        CheckSectionName(DECL_SOURCE_LOCATION(Decl), Section);
    }
    ClaimSection(Decl, Section, Content::Code);
}

/* A GNU nested function goes where the function around it goes, whose own turn comes when its body is complete. */
void OnParsedFunction(void *Data, void *)
{
    tree Decl = static_cast<tree>(Data);
    tree Outer = Decl != NULL_TREE && TREE_CODE(Decl) == FUNCTION_DECL ? decl_function_context(Decl) : NULL_TREE;
    if (Outer == NULL_TREE)
        return;
    std::string Section = SectionOf(Outer).empty() ? Requested : SectionOf(Outer);
    if (!Section.empty())
        PutFunction(Decl, Section);
}

void OnFinishDeclaration(void *Data, void *)
{
    tree Decl = static_cast<tree>(Data);
    if (Decl == NULL_TREE || TREE_CODE(Decl) != VAR_DECL || !TREE_STATIC(Decl) || DECL_EXTERNAL(Decl) ||
        DECL_THREAD_LOCAL_P(Decl))
        return;
    bool Initialised = DECL_INITIAL(Decl) != NULL_TREE;
    auto Known = Variables.find(DECL_UID(Decl));
    if (Known != Variables.end()) {
        /* Another declaration of what is placed; only an initialiser after a tentative definition changes its kind. */
        if (Known->second.Initialised || !Initialised)
            return;
        std::string Old = SectionOf(Decl);
        if (!Old.empty())
            ReleaseClaim(Decl, Old);
        if (Known->second.ByPragma)
            set_decl_section_name(Decl, static_cast<const char *>(NULL));
    }
    std::string Section = SectionOf(Decl);
    bool ByPragma = Section.empty();
    if (ByPragma)
        Section = DataSection(CurrentSegment(KindOf(Decl)), KindOf(Decl));
    else
        CheckSectionName(DECL_SOURCE_LOCATION(Decl), Section);
    Variables[DECL_UID(Decl)] = { Initialised, ByPragma };
    if (Section.empty())
        return;
    if (ByPragma) {
        DECL_COMMON(Decl) = 0;
        set_decl_section_name(Decl, Section.c_str());
    }
    ClaimSection(Decl, Section, KindOf(Decl));
}

} // namespace Tidepool
