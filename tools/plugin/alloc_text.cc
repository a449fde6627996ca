/*
 * #pragma alloc_text(SECTION, function, ...): the section of single functions.
 *
 * The pragma stands after a function's declaration and before its definition, at file scope, in the unit that defines
 * the function, and names functions with C linkage, static ones included. Whatever the documentation forbids is an
 * error here; a function that the unit never defines is a warning, because there the documentation promises only that
 * the pragma has no effect. Source: "alloc_text pragma" in Microsoft's C/C++ reference.
 */
#include "plugin.h"

namespace Tidepool {
namespace {

struct Request {
    std::string Section;
    location_t Where;
};

std::map<std::string, Request> Requests;
std::set<std::string> Defined;

void Allocate(location_t Where, const std::string &Section, tree Identifier)
{
    const char *Name = IDENTIFIER_POINTER(Identifier);
    tree Decl = identifier_global_value(Identifier);
    if (Decl == NULL_TREE) {
        error_at(Where, "%<#pragma alloc_text(%s, %s)%> stands before the declaration of %qs; "
                 "declare the function first, then place the pragma, then define it", Section.c_str(), Name, Name);
        return;
    }
    if (TREE_CODE(Decl) != FUNCTION_DECL) {
        error_at(Where, "%<#pragma alloc_text(%s, %s)%>: %qs is not a function; variables are placed with "
                 "%<#pragma data_seg%> and %<#pragma bss_seg%>", Section.c_str(), Name, Name);
        return;
    }
    if (Defined.count(Name)) {
        error_at(Where, "%<#pragma alloc_text(%s, %s)%> stands after the definition of %qs and comes too late; "
                 "place it between the declaration and the definition of the function", Section.c_str(), Name, Name);
        inform(DECL_SOURCE_LOCATION(Decl), "%qs is defined here", Name);
        return;
    }
    if (c_dialect_cxx() && strcmp(IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(Decl)), Name) != 0) {
        error_at(Where, "%<#pragma alloc_text(%s, %s)%>: %qs does not have C linkage; declare it %<extern \"C\"%>, "
                 "or use %<#pragma code_seg%>", Section.c_str(), Name, Name);
        return;
    }
    auto Place = Requests.insert({ Name, { Section, Where } });
    const Request &First = Place.first->second;
    if (!Place.second && First.Section != Section) {
        error_at(Where, "%<#pragma alloc_text(%s, %s)%>: %qs was put into section %qs before; a function lives in "
                 "one section", Section.c_str(), Name, Name, First.Section.c_str());
        inform(First.Where, "that was here");
    }
}

bool Expect(bool Good, location_t Where, const char *What)
{
    if (!Good)
        error_at(Where, "%<#pragma alloc_text%>: expected %s; the form is "
                 "%<#pragma alloc_text(SECTION, function, ...)%>", What);
    return Good;
}

void Handle(cpp_reader *)
{
    tree Value;
    location_t Where;
    enum cpp_ttype Type = pragma_lex(&Value, &Where);
    if (!Expect(Type == CPP_OPEN_PAREN, Where, "'('"))
        return;
    if (current_function_decl != NULL_TREE) {
        error_at(Where, "%<#pragma alloc_text%> inside function %qD; it belongs at file scope, before the definition",
                 current_function_decl);
        return;
    }
    Type = pragma_lex(&Value, &Where);
    if (!Expect(Type == CPP_NAME || Type == CPP_STRING, Where, "the name of a section"))
        return;
    std::string Section = Type == CPP_NAME ? IDENTIFIER_POINTER(Value) : TREE_STRING_POINTER(Value);
    if (!CheckSectionName(Where, Section))
        return;
    Type = pragma_lex(&Value, &Where);
    if (!Expect(Type == CPP_COMMA, Where, "',' and the name of a function"))
        return;
    while (Type == CPP_COMMA) {
        Type = pragma_lex(&Value, &Where);
        if (!Expect(Type == CPP_NAME, Where, "the name of a function"))
            return;
        Allocate(Where, Section, Value);
        Type = pragma_lex(&Value, &Where);
    }
    if (!Expect(Type == CPP_CLOSE_PAREN, Where, "',' or ')'"))
        return;
    if (pragma_lex(&Value, &Where) != CPP_EOF)
        warning_at(Where, OPT_Wpragmas, "text after %<#pragma alloc_text(...)%> is ignored");
}

} // namespace

const std::string *AllocTextSection(tree Function)
{
    auto Found = Requests.find(IDENTIFIER_POINTER(DECL_NAME(Function)));
    return Found == Requests.end() ? NULL : &Found->second.Section;
}

void NoteDefinition(tree Function)
{
    Defined.insert(IDENTIFIER_POINTER(DECL_NAME(Function)));
}

void WarnOfUndefinedFunctions()
{
    for (const auto &Entry : Requests)
        if (!Defined.count(Entry.first))
            warning_at(Entry.second.Where, OPT_Wpragmas, "%<#pragma alloc_text(%s, %s)%> has no effect: %qs is not "
                       "defined in this file; move the pragma to the file that defines it",
                       Entry.second.Section.c_str(), Entry.first.c_str(), Entry.first.c_str());
}

void RegisterAllocText()
{
    c_register_pragma_with_expansion(NULL, "alloc_text", Handle);
}

} // namespace Tidepool
