"""A YAML file as nodes that know where they stand: the only module that uses PyYAML.

Every scalar is text, exactly as typed: `NO`, `on`, `12:30` and `010` mean what they say. Anchors, aliases,
tags and second documents are refused: an alias bomb is read in a blink and explodes when it is walked.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import yaml

from monitor.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

DEEPEST = 20  # levels of lists and maps; a rule file needs six

# libyaml reads 200 rules in 26 ms; the loader in Python takes over where the C one is not built.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_REMEDIES = (
    ("\\t", "indent with spaces, not with tabs"),
    ("mapping values are not allowed", "put a text that holds a colon in quotes, or check the indentation"),
    ("expected <block end>", "check the indentation, and the brackets and quotes above"),
    ("could not find expected ':'", "check the indentation, or add the colon after the key"),
    ("expected ',' or", "close the bracket, or add the comma"),
    ("YAML does not allow", "remove it"),
    ("end of stream", "close the quote or bracket"),
    ("cannot start any token", "put the text in quotes"),
    ("unknown escape character", "use single quotes, in which a backslash is only a backslash"),
)


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file: a scalar, a list or a map, and where it begins (1-based).

    `inset` is how far a scalar's text begins after its column (1 in quotes), or None where the text runs
    over several lines and a place inside it has no column of its own.
    """

    file: str
    line: int
    column: int
    kind: str
    text: str = ""
    items: tuple[Node, ...] = ()
    pairs: tuple[tuple[Node, Node], ...] = ()
    inset: int | None = 0

    def fault(self, what: str, remedy: str = "") -> Fault:
        """The mistake at this node's place."""
        return Fault(self.file, self.line, self.column, what, remedy)

    def fault_at(self, offset: int, what: str, remedy: str = "") -> Fault:
        """The mistake at an offset into a scalar's text; at its beginning where that has no column."""
        shift = 0 if self.inset is None else self.inset + offset
        return Fault(self.file, self.line, self.column + shift, what, remedy)


def read(file: str, text: str, faults: list[Fault]) -> Node | None:
    """The file's only document; None where it is empty or cannot be read (then `faults` says why)."""
    text = text.removeprefix("\ufeff")
    try:
        return _Reader(file, text, faults).document()
    except _RefusedError as refused:
        faults.append(refused.fault)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        faults.append(_syntax_fault(file, text, error))
    return None


def fields(node: Node, known: Collection[str], faults: list[Fault], *, what: str) -> dict[str, Node]:
    """A map's values by key; of a key that stands twice, the first.

    Appends a fault for a node that is no map, a key that stands twice, and a key that is not `known`.
    `what` names the map in a message: "a rule". A misspelt key counts as the one that was meant, so that one
    mistake is one fault.
    """
    if node.kind != "map":
        faults.append(node.fault(f"{what} must be keys and values, not {_described(node)}"))
        return {}
    found: dict[str, tuple[Node, Node]] = {}
    misspelt: dict[str, tuple[Node, Node]] = {}
    for key, value in node.pairs:
        if key.kind != "scalar":
            faults.append(key.fault(f"a key must be a text, not {_described(key)}"))
        elif key.text in found:
            first = found[key.text][0]
            faults.append(key.fault(f'"{key.text}" appears twice (first at line {first.line})'))
        elif key.text in known:
            found[key.text] = (key, value)
        else:
            faults.append(key.fault(f'unknown key "{key.text}"', nearest(key.text, known)))
            misspelt.update((meant, (key, value)) for meant in _nearest(key.text, known))
    return {key: value for key, (_, value) in (misspelt | found).items()}


def entries(node: Node, faults: list[Fault], *, what: str) -> tuple[tuple[Node, Node], ...]:
    """The (key, value) pairs of a map whose keys are the writer's own names, each name once."""
    if not node.text and node.kind == "scalar":
        return ()
    fields(node, [key.text for key, _ in node.pairs], faults, what=what)
    firsts: dict[str, tuple[Node, Node]] = {}
    for key, value in node.pairs:
        if key.kind == "scalar":
            firsts.setdefault(key.text, (key, value))
    return tuple(firsts.values())


def packed(node: Node) -> Any:
    """The node without its file, as values that JSON can hold; `unpacked` makes it whole again."""
    head = [node.line, node.column]
    if node.kind == "list":
        return [*head, [packed(item) for item in node.items]]
    if node.kind == "map":
        return [*head, {"pairs": [[packed(key), packed(value)] for key, value in node.pairs]}]
    return [*head, node.text, node.inset]


def unpacked(file: str, value: Any) -> Node:
    """The node that `packed` packed."""
    line, column, content, *inset = value
    if isinstance(content, list):
        return Node(file, line, column, "list", items=tuple(unpacked(file, item) for item in content))
    if isinstance(content, dict):
        pairs = tuple((unpacked(file, key), unpacked(file, one)) for key, one in content["pairs"])
        return Node(file, line, column, "map", pairs=pairs)
    return Node(file, line, column, "scalar", text=content, inset=inset[0])


def text(node: Node, faults: list[Fault], *, what: str) -> str:
    """A scalar's text without white space round it; "" and a fault where there is none."""
    if node.kind != "scalar":
        faults.append(node.fault(f"{what} must be a text, not {_described(node)}"))
        return ""
    if not node.text.strip():
        faults.append(node.fault(f"{what} is empty"))
    return node.text.strip()


def scalars(node: Node, faults: list[Fault], *, what: str) -> tuple[Node, ...]:
    """The scalars of a list that hold a text; a lone scalar is a list of one.

    Appends a fault for a map, for an empty value, and for each item that is no text.
    """
    if node.kind == "map":
        faults.append(node.fault(f"{what} must be a list, not {_described(node)}"))
        return ()
    if node.kind == "scalar":
        return (node,) if text(node, faults, what=what) else ()
    return tuple(item for item in node.items if text(item, faults, what=f"an item of {what}"))


def texts(node: Node, faults: list[Fault], *, what: str) -> tuple[str, ...]:
    """The texts of a list of scalars, or of a lone scalar."""
    return tuple(item.text.strip() for item in scalars(node, faults, what=what))


def nearest(word: str, known: Iterable[str]) -> str:
    """The remedy for a misspelt word: 'did you mean "severity"?', or "" where nothing comes close."""
    return "".join(f'did you mean "{close}"?' for close in _nearest(word, known))


def _nearest(word: str, known: Iterable[str]) -> list[str]:
    return get_close_matches(word, sorted(known), n=1, cutoff=0.6)


def _described(node: Node) -> str:
    """What kind of thing it is; not what it says, which may be a password in the wrong place."""
    if node.kind == "scalar":
        return "a text" if node.text else "empty"
    return "a list" if node.kind == "list" else "a map"


class _RefusedError(Exception):
    """A document that YAML allows and we do not; nothing after the place is read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class _Reader:
    """One walk over a file's parsing events."""

    def __init__(self, file: str, text: str, faults: list[Fault]) -> None:
        self._file = file
        self._faults = faults
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))

    def document(self) -> Node | None:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise _RefusedError(
                    self._fault(event, "a second document begins here", 'remove the "---" line')
                )
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, 1)
        return None if root is None or (root.kind == "scalar" and not root.text) else root

    def _node(self, event: Any, depth: int) -> Node:
        if depth > DEEPEST:
            raise _RefusedError(self._fault(event, f"lists and maps stand more than {DEEPEST} levels deep"))
        self._refuse_machinery(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._placed(event, "list", items=tuple(self._members(depth)))
        if isinstance(event, yaml.MappingStartEvent):
            members = self._members(depth)
            return self._placed(event, "map", pairs=tuple(zip(members, members, strict=False)))
        return self._placed(event, "scalar", text=_text(event), inset=_inset(event))

    def _members(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, yaml.CollectionEndEvent):
                return
            yield self._node(event, depth + 1)

    def _refuse_machinery(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._faults.append(
                self._fault(event, f'an alias ("*{event.anchor}") is not allowed', "write the value out")
            )
        elif event.anchor is not None:
            self._faults.append(
                self._fault(event, f'an anchor ("&{event.anchor}") is not allowed', "write each value out")
            )
        elif event.tag is not None:
            self._faults.append(
                self._fault(event, "a YAML tag is not allowed", 'put a text that begins with "!" in quotes')
            )

    def _placed(self, event: Any, kind: str, **content: Any) -> Node:
        mark = event.start_mark
        return Node(self._file, mark.line + 1, mark.column + 1, kind, **content)

    def _fault(self, event: Any, what: str, remedy: str = "") -> Fault:
        return self._placed(event, "scalar").fault(what, remedy)


def _text(event: Any) -> str:
    """A scalar's text; of an alias, which has been refused, its name."""
    return str(event.anchor if isinstance(event, yaml.AliasEvent) else event.value)


def _inset(event: Any) -> int | None:
    if event.start_mark.line != event.end_mark.line:
        return None
    return 1 if getattr(event, "style", None) in ("'", '"') else 0


def _syntax_fault(file: str, text: str, error: Exception) -> Fault:
    """What is wrong, in the words of the loader written in Python, which says more and says it nearer."""
    try:
        for _ in yaml.parse(text, Loader=yaml.SafeLoader):
            pass
    except yaml.YAMLError as better:
        error = better
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "a character that YAML does not allow"
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else _strange_place(text, error)
    remedy = next((remedy for sign, remedy in _REMEDIES if sign in problem), "")
    return Fault(file, line, column, f"not readable as YAML: {problem}", remedy)


def _strange_place(text: str, error: Exception) -> tuple[int, int]:
    """Line and column of the character that no YAML file may hold."""
    offset = getattr(error, "position", None)
    before = text[: offset if isinstance(offset, int) else getattr(error, "start", 0)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")
