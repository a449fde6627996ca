"""
Matching expected text against seen text.

An expected line is literal, except that
    ...            skips text; beside a blank it skips whole words (a line of its own skips any number of lines),
    {{re}}         is a regular expression,
    {{name:=re}}   is one whose match is kept under `name`,
    {{$name}}      is the text kept under `name`, by an earlier line or further left in this one,
and a run of blanks matches any run of blanks, since tables widen with what is in them. Blank lines count for nothing.
"""

import re
from dataclasses import dataclass

CAPTURE = re.compile(r"([A-Za-z_]\w*):=(.*)", re.S)
SKIP = "..."


class PatternError(Exception):
    """An expected line that means nothing: a bad regular expression, or a name never captured."""


def fields(text):
    """The {{fields}} of a line as (start, end, content). A field ends at the first }} with its own braces in pairs."""
    found = []
    start = text.find("{{")
    while start >= 0:
        end = text.find("}}", start + 2)
        while end >= 0 and text.count("{", start + 2, end) != text.count("}", start + 2, end):
            end = text.find("}}", end + 1)
        if end < 0:
            break
        found.append((start, end + 2, text[start + 2:end]))
        start = text.find("{{", end + 2)
    return found


def replace_fields(text, replacement):
    """`text` with every field replaced by replacement(content)."""
    for start, end, content in reversed(fields(text)):
        text = text[:start] + replacement(content) + text[end:]
    return text


def substitute(text, variables):
    """`text` with every {{$name}} replaced; other fields are an error, since typed text is not a pattern."""

    def value(field):
        if not field.startswith("$"):
            raise PatternError(f"'{{{{{field}}}}}' in typed text: only {{{{$name}}}} may stand here")
        return lookup(field[1:], variables)

    return replace_fields(text, value)


def lookup(name, variables):
    if name not in variables:
        raise PatternError(f"nothing was captured as '{name}' before this line")
    return variables[name]


def literal(text):
    """Regular expression for text without fields: `...` skips, blanks match blanks, the rest is itself."""
    out = []
    position = 0
    for match in re.finditer(r"(\s*)\.\.\.(\s*)|\s+", text):
        out.append(re.escape(text[position:match.start()]))
        position = match.end()
        if match.group(1) is None:
            out.append(r"\s+")
        else:
            # A blank beside the dots says that the word there ends, or begins: "kind ..." is not the start of "kinds".
            out.append((r"(?!\w)" if match.group(1) else "") + ".*?" + (r"(?<!\w)" if match.group(2) else ""))
    out.append(re.escape(text[position:]))
    return "".join(out)


def compile_line(text, variables):
    """The compiled pattern of one expected line. Raises PatternError."""
    text = text.strip()
    # Fields become private-use characters first, so that `... {{x}}` keeps its blanks around the skip.
    contents = [content for _, _, content in fields(text)]
    numbers = iter(range(len(contents) - 1, -1, -1))
    skeleton = literal(replace_fields(text, lambda _: chr(0xE000 + next(numbers))))
    captured = set()
    for index, content in enumerate(contents):
        skeleton = skeleton.replace(chr(0xE000 + index), field_expression(content, variables, captured))
    try:
        return re.compile(skeleton)
    except re.error as error:
        raise PatternError(f"bad regular expression in '{text}': {error}") from None


def field_expression(field, variables, captured):
    """The regular expression of one field. Captured: names that fields before it in the line capture; may gain one."""
    if field.startswith("$"):
        return f"(?P={field[1:]})" if field[1:] in captured else re.escape(lookup(field[1:], variables))
    capture = CAPTURE.fullmatch(field)
    if capture:
        captured.add(capture.group(1))
        return f"(?P<{capture.group(1)}>{capture.group(2)})"
    return f"(?:{field})"


def captured_names(text):
    """Names that an expected line captures."""
    return [match.group(1) for match in (CAPTURE.fullmatch(content) for _, _, content in fields(text)) if match]


def used_names(text):
    """Names that a line refers to and does not itself capture before."""
    used, captured = [], set()
    for _, _, content in fields(text):
        capture = CAPTURE.fullmatch(content)
        if capture:
            captured.add(capture.group(1))
        elif content.startswith("$") and content[1:] not in captured:
            used.append(content[1:])
    return used


def drop_blank(lines):
    return [line for line in lines if line.strip()]


@dataclass
class Matched:
    """How many seen lines a list of expected lines used up, and what it captured."""
    used: int
    captures: dict


def match_lines(expected, seen, variables, to_end):
    """
    Matches the expected lines against the seen ones in order, from the first.

    With `to_end` the seen lines must be used up; without it, the shortest match wins (so that an action that follows
    can start as soon as it may). Returns Matched, or None.
    """
    seen_at = [line.strip() for line in seen]
    variables = dict(variables)
    captures = {}
    i = j = 0
    back_i = back_j = None
    saved = None
    while True:
        if i == len(expected) and (j == len(seen_at) or not to_end):
            return Matched(j, captures)
        if i < len(expected) and expected[i].strip() == SKIP:
            back_i, back_j, saved = i, j, (dict(variables), dict(captures))
            i += 1
            continue
        found = None
        if i < len(expected) and j < len(seen_at):
            found = compile_line(expected[i], variables).fullmatch(seen_at[j])
        if found:
            captures.update(found.groupdict())
            variables.update(found.groupdict())
            i, j = i + 1, j + 1
        elif back_i is not None and back_j < len(seen_at):
            # The last skip takes one more line. Earlier skips need not: what they led to has matched already.
            back_j += 1
            i, j = back_i + 1, back_j
            variables, captures = dict(saved[0]), dict(saved[1])
        else:
            return None


def diff(expected, seen, variables):
    """Both sides aligned: two blanks before a line that matched, `-` only expected, `+` only seen."""
    patterns = [None if line.strip() == SKIP else compile_or_none(line, variables) for line in expected]
    skip = [line.strip() == SKIP for line in expected]
    rows, columns = len(expected), len(seen)
    # cost[i][j]: fewest marked lines in aligning expected[i:] with seen[j:].
    cost = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows, -1, -1):
        for j in range(columns, -1, -1):
            cost[i][j] = min((c for c, _ in moves(i, j, rows, columns, skip, patterns, seen, cost)), default=0)
    out = []
    i = j = 0
    while (i, j) != (rows, columns):
        _, move = min(moves(i, j, rows, columns, skip, patterns, seen, cost), key=lambda choice: choice[0])
        if move == "match":
            out.append("  " + seen[j])
        elif move == "skipped":
            out.append("  " + seen[j])
            j += 1
            continue
        elif move == "skip ends":
            i += 1
            continue
        elif move == "missing":
            out.append("- " + expected[i].strip())
            i += 1
            continue
        else:
            out.append("+ " + seen[j])
            j += 1
            continue
        i, j = i + 1, j + 1
    return out


def compile_or_none(line, variables):
    try:
        return compile_line(line, variables)
    except PatternError:
        return None


def moves(i, j, rows, columns, skip, patterns, seen, cost):
    """Ways on from (i, j) in the alignment, with what each costs to the end."""
    choices = []
    if i < rows and skip[i]:
        choices.append((cost[i + 1][j], "skip ends"))
        if j < columns:
            choices.append((cost[i][j + 1], "skipped"))
        return choices
    if i < rows and j < columns and patterns[i] and patterns[i].fullmatch(seen[j].strip()):
        choices.append((cost[i + 1][j + 1], "match"))
    if i < rows:
        choices.append((1 + cost[i + 1][j], "missing"))
    if j < columns:
        choices.append((1 + cost[i][j + 1], "extra"))
    return choices
