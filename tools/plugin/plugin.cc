/*
 * The entry of the plugin: which callbacks it takes.
 *
 * A plugin works only with the very compiler whose headers it was built against, so a mismatch is told apart from
 * every other failure and says what to do.
 */
#include "plugin.h"
#include "plugin-version.h"

int plugin_is_GPL_compatible;

namespace {

void OnPragmas(void *, void *)
{
    Tidepool::RegisterSegmentPragmas();
    Tidepool::RegisterAllocText();
    Tidepool::RegisterIgnoredPragmas();
}

void OnAttributes(void *, void *)
{
    Tidepool::RegisterAttributes();
}

void OnFunction(void *Decl, void *)
{
    Tidepool::OnFinishFunction(Decl, NULL);
    Tidepool::LowerExceptions(static_cast<tree>(Decl));
}

void OnStartUnit(void *, void *)
{
    /* Headers choose between the plugin's directives and their own macros by this name (include/ddk/section.h). */
    cpp_define(parse_in, "__TIDEPOOL_PLUGIN__=1");
    Tidepool::HookBackEnd();
}

void OnFinishUnit(void *, void *)
{
    Tidepool::WarnOfUndefinedFunctions();
}

} // namespace

int plugin_init(plugin_name_args *Plugin, plugin_gcc_version *Compiler)
{
    if (!plugin_default_version_check(Compiler, &gcc_version)) {
        fprintf(stderr, "%s: built for gcc %s (%s), loaded by gcc %s (%s): remove it and let make build it anew\n",
                Plugin->full_name, gcc_version.basever, gcc_version.datestamp, Compiler->basever, Compiler->datestamp);
        return 1;
    }
    const char *Name = Plugin->base_name;
    static plugin_info Info = { "1", "sections for drivers: alloc_text, code_seg, data_seg, bss_seg, const_seg" };
    register_callback(Name, PLUGIN_INFO, NULL, &Info);
    register_callback(Name, PLUGIN_PRAGMAS, OnPragmas, NULL);
    register_callback(Name, PLUGIN_ATTRIBUTES, OnAttributes, NULL);
    register_callback(Name, PLUGIN_START_UNIT, OnStartUnit, NULL);
    register_callback(Name, PLUGIN_START_PARSE_FUNCTION, Tidepool::OnStartFunction, NULL);
    register_callback(Name, PLUGIN_PRE_GENERICIZE, OnFunction, NULL);
    register_callback(Name, PLUGIN_FINISH_PARSE_FUNCTION, Tidepool::OnParsedFunction, NULL);
    register_callback(Name, PLUGIN_FINISH_DECL, Tidepool::OnFinishDeclaration, NULL);
    register_callback(Name, PLUGIN_FINISH_UNIT, OnFinishUnit, NULL);
    return 0;
}
