"""One small wrong change at a time: every mutant of a module, as a patch of its text.

Python is changed where its syntax tree says that something is decided or computed, SQL where a statement
compares, joins, sorts or counts. What only says something (docstrings, annotations, other texts), and what
states the impossible (asserts), is left alone.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Mutation:
    """A change of one stretch of a file: bytes `start` to `stop` become `text`; `line` is where it begins.

    `lines` are those of the statement that holds it, by which its tests are found.
    """

    line: int
    lines: range
    start: int
    stop: int
    before: str
    text: str

    def of(self, source: bytes) -> bytes:
        """The file after the change."""
        return source[: self.start] + self.text.encode() + source[self.stop :]

    def __str__(self) -> str:
        before, after = " ".join(self.before.split()), " ".join(self.text.split())
        pairs = enumerate(zip(before, after, strict=False))
        head = next((at for at, (old, new) in pairs if old != new), 0) if len(before) > _WIDE else 0
        return f"{self.line}: {_window(before, head)}  =>  {_window(after, head)}"


_WIDE = 70  # characters that are shown of what was there, and of what is there instead


def _window(text: str, head: int) -> str:
    start = max(0, head - _WIDE // 2)
    end = start + _WIDE
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_SQL = re.compile(r"\s*(select|insert|update|delete|with|replace)\s", re.IGNORECASE)
_SQL_CHANGES = (
    (r"(?<=\s)<=(?=\s)", ("<",)),
    (r"(?<=\s)>=(?=\s)", (">",)),
    (r"(?<=\s)<(?=\s)", ("<=", ">")),
    (r"(?<=\s)>(?=\s)", (">=", "<")),
    (r"(?<=\s)=(?=\s)", ("<>",)),
    (r"\band\b", ("or",)),
    (r"\bor\b(?! (?:ignore|replace))", ("and",)),
    (r"\bis null\b", ("is not null",)),
    (r"\bis not null\b", ("is null",)),
    (r"\bdesc\b", ("asc",)),
    (r"\bmin\(", ("max(",)),
    (r"\bmax\(", ("min(",)),
    (r"\bnot exists\b", ("exists",)),
    (r"\bnot in\b", ("in",)),
    (r"\bdistinct\b ?", ("",)),
    (r"(?<![\w?.'\-])\d+(?![\w.'])", ("1 + {}",)),
    (r"(?<= )\+(?= )", ("-",)),
)


def mutations(source: bytes) -> list[Mutation]:
    """Every mutant of a module, in the order of its text. Raises SyntaxError where it is no Python."""
    tree = ast.parse(source)
    offsets = [0]
    for line in source.splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line))
    conditions = set(_conditions(tree))
    found = [
        Mutation(
            node.lineno,
            lines,
            *(span := _span(node, offsets)),
            before=source[span[0] : span[1]].decode(),
            text=text,
        )
        for node, lines in _sites(tree)
        for text in (
            *_changes(node, source[slice(*_span(node, offsets))].decode()),
            *([f"(not ({ast.unparse(node)}))"] if node in conditions and not _is_told(node) else []),
        )
    ]
    return sorted(found, key=lambda one: (one.start, one.text))


def _span(node: ast.stmt | ast.expr, offsets: list[int]) -> tuple[int, int]:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return offsets[node.lineno - 1] + node.col_offset, offsets[node.end_lineno - 1] + node.end_col_offset


# ---- where -------------------------------------------------------------------------------------------------


def _sites(tree: ast.Module) -> Iterator[tuple[ast.stmt | ast.expr, range]]:
    """Every node that may be changed, with the lines of the statement (of its head) that holds it."""
    for statement in _statements(tree.body):
        lines = range(statement.lineno, _head_end(statement) + 1)
        yield statement, lines
        for expression in _own_expressions(statement):
            for node in _expressions(expression):
                yield node, lines


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.Assert, ast.Global)):
            continue
        if isinstance(statement, ast.If) and _names(statement.test) == "TYPE_CHECKING":
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # a docstring
        yield statement
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.stmt):
                yield from _statements([child])
            elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
                yield from _statements(child.body)


def _head_end(statement: ast.stmt) -> int:
    body: list[ast.stmt] = getattr(statement, "body", [])
    if isinstance(statement, ast.Match):
        return statement.subject.end_lineno or statement.lineno
    if body:
        return max(statement.lineno, body[0].lineno - 1)
    return statement.end_lineno or statement.lineno


def _own_expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement itself: not of the statements in it, nor its annotations."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from (one for one in (*statement.args.defaults, *statement.args.kw_defaults) if one)
        case ast.ClassDef():
            return
        case ast.AnnAssign():
            if statement.value:
                yield statement.value
        case ast.With():
            yield from (item.context_expr for item in statement.items)
        case _:
            yield from (one for one in ast.iter_child_nodes(statement) if isinstance(one, ast.expr))


def _expressions(node: ast.expr) -> Iterator[ast.expr]:
    """The expression and all within it; texts that are filled in (f-strings) have no places to go by."""
    if isinstance(node, ast.JoinedStr):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _expressions(child)
        elif isinstance(child, ast.comprehension):
            for one in (child.iter, *child.ifs):
                yield from _expressions(one)
        elif isinstance(child, ast.keyword):
            yield from _expressions(child.value)


def _conditions(tree: ast.Module) -> Iterator[ast.expr]:
    """What decides whether something is done."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.While)):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.match_case) and node.guard:
            yield node.guard


def _is_told(node: ast.stmt | ast.expr) -> bool:
    """Whether its own changes turn it round already."""
    return isinstance(node, (ast.Compare, ast.BoolOp, ast.Constant)) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )


def _names(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


# ---- how ---------------------------------------------------------------------------------------------------


def _changes(node: ast.stmt | ast.expr, text: str) -> Iterator[str]:
    """The texts that may stand in place of a node's."""
    match node:
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant) or value.value:
            yield "return None"
        case ast.Raise() | ast.Continue() | ast.Break() | ast.AugAssign() | ast.Delete():
            yield "pass"
        case ast.Expr(value=ast.Call()):
            yield "pass"
        case ast.Compare():
            yield from _compared(node)
        case ast.BoolOp(op=op, values=values):
            word = " or " if isinstance(op, ast.And) else " and "
            yield f"({word.join(f'({ast.unparse(value)})' for value in values)})"
            yield from (f"({ast.unparse(_without(node, at))})" for at in range(len(values)))
        case ast.UnaryOp() | ast.IfExp():
            yield from _turned(node)
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC and not _is_text(node.left):
            yield f"({ast.unparse(ast.BinOp(node.left, _ARITHMETIC[type(op)](), node.right))})"
        case ast.Constant():
            yield from _other_constants(node.value, text)
        case ast.Call():
            yield from _called(node)


def _turned(node: ast.UnaryOp | ast.IfExp) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield f"({ast.unparse(ast.IfExp(node.test, node.orelse, node.body))})"
    elif isinstance(node.op, ast.Not):
        yield f"({ast.unparse(node.operand)})"


def _compared(node: ast.Compare) -> Iterator[str]:
    for at, op in enumerate(node.ops):
        for other in _COMPARISONS[type(op)]:
            ops = [*node.ops[:at], other(), *node.ops[at + 1 :]]
            yield f"({ast.unparse(ast.Compare(node.left, ops, node.comparators))})"


def _without(node: ast.BoolOp, at: int) -> ast.expr:
    left = [*node.values[:at], *node.values[at + 1 :]]
    return left[0] if len(left) == 1 else ast.BoolOp(node.op, left)


def _other_constants(value: object, text: str) -> Iterator[str]:
    match value:
        case bool():
            yield str(not value)
        case int() | float():
            yield f"({value!r} + 1)"
            yield f"({value!r} - 1)"
        case str() if _SQL.match(value):
            yield from _other_sql(text)


def _other_sql(text: str) -> Iterator[str]:
    for pattern, others in _SQL_CHANGES:
        for found in re.finditer(pattern, text):
            for other in others:
                yield text[: found.start()] + other.format(found.group()) + text[found.end() :]


def _called(node: ast.Call) -> Iterator[str]:
    if other := _CALLS.get(_names(node.func)):
        yield ast.unparse(ast.Call(ast.Name(other), node.args, node.keywords))
    for at in range(len(node.args) - 1):
        pair = node.args[at : at + 2]
        if any(isinstance(one, ast.Starred) for one in pair) or ast.dump(pair[0]) == ast.dump(pair[1]):
            continue
        swapped = [*node.args[:at], pair[1], pair[0], *node.args[at + 2 :]]
        yield ast.unparse(ast.Call(node.func, swapped, node.keywords))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
