"""
What a %check says: a comparison of captured values, such as `$after == $before + 8`.

Captured text that reads as a number (decimal, or 0x hexadecimal) is one; anything else compares as text. Beside $names
there are numbers, 'quoted text', + - *, brackets, and == != < <= > >=, joined by `and`.
"""

import ast
import operator
import re

COMPARISONS = {ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
               ast.Gt: operator.gt, ast.GtE: operator.ge}
ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


# Stands before a name while Python's parser looks at a check, so that names may be words of Python's ("in").
NAME = "captured_"


class CheckError(Exception):
    """A check that means nothing."""


def holds(text, variables):
    """Whether the check holds. Raises CheckError."""
    try:
        tree = ast.parse(re.sub(r"\$(\w+)", NAME + r"\1", text), mode="eval").body
    except SyntaxError:
        raise CheckError(f"'{text}' is not a comparison") from None
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    return all(compare(part, text, variables) for part in parts)


def compare(node, text, variables):
    if not isinstance(node, ast.Compare):
        raise CheckError(f"'{text}' is not a comparison")
    values = [evaluate(part, text, variables) for part in [node.left] + node.comparators]
    for sign, left, right in zip(node.ops, values, values[1:]):
        if type(sign) not in COMPARISONS:
            raise CheckError(f"'{text}': no such comparison")
        if isinstance(left, int) != isinstance(right, int):
            left, right = str(left), str(right)
        if not COMPARISONS[type(sign)](left, right):
            return False
    return True


def evaluate(node, text, variables):
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, str)):
        return node.value
    if isinstance(node, ast.Name) and node.id.startswith(NAME):
        return number_or_text(variables[node.id.removeprefix(NAME)])
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        left, right = evaluate(node.left, text, variables), evaluate(node.right, text, variables)
        if not isinstance(left, int) or not isinstance(right, int):
            raise CheckError(f"'{text}': '{left}' and '{right}' are not both numbers")
        return ARITHMETIC[type(node.op)](left, right)
    raise CheckError(f"'{text}': only $names, numbers, quoted text, + - * and comparisons may stand here")


def number_or_text(value):
    try:
        return int(value, 0)
    except ValueError:
        return int(value) if value.isdigit() else value


def with_values(text, variables):
    """The check with values in place of names, for a message."""
    return re.sub(r"\$(\w+)", lambda match: variables.get(match.group(1), match.group()), text)
