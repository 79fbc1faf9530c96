"""Print a replay's results as a table for the docs: a row for a build, a column for a program.

python tools/matrix.py docs/pr-5972.toml results.json

`finfuzz replay --config docs/pr-5972.toml --json results.json` writes the results.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

_SHORT = {
    "SIGABRT/internals-recreated": "guard",
    "SIGABRT/internals-recreated-silently": "silently",
}


def main() -> None:
    config, results = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())["results"]
    cases = list(dict.fromkeys(one["case"] for one in results))
    builds = list(dict.fromkeys(one["target"] for one in results))
    texts = {(one["target"], one["case"]): _format_cell(one) for one in results}
    print(f"<!-- written by tools/matrix.py from {config.name} -->")
    print("| | " + " | ".join(f"`{case}`" for case in cases) + " |")
    print("| --- |" + " --- |" * len(cases))
    for build in builds:
        cells = " | ".join(texts.get((build, case), "") for case in cases)
        print(f"| `{build.removeprefix('pybind11==')}` | {cells} |")


def _format_cell(result: dict[str, object]) -> str:
    seen = result["seen"]
    assert isinstance(seen, list)
    if result["what"] == "not runnable":
        return "not run"
    return "<br>".join(_SHORT.get(one) or str(one) for one in seen) if seen else "·"


if __name__ == "__main__":
    main()
