"""
The compiler plugin: the section directives of the driver literature, compiled and looked up in the object file.

Every test compiles a small source as the Makefile compiles a driver, and asks for the section of a symbol, the kind of
a section, or what the compiler said. Lxx is the statement of the literature that a test holds.
"""

import functools
import re
import shlex
import subprocess

import pytest
from elftools.elf.elffile import ELFFile

from lib import build as builder

PLUGIN = builder.BUILD / "tools" / "tidepool-plugin.so"


@functools.cache
def driver_command():
    """The compiler and its options, as the Makefile uses them for drivers; it loads the plugin."""
    builder.build(str(PLUGIN))
    return shlex.split((builder.BUILD / "made" / "Driver").read_text(encoding="utf-8"))


@pytest.fixture(params=["-O0", "-O1", "-O2", "-O3", "-Os"])
def level(request):
    """Each optimisation level, with all that the Makefile switches off for drivers switched on again."""
    clones = ["-finline-functions-called-once", "-fpartial-inlining", "-fipa-icf", "-fipa-cp", "-fipa-cp-clone",
              "-fipa-sra", "-freorder-blocks-and-partition", "-fjump-tables", "-ftree-switch-conversion"]
    return [request.param] + ([] if request.param == "-O0" else clones)


class Object:
    """What an object file says about sections and symbols."""

    def __init__(self, path):
        with open(path, "rb") as file:
            elf = ELFFile(file)
            self.kinds = {}
            self.data = {}
            names = [section.name for section in elf.iter_sections()]
            for section in elf.iter_sections():
                flags = section["sh_flags"]
                if flags & 2:
                    letters = "r" + ("w" if flags & 1 else "") + ("x" if flags & 4 else "")
                    self.kinds[section.name] = (section["sh_type"], letters)
                    self.data[section.name] = section.data() if section["sh_type"] != "SHT_NOBITS" else None
            self.symbols = {}
            self.bindings = {}
            for symbol in elf.get_section_by_name(".symtab").iter_symbols():
                index = symbol["st_shndx"]
                if symbol.name and (index == "SHN_COMMON" or isinstance(index, int)):
                    self.symbols[symbol.name] = "COMMON" if index == "SHN_COMMON" else names[index]
                    self.bindings[symbol.name] = symbol["st_info"]["bind"]

    def clones_of(self, name):
        """The sections of a function and of everything the compiler made out of it (NAME.part.0, NAME.cold, ...)."""
        return {section for symbol, section in self.symbols.items() if symbol == name or symbol.startswith(name + ".")}


@pytest.fixture
def compiler(tmp_path):
    """compiler(SOURCE, OPTION...) -> (Object or None, what the compiler printed)."""
    def run(source, *options):
        file, output = tmp_path / "source.c", tmp_path / "source.o"
        file.write_text(source, encoding="utf-8")
        command = driver_command() + list(options) + ["-c", str(file), "-o", str(output)]
        done = subprocess.run(command, cwd=builder.ROOT, stderr=subprocess.PIPE, text=True, check=False)
        return Object(output) if done.returncode == 0 else None, done.stderr
    return run


@pytest.fixture
def compiles(compiler):
    """Compiles a source that has to pass without a word."""
    def run(source, *options):
        result, said = compiler(source, "-Wall", "-Wextra", "-Wunknown-pragmas", *options)
        assert said == ""
        return result
    return run


@pytest.fixture
def refuses(compiler):
    """Compiles a source that has to fail, and returns the errors."""
    def run(source):
        result, said = compiler(source)
        assert result is None
        return re.findall(r"error: (.*)", said)
    return run


# --- alloc_text ---------------------------------------------------------------------------------------------------

def test_alloc_text_places_named_functions_L7(compiles, level):
    result = compiles("""
        int Open(int), Close(int), Entry(int), Resident(int);
        static int Hidden(int);
        #pragma alloc_text(PAGE, Open, Close)
        #pragma alloc_text("INIT", Entry)
        #pragma alloc_text(PAGESRP0, Hidden)
        int Open(int x) { return Hidden(x); }
        int Close(int x) { return Hidden(x + 1); }
        int Entry(int x) { return Hidden(x + 2); }
        int Resident(int x) { return Hidden(x + 3); }
        static int Hidden(int x) { return Resident(x) * 3; }
    """, *level)
    assert result.symbols["Open"] == result.symbols["Close"] == "PAGE"
    assert result.symbols["Entry"] == "INIT"
    assert result.clones_of("Hidden") == {"PAGESRP0"}
    assert result.symbols["Resident"] == ".text"
    assert result.kinds["PAGE"] == ("SHT_PROGBITS", "rx")


def test_alloc_text_after_a_function_type_and_through_macros(compiles):
    result = compiles("""
        typedef int DISPATCH(int);
        #define SECTION PAGESER
        #define Read SampleRead
        DISPATCH Read;
        #pragma alloc_text(SECTION, Read)
        int Read(int x) { return x; }
    """)
    assert result.symbols["SampleRead"] == "PAGESER"


def test_alloc_text_is_stronger_than_code_seg(compiles):
    result = compiles("""
        int Open(int);
        #pragma alloc_text(PAGE, Open)
        #pragma code_seg("PAGESER")
        int Open(int x) { return x; }
        int Read(int x) { return x; }
    """)
    assert (result.symbols["Open"], result.symbols["Read"]) == ("PAGE", "PAGESER")


@pytest.mark.parametrize("source, words", [
    ("#pragma alloc_text(PAGE, F)\nint F(int);", ["before the declaration of .F.", "declare the function first"]),
    ("int F(int x) { return x; }\n#pragma alloc_text(PAGE, F)", ["after the definition of .F.", "too late"]),
    ("int F;\n#pragma alloc_text(PAGE, F)", ["not a function", "data_seg"]),
    ("int F(int);\nint G(int x) {\n#pragma alloc_text(PAGE, F)\nreturn x; }", ["inside function .G."]),
    ("int F(int);\n#pragma alloc_text(PAGEA, F)\n#pragma alloc_text(PAGEB, F)", ["into section .PAGEA. before"]),
    ("int F(int);\n#pragma alloc_text(PAGESERIAL, F)", ["PAGESERIAL. is too long", "four more characters"]),
    ("int F(int);\n#pragma alloc_text(PAGE)", ["the form is"]),
    ("int F(int);\n#pragma alloc_text PAGE, F", ["expected '\\('"]),
    ("int F(int);\n#pragma alloc_text(PAGE, F", ["expected ',' or '\\)'"]),
    ("__attribute__((section(\"PAGEA\"))) int F(int);\n#pragma alloc_text(PAGEB, F)\nint F(int x) { return x; }",
     ["PAGEA. by its attribute", "keep one"]),
])
def test_what_alloc_text_forbids_L7(refuses, source, words):
    errors = refuses(source)
    assert errors
    for word in words:
        assert re.search(word, errors[0])


def test_alloc_text_of_a_function_of_another_file_warns(compiler):
    _, said = compiler("int F(int);\n#pragma alloc_text(PAGE, F)\nint Other;")
    assert re.search("source.c:2:.*warning: .*no effect: .F. is not defined in this file", said)


# --- code_seg and its neighbours ----------------------------------------------------------------------------------

def test_code_seg_holds_until_the_next_L8(compiles):
    result = compiles("""
        int A(void) { return 1; }
        #pragma code_seg("PAGE")
        int B(void) { return 2; }
        int C(void) { return 3; }
        #pragma code_seg("PAGESER", "CODE")
        int D(void) { return 4; }
        #pragma code_seg()
        int E(void) { return 5; }
        #pragma code_seg(".text")
        int F(void) { return 6; }
    """)
    assert [result.symbols[name] for name in "ABCDEF"] == [".text", "PAGE", "PAGE", "PAGESER", ".text", ".text"]


def test_push_and_pop_with_and_without_identifiers(compiles):
    result = compiles("""
        #pragma code_seg("PAGE1")
        #pragma code_seg(push, "PAGE2")
        int A(void) { return 1; }
        #pragma code_seg(push, here)
        #pragma code_seg(push, there, "PAGE3")
        int B(void) { return 2; }
        #pragma code_seg(pop, here)
        int C(void) { return 3; }
        #pragma code_seg(pop)
        int D(void) { return 4; }
        #pragma code_seg(push)
        #pragma code_seg(pop, "PAGE4")
        int E(void) { return 5; }
    """)
    assert [result.symbols[name] for name in "ABCDE"] == ["PAGE2", "PAGE3", "PAGE2", "PAGE1", "PAGE4"]


def test_the_four_stacks_are_separate(compiles):
    result = compiles("""
        #pragma code_seg(push, "PAGE")
        #pragma data_seg(push, "PAGEDATA")
        #pragma code_seg(pop)
        int Data = 1;
        int Code(void) { return Data; }
        #pragma data_seg(pop)
        int Resident = 2;
    """)
    assert [result.symbols[name] for name in ("Data", "Code", "Resident")] == ["PAGEDATA", ".text", ".data"]


def test_pragma_operators(compiles):
    result = compiles("""
        #define PAGED _Pragma("code_seg(push, \\"PAGE\\")")
        #define PAGED_END _Pragma("code_seg(pop)")
        PAGED int A(void) { return 1; } PAGED_END
        int B(void) { return 2; }
    """)
    assert (result.symbols["A"], result.symbols["B"]) == ("PAGE", ".text")


@pytest.mark.parametrize("line, words", [
    ('#pragma code_seg', "expected '\\('"),
    ('#pragma data_seg(PAGE)', "expected push, pop, or a section name in double quotes"),
    ('#pragma bss_seg("PAGE"', "expected '\\)'"),
    ('#pragma code_seg("PAGEDRIVER")', "too long"),
    ('#pragma code_seg(".pageabcde")', "too long"),
    ('#pragma code_seg("")', "needs a name"),
    ('#pragma code_seg("PAGE DATA")', "only letters, digits"),
])
def test_malformed_segment_pragmas(refuses, line, words):
    assert re.search(words, refuses(line)[0])


@pytest.mark.parametrize("line, words", [
    ('#pragma code_seg("Page")', "will be nonpaged: names are case-sensitive"),
    ('#pragma code_seg("init")', "will not be discarded"),
    ('#pragma code_seg("INITCODE")', "will not be discarded"),
    ('#pragma code_seg(".Page")', "will be nonpaged"),
    ('#pragma code_seg(pop)', "without a .push."),
    ('#pragma code_seg(push, a)\n#pragma code_seg(pop, b)', "nothing was pushed under that identifier"),
])
def test_suspicious_segment_pragmas_warn_L4(compiler, line, words):
    result, said = compiler(line)
    assert result is not None and re.search("warning: .*" + words, said)


def test_the_loaders_names_pass_without_a_word_L4(compiles):
    names = "PAGE PAGEABCD .page .pageabcd .edata .EDATA INIT .init INITDATA INITBSS MY_CODE".split()
    compiles("\n".join(f'#pragma code_seg("{name}")' for name in names))


def test_data_goes_by_its_initialiser_L9(compiles, level):
    result = compiles("""
        #pragma data_seg("PAGEDATA")
        #pragma bss_seg("PAGEBSS")
        #pragma const_seg("PAGECONS")
        int One = 1;
        int Zero = 0;
        int Array[4] = { 0 };
        int None;
        char Large[65536];
        const int Constant = 3;
        const char *Pointer = "a literal";
        #pragma data_seg()
        #pragma bss_seg()
        #pragma const_seg()
        int ResidentOne = 1, ResidentNone;
    """, *level)
    assert {result.symbols[name] for name in ("One", "Zero", "Array", "Pointer")} == {"PAGEDATA"}
    assert {result.symbols[name] for name in ("None", "Large")} == {"PAGEBSS"}
    assert result.symbols["Constant"] == "PAGECONS"
    assert (result.symbols["ResidentOne"], result.symbols["ResidentNone"]) == (".data", "COMMON")
    assert result.kinds["PAGEDATA"] == ("SHT_PROGBITS", "rw")
    assert result.kinds["PAGEBSS"] == ("SHT_NOBITS", "rw")
    assert result.kinds["PAGECONS"] == ("SHT_PROGBITS", "r")


def test_without_const_seg_const_data_stays_resident(compiles):
    result = compiles('#pragma data_seg("PAGEDATA")\n#pragma bss_seg("PAGEBSS")\nconst int Constant = 3;')
    assert result.symbols["Constant"] == ".rodata"


def test_static_locals_follow(compiles, level):
    result = compiles("""
        #pragma data_seg("PAGEDATA")
        #pragma bss_seg("PAGEBSS")
        int Next(void) { static int Count = 7; static int Calls; Calls++; return Count++ + Calls; }
    """, *level)
    assert result.clones_of("Count") == {"PAGEDATA"}
    assert result.clones_of("Calls") == {"PAGEBSS"}


def test_where_a_variable_is_defined_counts_not_where_it_is_declared(compiles):
    result = compiles("""
        extern int Late, Early;
        int Early = 1;
        int Tentative;
        #pragma data_seg("PAGEDATA")
        #pragma bss_seg("PAGEBSS")
        int Late = 2;
        extern int Early;
        int Undecided;
        int Undecided = 5;
        #pragma data_seg()
        #pragma bss_seg()
        int Tentative;
        extern int Late;
    """)
    assert result.symbols["Late"] == result.symbols["Undecided"] == "PAGEDATA"
    assert (result.symbols["Early"], result.symbols["Tentative"]) == (".data", "COMMON")


def test_one_name_for_initialised_and_uninitialised_data(compiles):
    result = compiles("""
        #pragma data_seg("PAGEDATA")
        #pragma bss_seg("PAGEDATA")
        #pragma const_seg("PAGEDATA")
        const int Constant = 4;
        int None;
        int One = 1;
    """)
    assert {result.symbols[name] for name in ("Constant", "None", "One")} == {"PAGEDATA"}
    assert result.kinds["PAGEDATA"] == ("SHT_PROGBITS", "rw")


@pytest.mark.parametrize("source", [
    '#pragma code_seg("PAGE")\nint F(int x) { return x; }\n#pragma data_seg("PAGE")\nint D = 1;',
    '#pragma data_seg("PAGEX")\nint D = 1;\nint F(int);\n#pragma alloc_text(PAGEX, F)\nint F(int x) { return x; }',
    '#pragma const_seg("PAGE")\nconst int D = 1;\n#pragma code_seg("PAGE")\nint F(int x) { return x + D; }',
])
def test_code_and_data_do_not_share_a_name_L10(refuses, source):
    errors = refuses(source)
    assert len(errors) == 1 and "code and data need sections of their own" in errors[0]


def test_data_of_init_is_discarded_with_its_code_L11(compiles, level):
    result = compiles("""
        #pragma data_seg("INIT")
        #pragma bss_seg("INIT")
        #pragma const_seg("INIT")
        int One = 1, Zero = 0;
        int None;
        const int Constant = 3;
        #pragma data_seg()
        #pragma bss_seg()
        #pragma const_seg()
        int F(int);
        #pragma alloc_text(INIT, F)
        int F(int x) { return x + One + None + Constant; }
    """, *level)
    assert {result.symbols[name] for name in ("One", "Zero", "Constant")} == {"INITDATA"}
    assert result.symbols["None"] == "INITBSS"
    assert result.symbols["F"] == "INIT"
    assert result.kinds["INIT"] == ("SHT_PROGBITS", "rx")
    assert result.kinds["INITBSS"] == ("SHT_NOBITS", "rw")


# --- __declspec ---------------------------------------------------------------------------------------------------

def test_declspec_words_as_attributes(compiles):
    result = compiles("""
        #define __declspec(...) __attribute__((__VA_ARGS__))
        #pragma section("MYDATA", read, write)
        __declspec(code_seg("PAGEQ")) int Placed(int);
        #pragma code_seg("PAGE")
        int Placed(int x) { return x; }
        #pragma code_seg()
        __declspec(allocate("MYDATA")) int Allocated = 4;
        __declspec(selectany) int Any = 5;
        __declspec(dllexport) __declspec(safebuffers) int Plain(int x) { return x; }
        struct __declspec(align(64)) Aligned { int x; };
        typedef __declspec(align(32)) struct Second { int x; } SECOND;
        _Static_assert(_Alignof(struct Aligned) == 64 && _Alignof(SECOND) == 32, "align");
        __declspec(noreturn) void Never(void);
        int Caller(int x) { if (x) return 1; Never(); }
    """)
    assert [result.symbols[name] for name in ("Placed", "Allocated", "Plain")] == ["PAGEQ", "MYDATA", ".text"]
    assert result.bindings["Any"] == "STB_WEAK"


def test_code_seg_on_a_variable_is_an_error(refuses):
    assert "is for a function" in refuses('__attribute__((code_seg("PAGE"))) int Variable;')[0]


# --- pragmas without meaning here ---------------------------------------------------------------------------------

def test_foreign_pragmas_are_quiet_wherever_they_stand(compiles):
    result = compiles("""
        #pragma warning(push)
        #pragma warning(disable: 4127 4200)
        #pragma prefast(disable: 28107, "reason")
        #pragma intrinsic(_ReadWriteBarrier)
        #pragma comment(lib, "wdm.lib")
        #pragma function(memcpy)
        #pragma optimize("", off)
        #pragma region Code
        int Table[] = { 1,
        #pragma warning(suppress: 4189)
            2 };
        int Sum(int a,
        #pragma warning(suppress: 4100)
                int b)
        {
            if (a)
        #pragma warning(suppress: 28182)
                return a +
        #pragma prefast(suppress: 6011, "checked")
                       b;
            return 0;
        }
        #pragma endregion
        #pragma warning(pop)
    """)
    assert result.symbols["Sum"] == ".text"


def test_unknown_pragmas_still_warn(compiler):
    _, said = compiler("#pragma allocate_text(PAGE, F)", "-Wunknown-pragmas")
    assert "ignoring" in said


# --- code stays where its author named it -------------------------------------------------------------------------

MIGRANTS = """
    int Extern(int), Never(int) __attribute__((cold));
    static int Nonpaged(int x) { return Extern(x) * 3; }
    #pragma code_seg("PAGESER")
    static int Service(int x) { return Extern(x) * 5; }
    static int Early(int *p) {
        if (!p) return 0;
        for (int i = 0; i < p[1]; i++) { Extern(p[i]); Extern(p[i] * 2); Extern(5); Extern(6); Extern(7); }
        return Extern(*p);
    }
    static int Recurse(int n, int k) { if (n <= 0) return k; Extern(k); return Recurse(n - 1, k) + Recurse(n - 2, k); }
    int ServiceEarly(int *p) { return Early(p) + 1; }
    int ServiceCold(int x) {
        if (x == 3) { Never(1); Never(2); return Never(x) * 3 + Never(8); }
        for (int i = 0; i < x; i++) Extern(i);
        return Extern(x);
    }
    int ServiceSame(int x) { return Extern(x) * 7 + Extern(x + 2); }
    struct Two { int a, b; };
    static __attribute__((noinline)) int OneField(struct Two *s) { return Extern(s->a); }
    int ServiceField(void *s) { return OneField(s); }
    int ServiceSwitch(int x) {
        switch (x) { case 0: return Extern(3); case 1: return Extern(55); case 2: return Extern(77);
                     case 3: return Extern(9); case 4: return Extern(12); case 5: return Extern(1); }
        return 0;
    }
    #pragma code_seg("PAGE")
    int PagedSame(int x) { return Extern(x) * 7 + Extern(x + 2); }
    int PagedCaller(int x) { return Nonpaged(x) + Service(x) + Early(&x) + Recurse(x, 3); }
    int PagedField(void *s) { return OneField(s) + 1; }
    #pragma code_seg()
    int Same(int x) { return Extern(x) * 7 + Extern(x + 2); }
    int Caller(int x) { return Nonpaged(x) + Service(x) + Early(&x) + Recurse(x, 3); }
"""


def test_optimisation_moves_no_code_between_sections(compiles, level):
    result = compiles(MIGRANTS, *level)
    expected = {
        "Nonpaged": ".text", "Same": ".text", "Caller": ".text",
        "PagedSame": "PAGE", "PagedCaller": "PAGE", "PagedField": "PAGE",
        "Early": "PAGESER", "Recurse": "PAGESER", "OneField": "PAGESER",
    }
    for name in ("", "Early", "Cold", "Same", "Field", "Switch"):
        expected["Service" + name] = "PAGESER"
    for name, section in expected.items():
        assert result.clones_of(name) == {section}, name
    code = {name for name, kind in result.kinds.items() if kind[1] == "rx"}
    assert code == {".text", "PAGE", "PAGESER"}
    assert "ServiceCold.cold" not in result.symbols


MARKED = """
    #define MARK(n) __asm__ volatile("movl $" #n ", %%eax" : : : "eax")
    static int Nonpaged(int x) { MARK(0x11111111); return x * 3; }
    static inline int Small(int x) { MARK(0x11111112); return x + 1; }
    int Resident(int x) { MARK(0x11111113); if (__builtin_expect(x == 9, 0)) { MARK(0x11111114); return 7; } return x; }
    #pragma code_seg("PAGESER")
    static int Service(int x) { MARK(0x22222221); return Nonpaged(x) + Small(x); }
    int ServiceRead(int x) { MARK(0x22222222); return Service(x) + Service(x + 1); }
    #pragma code_seg("PAGE")
    static int Once(int x) { MARK(0x33333331); return Service(x) * Small(x); }
    int Paged(int x) { MARK(0x33333332); if (__builtin_expect(x == 9, 0)) { MARK(0x33333333); } return Once(x) + Nonpaged(x); }
    #pragma code_seg()
    int Caller(int x) { MARK(0x11111115); return Nonpaged(x) + Small(x) + Service(x) + Paged(x); }
"""


def test_disassembled_code_lies_where_its_author_put_it(compiles, level, tmp_path):
    """Each routine, inlined, split or copied, leaves marks in the code; they are found in its section and in no other."""
    compiles(MARKED, *level)
    listing = subprocess.run(["objdump", "-d", tmp_path / "source.o"], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {}
    for part in listing.split("Disassembly of section ")[1:]:
        section, code = part.split(":", 1)
        for mark in re.findall(r"mov +\$0x([123])\1{6}\d,%eax", code):
            found.setdefault(mark, set()).add(section)
    assert found == {"1": {".text"}, "2": {"PAGESER"}, "3": {"PAGE"}}


def test_switch_tables_and_literals_stay_resident(compiles):
    result = compiles(MIGRANTS + """
        #pragma code_seg("INIT")
        const char *Entry(void) { return "the literal"; }
    """, "-fjump-tables")
    literals = [name for name, data in result.data.items() if data and b"the literal" in data]
    assert literals and all(name.startswith(".rodata") for name in literals)
    assert result.kinds[".rodata"][1] == "r"


def test_inlining_happens_inside_a_section_only(compiler, tmp_path):
    """A call that was inlined leaves no function behind: Helper is gone when its only caller shares its section."""
    source = """
        int Extern(int);
        #pragma code_seg("%s")
        static int Helper(int x) { return Extern(x) * 3; }
        #pragma code_seg("PAGE")
        int Caller(int x) { return Helper(x) + Extern(1); }
    """
    options = ["-finline-functions-called-once"]
    inside, _ = compiler(source % "PAGE", *options)
    across, _ = compiler(source % "PAGESER", *options)
    resident, _ = compiler(source % ".text", *options)
    assert inside.clones_of("Helper") == set()
    assert across.clones_of("Helper") == {"PAGESER"}
    assert resident.clones_of("Helper") == {".text"}


def test_forceinline_helpers_inline_everywhere(compiles, level):
    result = compiles("""
        int Extern(int);
        static inline __attribute__((always_inline)) int Static(int x) { return Extern(x) * 3; }
        inline __attribute__((always_inline)) int Plain(int x) { return Extern(x) * 3; }
        #pragma code_seg("PAGE")
        int Paged(int x) { return Static(x) + Plain(x); }
        #pragma code_seg("INIT")
        int Init(int x) { return Static(x) + Plain(x); }
    """, *level)
    assert result.clones_of("Static") == result.clones_of("Plain") == set()
    assert (result.symbols["Paged"], result.symbols["Init"]) == ("PAGE", "INIT")


def test_an_inline_function_that_was_not_inlined_is_there_once(compiles, level):
    result = compiles("""
        int Extern(int);
        inline int Helper(int x) { return Extern(x) * 3; }
        inline int Unused(int x) { return Extern(x) * 4; }
        #pragma code_seg("PAGE")
        int Paged(int x) { return Helper(x); }
    """, *level)
    assert (result.symbols["Helper"], result.bindings["Helper"]) == (".text", "STB_WEAK")
    assert "Unused" not in result.symbols


def test_nested_functions_stay_with_their_function(compiles):
    result = compiles("""
        int Extern(int), Outer(int);
        #pragma alloc_text(PAGE, Outer)
        int Outer(int x) { __attribute__((noinline)) int Inner(int y) { return Extern(y + 1); } return Inner(x) * 2; }
    """)
    assert result.symbols["Outer"] == "PAGE"
    assert {section for name, section in result.symbols.items() if name.startswith("Inner")} == {"PAGE"}


# --- the macros of section.h --------------------------------------------------------------------------------------

MACROS = """
    #include "section.h"
    int Extern(int), Open(int);
    static int Read(int);
    ALLOC_TEXT(PAGE, Open);
    ALLOC_TEXT(PAGESER, Read);
    int Open(int x) { return Read(x); }
    static int Read(int x) { return Extern(x); }
    INIT_CODE int Entry(int x) { return Read(x); }
    PAGED_CODE_SECTION static int Config(int x) { return Extern(x) + 1; }
    int Resident(int x) { return Config(x); }
    PAGED_DATA int Zero = 0;
    PAGED_BSS static char Large[65536];
    char *Address(void) { return Large; }
    INIT_DATA int InitTable = 5;
    INIT_BSS char InitBuffer[100];
    PAGED_CONST const int Constant = 4;
"""


@pytest.mark.parametrize("plugin", [True, False])
def test_macros_give_the_same_sections(tmp_path, plugin):
    file, output = tmp_path / "macros.c", tmp_path / "macros.o"
    file.write_text(MACROS, encoding="utf-8")
    command = [word for word in driver_command() if plugin or not word.startswith("-fplugin=")]
    subprocess.run(command + ["-c", str(file), "-o", str(output)], cwd=builder.ROOT, check=True)
    result = Object(output)
    assert {name: result.symbols[name] for name in (
        "Open", "Read", "Entry", "Config", "Resident", "Zero", "Large", "InitTable", "InitBuffer", "Constant")} == {
            "Open": "PAGE", "Read": "PAGESER", "Entry": "INIT", "Config": "PAGE", "Resident": ".text",
            "Zero": "PAGEDATA", "Large": "PAGEBSS", "InitTable": "INITDATA", "InitBuffer": "INITBSS",
            "Constant": "PAGECONS"}
    assert result.kinds["PAGEBSS"][0] == result.kinds["INITBSS"][0] == "SHT_NOBITS"
    assert result.kinds["PAGEDATA"] == ("SHT_PROGBITS", "rw")


@pytest.mark.parametrize("pragma", ["alloc_text(PAGE, F)", 'code_seg("PAGE")', 'data_seg("PAGEDATA")', "bss_seg()"])
def test_without_the_plugin_the_pragmas_do_not_pass_silently(tmp_path, pragma):
    file = tmp_path / "bare.c"
    file.write_text(f'#include "section.h"\nint F(int);\n#pragma {pragma}\n', encoding="utf-8")
    command = [word for word in driver_command() if not word.startswith("-fplugin=")]
    done = subprocess.run(command + ["-c", str(file), "-o", str(tmp_path / "bare.o")], cwd=builder.ROOT,
                          stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode != 0 and "attempt to use poisoned" in done.stderr
