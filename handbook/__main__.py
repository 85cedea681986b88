"""`python -m handbook site [FOLDER]` builds the site; `… reference` writes the pages of the reference."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main(words: list[str] | None = None) -> int:
    """The exit status: 1 where a link of the site leads nowhere."""
    parser = argparse.ArgumentParser(prog="python -m handbook", description=__doc__)
    parser.add_argument("what", choices=["site", "reference"])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "site")
    asked = parser.parse_args(words)
    if asked.what == "reference":
        from handbook import reference

        for path, text in reference.pages(ROOT).items():
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(text, "utf-8")
            print(path)
        return 0
    from handbook import site

    built = site.build(ROOT, asked.folder)
    for fault in built.faults:
        print(fault, file=sys.stderr)
    print(f"{asked.folder / 'index.html'}: {built.pages} pages")
    return 1 if built.faults else 0


if __name__ == "__main__":
    sys.exit(main())
