/*
 * The words of __declspec(...) that GCC does not know, as attributes, so that a header may say
 * `#define __declspec(...) __attribute__((__VA_ARGS__))`. (noreturn, noinline, nothrow, deprecated, naked and weak GCC
 * has itself.) code_seg and allocate become the section attribute, align becomes aligned, selectany becomes weak;
 * the rest have no meaning in an image that is linked by name and are accepted without a word.
 */
#include "plugin.h"

namespace Tidepool {
namespace {

/* Applies GCC's own attribute Name instead, so that all of its checks hold. */
tree Become(tree *Node, const char *Name, tree Arguments, int Flags, bool *NoAdd)
{
    *NoAdd = true;
    decl_attributes(Node, tree_cons(get_identifier(Name), Arguments, NULL_TREE), Flags);
    return NULL_TREE;
}

tree HandleSection(tree *Node, tree Name, tree Arguments, int Flags, bool *NoAdd)
{
    bool WantsFunction = strcmp(IDENTIFIER_POINTER(Name), "code_seg") == 0;
    if ((TREE_CODE(*Node) == FUNCTION_DECL) != WantsFunction) {
        error_at(DECL_SOURCE_LOCATION(*Node), "%<__declspec(%E)%> is for %s; %qD is not one", Name,
                 WantsFunction ? "a function" : "a variable", *Node);
        *NoAdd = true;
        return NULL_TREE;
    }
    return Become(Node, "section", Arguments, Flags, NoAdd);
}

tree HandleAlign(tree *Node, tree, tree Arguments, int Flags, bool *NoAdd)
{
    return Become(Node, "aligned", Arguments, Flags, NoAdd);
}

tree HandleSelectAny(tree *Node, tree, tree, int Flags, bool *NoAdd)
{
    return Become(Node, "weak", NULL_TREE, Flags, NoAdd);
}

tree HandleNothing(tree *, tree, tree, int, bool *NoAdd)
{
    *NoAdd = true;
    return NULL_TREE;
}

/* name, fewest and most arguments, needs: declaration, type, function type; changes identity, handler, exclusions */
attribute_spec Attributes[] = {
    { "code_seg", 1, 1, true, false, false, false, HandleSection, NULL },
    { "allocate", 1, 1, true, false, false, false, HandleSection, NULL },
    { "align", 1, 1, false, false, false, false, HandleAlign, NULL },
    { "selectany", 0, 0, true, false, false, false, HandleSelectAny, NULL },
    { "dllimport", 0, 0, false, false, false, false, HandleNothing, NULL },
    { "dllexport", 0, 0, false, false, false, false, HandleNothing, NULL },
    { "novtable", 0, 0, false, false, false, false, HandleNothing, NULL },
    { "uuid", 1, 1, false, false, false, false, HandleNothing, NULL },
    { "restrict", 0, 0, false, false, false, false, HandleNothing, NULL },
    { "noalias", 0, 0, false, false, false, false, HandleNothing, NULL },
    { "safebuffers", 0, 0, false, false, false, false, HandleNothing, NULL },
    { "guard", 1, 1, false, false, false, false, HandleNothing, NULL },
    { "no_init_all", 0, 0, false, false, false, false, HandleNothing, NULL },
};

} // namespace

void RegisterAttributes()
{
    for (const attribute_spec &Attribute : Attributes)
        register_attribute(&Attribute);
}

} // namespace Tidepool
