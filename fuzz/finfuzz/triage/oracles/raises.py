"""Steps that raise here, and neither on the control nor earlier in the program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from finfuzz.executor.deviation import Deviation
from finfuzz.executor.raised import Raised
from finfuzz.triage.oracles.meanings import Meaning
from finfuzz.triage.oracles.ran import Ran

#: Addresses, quoted names, but no apostrophes, paths, which differ between machines, and numbers.
_VARYING = re.compile(r"0x[0-9a-f]+|(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"|(?<![^\s(<])/[^\s)>]+|\b\d+\b")
#: Words kept of an exception's text: pybind11's texts name the function in the first ones.
_WORDS_KEPT = 12
_DETAIL = 300


def find_raises(own: Ran, control: Ran | None, refusals: Iterable[str] = ()) -> Iterator[Deviation]:
    """Yield a deviation for each way in which a step raises, and should not.

    ``control``: the same program there; where it can't do a step, the same step in an earlier life
    or interpreter is compared. ``refusals``: of the target's record.
    """
    seen: set[tuple[str, ...]] = set()
    for one in own.raised:
        meaning = own.meanings.get(one.number)
        if meaning is None or is_expected(one, refusals):
            continue
        other = _find_other(own, control, one, meaning)
        key = make_key(own, one, meaning)
        if other and key not in seen:
            seen.add(key)
            yield Deviation("raises", key, _describe(one, other))


def list_all_raises(own: Ran) -> Iterator[Deviation]:
    """Yield a deviation for each way in which a step raises, compared with nothing."""
    for one in own.raised:
        if meaning := own.meanings.get(one.number):
            yield Deviation("raises", make_key(own, one, meaning), _describe(one, ""))


def is_expected(raised: Raised, refusals: Iterable[str]) -> bool:
    """Whether an exception is no defect of the target: a refusal in clear words, say."""
    return raised.expected or any(re.match(pattern, raised.described) for pattern in refusals)


def make_key(own: Ran, raised: Raised, meaning: Meaning) -> tuple[str, ...]:
    """Return type, text without what varies, and the operation.

    Not the words: in a second life of Cython's modules, all kinds raise alike. A failed import is
    `import`, whatever step needed it, or `import again` where the extension was imported in this
    interpreter before: pybind11's PRs 5782 and 5947 differ in nothing else.
    """
    operation = "node" if meaning.words[0] == "shape" else meaning.words[0]
    if raised.importing:
        before = (one for one in own.meanings.values() if one.number < raised.number)
        here = (one for one in before if one.imports and one.place == meaning.place)
        operation = "import again" if any(own.did(one.number) for one in here) else "import"
    return (raised.type, normalize_text(raised.text), operation)


def normalize_text(text: str) -> str:
    """Return the beginning of an exception's first line, without what varies (`_VARYING`)."""
    line = text.partition("\\n")[0].partition("\n")[0]
    return " ".join(_VARYING.sub("…", line).split()[:_WORDS_KEPT])


def _find_other(own: Ran, control: Ran | None, raised: Raised, meaning: Meaning) -> str:
    """Say where the same step does not raise; empty where it does, or where nothing is known."""
    if control is not None and control.tried(raised.number):
        return f"on {control.name} it does not" if control.did(raised.number) else ""
    for earlier in own.meanings.values():
        if earlier.number >= raised.number:
            break
        same = (earlier.words, earlier.kinds) == (meaning.words, meaning.kinds)
        if same and earlier.place != meaning.place and own.did(earlier.number):
            return f"as step {earlier.number} it does not"
    return ""


def _describe(raised: Raised, other: str) -> str:
    said = raised.described if raised.text else raised.type
    step = f"`{raised.step}`" + (" (its import of the extension)" if raised.importing else "")
    return f"{step} raises {said}"[:_DETAIL] + (f"; {other}" if other else "")
