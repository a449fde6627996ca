/*
 * Pragmas of Microsoft's compiler and analyser that say nothing to this one.
 *
 * They are swallowed by the preprocessor, before they become tokens: driver sources write `#pragma warning(suppress:
 * N)` in the middle of expressions, initialisers and parameter lists, where a pragma that reaches the parser is an
 * error. Pragmas that GCC knows itself (pack, once, message, push_macro, pop_macro, omp) are left alone.
 */
#include "plugin.h"

namespace Tidepool {
namespace {

const char *const Names[] = {
    "auto_inline", "check_stack", "code_page", "comment", "component", "conform", "deprecated", "detect_mismatch",
    "endregion", "execution_character_set", "fenv_access", "float_control", "fp_contract", "function", "hdrstop",
    "include_alias", "init_seg", "inline_depth", "inline_recursion", "intrinsic", "loop", "make_public", "managed",
    "optimize", "pointers_to_members", "prefast", "prefix", "region", "runtime_checks", "section", "setlocale",
    "strict_gs_check", "unmanaged", "vtordisp", "warning",
};

void Ignore(cpp_reader *)
{
}

} // namespace

void RegisterIgnoredPragmas()
{
    for (const char *Name : Names)
        cpp_register_pragma(parse_in, NULL, Name, Ignore, false);
}

} // namespace Tidepool
