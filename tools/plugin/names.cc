/*
 * Section names: what the loader makes of them, and which section holds what.
 *
 * The loader goes by the name alone, so a name that is almost right would silently live elsewhere. The rules here are
 * the loader's (kernel/ldr): a name that would fail the load fails the compilation instead.
 */
#include "plugin.h"

namespace Tidepool {
namespace {

const size_t LongestSuffix = 4;     /* PAGE and .page take up to four more characters */

struct Use {
    bool ByBssPragma = false;
    bool Quarrelled = false;                    /* its conflict has been reported */
    std::map<unsigned, Content> Holds;          /* by declaration number */
    Content FirstKind = Content::Code;
    std::string FirstHolder;
};

std::map<std::string, Use> Uses;

bool StartsWith(const std::string &Name, const char *Prefix)
{
    return Name.compare(0, strlen(Prefix), Prefix) == 0;
}

/* A name that looks like one of the loader's and is not: the section will be nonpaged, and stay. */
void WarnOfNearMiss(location_t Where, const std::string &Name)
{
    for (const char *Pageable : { "PAGE", ".page", ".edata", ".EDATA" })
        if (StartsWith(Name, Pageable))
            return;
    for (const char *Init : { "INIT", ".init", "INITDATA", "INITBSS" })
        if (Name == Init)
            return;
    std::string Lower(Name, Name[0] == '.' ? 1 : 0);
    for (char &Character : Lower)
        Character = TOLOWER(Character);
    if (StartsWith(Lower, "page") || (StartsWith(Lower, "edata") && Name[0] == '.'))
        warning_at(Where, OPT_Wpragmas, "section %qs will be nonpaged: names are case-sensitive, and that of a "
                   "pageable section begins with %<PAGE%>", Name.c_str());
    else if (StartsWith(Lower, "init") && !StartsWith(Name, ".init"))
        warning_at(Where, OPT_Wpragmas, "section %qs will not be discarded: the sections for initialisation are "
                   "%<INIT%>, %<INITDATA%> and %<INITBSS%>, and names are case-sensitive", Name.c_str());
}

} // namespace

/* Returns whether the name can be used, having said what is wrong with it if not. A near miss is warned of. */
bool CheckSectionName(location_t Where, const std::string &Name)
{
    if (Name.empty()) {
        error_at(Where, "a section needs a name; %<()%> restores the default");
        return false;
    }
    for (unsigned char Character : Name) {
        if (ISALNUM(Character) || strchr("._$-", Character) != NULL)
            continue;
        error_at(Where, "section name %qs: only letters, digits, %<.%>, %<_%>, %<$%> and %<-%> can stand in it",
                 Name.c_str());
        return false;
    }
    for (const char *Prefix : { "PAGE", ".page" }) {
        if (StartsWith(Name, Prefix) && Name.size() > strlen(Prefix) + LongestSuffix) {
            error_at(Where, "section name %qs is too long: a pageable section is called %qs and up to four more "
                     "characters", Name.c_str(), Prefix);
            return false;
        }
    }
    WarnOfNearMiss(Where, Name);
    return true;
}

void DeclareBssSection(const std::string &Name)
{
    Uses[Name].ByBssPragma = true;
}

/* Notes that Decl is defined in section Name, and reports the first time that code and data meet under one name. */
void ClaimSection(tree Decl, const std::string &Name, Content Kind)
{
    Use &Section = Uses[Name];
    const char *Holder = DECL_NAME(Decl) ? IDENTIFIER_POINTER(DECL_NAME(Decl)) : "(unnamed)";
    if (Section.FirstHolder.empty()) {
        Section.FirstHolder = Holder;
        Section.FirstKind = Kind;
    }
    bool IsCode = Kind == Content::Code;
    if (IsCode != (Section.FirstKind == Content::Code) && !Section.Quarrelled) {
        Section.Quarrelled = true;
        error_at(DECL_SOURCE_LOCATION(Decl), "%s %qs cannot go to section %qs, which holds the %s %qs: code and data "
                 "need sections of their own, by custom %<PAGE%> for code, %<PAGEDATA%> and %<PAGEBSS%> for data, "
                 "%<INIT%> and %<INITDATA%> for initialisation", IsCode ? "function" : "variable", Holder, Name.c_str(),
                 IsCode ? "variable" : "function", Section.FirstHolder.c_str());
    }
    Section.Holds[DECL_UID(Decl)] = Kind;
}

/* A tentative definition turned out to be initialised and moves to another section. */
void ReleaseClaim(tree Decl, const std::string &Name)
{
    Uses[Name].Holds.erase(DECL_UID(Decl));
}

/* Whether section Name came from bss_seg and holds only uninitialised variables: then it takes no room in the file. */
bool IsPureBss(const std::string &Name)
{
    auto Found = Uses.find(Name);
    if (Found == Uses.end() || !Found->second.ByBssPragma)
        return false;
    for (const auto &Entry : Found->second.Holds)
        if (Entry.second != Content::Bss)
            return false;
    return true;
}

bool HoldsWritableData(const std::string &Name)
{
    auto Found = Uses.find(Name);
    if (Found == Uses.end())
        return false;
    for (const auto &Entry : Found->second.Holds)
        if (Entry.second == Content::Data || Entry.second == Content::Bss)
            return true;
    return false;
}

} // namespace Tidepool
