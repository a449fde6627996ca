/*
 * code_seg, data_seg, bss_seg and const_seg: one current section and one stack for each.
 *
 *   #pragma X_seg()                              back to the default
 *   #pragma X_seg("NAME" [, "class"])            holds until the next one
 *   #pragma X_seg(push [, id] [, "NAME" [, "class"]])
 *   #pragma X_seg(pop  [, id] [, "NAME" [, "class"]])
 *
 * The class is a leftover of 16-bit compilers and is ignored. A pop by identifier pops up to that record, and pops
 * nothing when there is none. Source: "code_seg pragma" and its three neighbours in Microsoft's C/C++ reference.
 */
#include "plugin.h"

namespace Tidepool {
namespace {

struct Segment {
    const char *Pragma;
    Content Kind;
    const char *DefaultName;        /* what Microsoft's compiler calls the default */
    std::string Current;
    std::vector<std::pair<std::string, std::string>> Saved;     /* identifier, section */
};

Segment Segments[] = {
    { "code_seg", Content::Code, ".text", {}, {} },
    { "data_seg", Content::Data, ".data", {}, {} },
    { "bss_seg", Content::Bss, ".bss", {}, {} },
    { "const_seg", Content::Const, ".rdata", {}, {} },
};

void Pop(Segment &Seg, location_t Where, const std::string &Identifier)
{
    if (Seg.Saved.empty()) {
        warning_at(Where, OPT_Wpragmas, "%<#pragma %s(pop)%> without a %<push%> before it; nothing is popped",
                   Seg.Pragma);
        return;
    }
    size_t Index = Seg.Saved.size() - 1;
    if (!Identifier.empty()) {
        while (Index > 0 && Seg.Saved[Index].first != Identifier)
            Index--;
        if (Seg.Saved[Index].first != Identifier) {
            warning_at(Where, OPT_Wpragmas, "%<#pragma %s(pop, %s)%>: nothing was pushed under that identifier; "
                       "nothing is popped", Seg.Pragma, Identifier.c_str());
            return;
        }
    }
    Seg.Current = Seg.Saved[Index].second;
    Seg.Saved.resize(Index);
}

/*
 * Parses what stands after the pragma's name. Returns false, having said why, when it is none of the four forms above.
 * The pragma then changes nothing: a section that silently stays is better found at compile time.
 */
class Parser {
public:
    explicit Parser(const Segment &Of) : Seg(Of) { Next(); }
    bool Parse();

    std::string Action, Identifier, Name;
    bool HasName = false;
    location_t Where = UNKNOWN_LOCATION;

private:
    void Next() { Type = pragma_lex(&Value, &Where); }
    bool Fail(const char *Expected);
    bool ParseName();

    const Segment &Seg;
    enum cpp_ttype Type;
    tree Value;
};

bool Parser::Fail(const char *Expected)
{
    error_at(Where, "%<#pragma %s%>: expected %s", Seg.Pragma, Expected);
    return false;
}

bool Parser::ParseName()
{
    if (Type != CPP_STRING)
        return Fail("a section name in double quotes");
    Name = TREE_STRING_POINTER(Value);
    HasName = true;
    Next();
    if (Type != CPP_COMMA)
        return true;
    Next();
    if (Type != CPP_STRING)
        return Fail("a section class in double quotes after the comma");
    Next();
    return true;
}

bool Parser::Parse()
{
    if (Type != CPP_OPEN_PAREN)
        return Fail("'(' after the name of the pragma");
    Next();
    if (Type == CPP_NAME) {
        Action = IDENTIFIER_POINTER(Value);
        if (Action != "push" && Action != "pop")
            return Fail("push, pop, or a section name in double quotes");
        Next();
        if (Type == CPP_COMMA) {
            Next();
            bool More = true;
            if (Type == CPP_NAME) {
                Identifier = IDENTIFIER_POINTER(Value);
                Next();
                More = Type == CPP_COMMA;
                if (More)
                    Next();
            }
            if (More && !ParseName())
                return false;
        }
    } else if (Type != CPP_CLOSE_PAREN && !ParseName()) {
        return false;
    }
    if (Type != CPP_CLOSE_PAREN)
        return Fail("')'");
    location_t End;
    if (pragma_lex(&Value, &End) != CPP_EOF)
        warning_at(End, OPT_Wpragmas, "text after %<#pragma %s(...)%> is ignored", Seg.Pragma);
    return true;
}

void Handle(cpp_reader *, void *Data)
{
    Segment &Seg = *static_cast<Segment *>(Data);
    Parser Line(Seg);
    if (!Line.Parse())
        return;
    if (Line.HasName) {
        if (Line.Name == Seg.DefaultName)
            Line.Name.clear();
        else if (!CheckSectionName(Line.Where, Line.Name))
            return;
    }
    if (Line.Action == "push")
        Seg.Saved.emplace_back(Line.Identifier, Seg.Current);
    else if (Line.Action == "pop")
        Pop(Seg, Line.Where, Line.Identifier);
    else if (!Line.HasName)
        Seg.Current.clear();
    if (Line.HasName)
        Seg.Current = Line.Name;
    if (Seg.Kind == Content::Bss && !Seg.Current.empty())
        DeclareBssSection(Seg.Current);
}

} // namespace

const std::string &CurrentSegment(Content Kind)
{
    for (const Segment &Seg : Segments)
        if (Seg.Kind == Kind)
            return Seg.Current;
    gcc_unreachable();
}

void RegisterSegmentPragmas()
{
    for (Segment &Seg : Segments)
        c_register_pragma_with_expansion_and_data(NULL, Seg.Pragma, Handle, &Seg);
}

} // namespace Tidepool
