/*
 * What the parts of the compiler plugin share.
 *
 * The plugin teaches GCC the section directives of the Windows driver literature and keeps code and data in the
 * sections their author named. README.md says what each directive means here and why.
 *
 * Vocabulary: a *segment pragma* is code_seg, data_seg, bss_seg or const_seg; a *placement* is the decision which
 * section a definition goes to; the *default* section is the compiler's own choice and is written as an empty name.
 *
 * State that outlives a callback holds strings and declaration numbers, never trees: the compiler's garbage collector
 * does not look into this file's variables.
 */
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gcc-plugin.h"
#include "tree.h"
#include "stringpool.h"
#include "attribs.h"
#include "cgraph.h"
#include "target.h"
#include "output.h"
#include "c-family/c-common.h"
#include "c-family/c-pragma.h"
#include "diagnostic-core.h"

namespace Tidepool {

/* What is put into a section, in the four ways that have a pragma each. */
enum class Content { Code, Data, Bss, Const };

/* segments.cc: the section that a segment pragma holds for Kind at this point of the source, empty for the default. */
const std::string &CurrentSegment(Content Kind);
void RegisterSegmentPragmas();

/* alloc_text.cc: the section that alloc_text named for a function, NULL if none did. */
const std::string *AllocTextSection(tree Function);
void NoteDefinition(tree Function);
void RegisterAllocText();
void WarnOfUndefinedFunctions();

/* declspec.cc: __declspec(code_seg("...")) and its like, as attributes. */
void RegisterAttributes();

/* names.cc: the rules for names, and which section holds what. */
bool CheckSectionName(location_t Where, const std::string &Name);
void DeclareBssSection(const std::string &Name);
void ClaimSection(tree Decl, const std::string &Name, Content Kind);
void ReleaseClaim(tree Decl, const std::string &Name);
bool IsPureBss(const std::string &Name);
bool HoldsWritableData(const std::string &Name);

/* placement.cc: puts definitions where the directives say. */
std::string SectionOf(tree Decl);
void OnStartFunction(void *Decl, void *);
void OnFinishFunction(void *Decl, void *);
void OnParsedFunction(void *Decl, void *);
void OnFinishDeclaration(void *Decl, void *);

/* try.cc: __try and what belongs to it. */
void LowerExceptions(tree Function);

/* backend.cc: keeps them there (section flags, inlining). */
void HookBackEnd();

/* ignored.cc: pragmas that say nothing to this compiler. */
void RegisterIgnoredPragmas();

} // namespace Tidepool
