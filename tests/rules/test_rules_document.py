"""YAML files as nodes: every scalar a text, every node a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules import document

if TYPE_CHECKING:
    from monitor.errors import Fault
    from monitor.rules.document import Node


def node(text: str) -> Node:
    faults: list[Fault] = []
    found = document.read("f.yaml", text, faults)
    assert found is not None
    assert not faults
    return found


def test_scalars_are_text_as_typed() -> None:
    listed = node("[NO, on, 12:30, 010, 1e3, null, ~, =, 'it''s']")
    assert [item.text for item in listed.items] == [
        "NO",
        "on",
        "12:30",
        "010",
        "1e3",
        "null",
        "~",
        "=",
        "it's",
    ]


def test_nodes_know_where_they_stand() -> None:
    root = node("a: x\nb:\n  - y\n  - {c: 'z'}\n")
    assert (root.kind, root.line, root.column) == ("map", 1, 1)
    (_, x), (b, listed) = root.pairs
    assert [(at.line, at.column) for at in (x, b, listed, *listed.items)] == [
        (1, 4),
        (2, 1),
        (3, 3),
        (3, 5),
        (4, 5),
    ]
    quoted = listed.items[1].pairs[0][1]
    assert str(quoted.fault_at(0, "here")) == "f.yaml:4:10: here"
    assert str(quoted.fault("here", "do this")) == "f.yaml:4:9: here - do this"


def test_a_place_inside_a_text_of_several_lines_is_its_beginning() -> None:
    folded = node("a: >\n  one\n  two\n").pairs[0][1]
    assert folded.text == "one two\n"
    assert str(folded.fault_at(5, "here")) == "f.yaml:1:4: here"


def test_an_empty_file_is_none_and_no_fault() -> None:
    for text in ("", "# only a comment\n", "\ufeff", "---\n"):
        faults: list[Fault] = []
        assert document.read("f.yaml", text, faults) is None
        assert faults == []


def test_what_is_no_text_at_all_is_a_fault_and_never_a_crash() -> None:
    for text in ("a: \ud800", "\x00", "a: [" * 5_000, "{" * 5_000, "? " * 5_000, "%YAML 9.9\n---\na", "@"):
        faults: list[Fault] = []
        document.read("f.yaml", text, faults)
        assert faults, repr(text[:9])
        assert all(fault.line >= 1 and fault.column >= 1 for fault in faults)


def test_fields_keeps_what_is_sound() -> None:
    faults: list[Fault] = []
    found = document.fields(node("{a: 1, a: 2, b: 3, [c]: 4, d: 5}"), ("a", "d"), faults, what="a thing")
    assert {key: value.text for key, value in found.items()} == {"a": "1", "d": "5"}
    assert [fault.what for fault in faults] == [
        '"a" appears twice (first at line 1)', 'unknown key "b"', "a key must be a text, not a list",
    ]  # fmt: skip


def test_entries_are_those_of_the_writers_own_names() -> None:
    faults: list[Fault] = []
    assert [
        key.text for key, _ in document.entries(node("{x: 1, y: 2, x: 3, [z]: 4}"), faults, what="m")
    ] == ["x", "y"]
    assert len(faults) == 2
    empty = node("a:\n").pairs[0][1]
    assert document.entries(empty, faults, what="m") == ()
    assert len(faults) == 2


def test_texts_takes_a_list_or_a_lone_text() -> None:
    faults: list[Fault] = []
    assert document.texts(node("[a, ' b ']"), faults, what="it") == ("a", "b")
    assert document.texts(node("a"), faults, what="it") == ("a",)
    assert faults == []
    assert document.texts(node("[a, '', [b]]"), faults, what="it") == ("a",)
    assert document.texts(node("{a: b}"), faults, what="it") == ()
    assert document.texts(node("a:").pairs[0][1], faults, what="it") == ()
    assert [fault.what for fault in faults] == [
        "an item of it is empty", "an item of it must be a text, not a list", "it must be a list, not a map",
        "it is empty",
    ]  # fmt: skip


def test_nearest_says_nothing_where_nothing_comes_close() -> None:
    assert document.nearest("severty", ["severity", "send"]) == 'did you mean "severity"?'
    assert document.nearest("colour", ["severity", "send"]) == ""
