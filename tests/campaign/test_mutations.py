"""What a mutant is: one small change of what decides, and Python still."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.campaign.mutants import PACKAGES, ROOT, Lines, drawn
from tests.campaign.mutations import mutations

CASES: tuple[tuple[str, set[str]], ...] = (
    ("x = a < b", {"x = (a <= b)", "x = (a >= b)"}),
    ("x = a == b", {"x = (a != b)"}),
    ("x = a in b", {"x = (a not in b)"}),
    ("x = a is None", {"x = (a is not None)"}),
    ("x = a and b", {"x = ((a) or (b))", "x = (a)", "x = (b)"}),
    ("x = not a", {"x = (a)"}),
    ("x = 5", {"x = (5 + 1)", "x = (5 - 1)"}),
    ("x = True", {"x = False"}),
    ("x = a + b", {"x = (a - b)"}),
    ("x = max(a)", {"x = min(a)"}),
    ("x = f(a, b)", {"x = f(b, a)"}),
    ("f(a)", {"pass"}),
    ("x += a", {"pass"}),
    ("if a:\n    x = y", {"if (not (a)):\n    x = y"}),
    ("x = [a for a in b if c]", {"x = [a for a in b if (not (c))]"}),
    ("def f():\n    return a", {"def f():\n    return None"}),
    ("x = a if b else c", {"x = (c if b else a)"}),
    ("raise a", {"pass"}),
    ("ж = а < b", {"ж = (а <= b)", "ж = (а >= b)"}),  # places are bytes
    (
        "x = 'select a from b where c <= 1 order by d desc'",
        {
            "x = 'select a from b where c < 1 order by d desc'",
            "x = 'select a from b where c <= 1 + 1 order by d desc'",
            "x = 'select a from b where c <= 1 order by d asc'",
        },
    ),
    ('"""Says 5 < 6."""\nassert a < 5\nimport b', set()),
    ("def f(a: int | None) -> list[int]: ...", set()),
    ("x = 'no words of the database'", set()),
    ("x = f'{a} < {b}'", set()),
)


@pytest.mark.parametrize(("source", "changed"), CASES)
def test_a_mutant_is_one_change_of_what_decides(source: str, changed: set[str]) -> None:
    data = source.encode()
    assert {mutation.of(data).decode() for mutation in mutations(data)} == changed


@pytest.mark.parametrize("file", ["monitor/feeds/guard.py", "monitor/store/ledger.py"])
def test_every_mutant_of_ours_is_python_and_differs(file: str) -> None:
    source = Path(ROOT, file).read_bytes()
    found = mutations(source)
    assert len(found) > 20
    for mutation in found[::9]:
        changed = mutation.of(source)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source)), mutation


def test_a_draw_is_repeatable_by_its_seed() -> None:
    one, again, other = (drawn("guard", count=9, seed=seed) for seed in (1, 1, 2))
    assert one == again != other
    assert {file for file, _ in one} <= {*PACKAGES["guard"][0].split()}


def test_the_tests_of_a_line_are_its_own_and_the_quick_ones_first() -> None:
    passed = {
        "m.py": {
            1: frozenset({"tests/b.py::slow", "tests/a.py::x", "tests/b.py::quick"}),
            2: frozenset[str](),
        }
    }
    lines = Lines(
        passed, {"tests/b.py::slow": 5.0, "tests/b.py::quick": 1.0, "tests/a.py::x": 0.1}, frozenset()
    )
    assert lines.tests("m.py", [1], own="tests/b", seconds=9) == [
        "tests/b.py::quick",
        "tests/b.py::slow",
        "tests/a.py::x",
    ]
    assert lines.tests("m.py", [1], own="tests/a", seconds=2) == ["tests/a.py::x", "tests/b.py::quick"]
    assert len(lines.tests("m.py", [2], own="tests/a", seconds=9)) == 3, (
        "run when imported: those of the module"
    )
    assert lines.tests("table.py", [1], own="tests/a", seconds=9) == ["tests/a.py::x"]
