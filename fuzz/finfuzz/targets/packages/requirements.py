"""Read requirements as a user writes them: ``optree==0.20.0``, ``pandas[excel]>=3``."""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from finfuzz.support.errors import UserError


def parse_requirement(text: str) -> Requirement:
    """Read a requirement; its name is then in the index's spelling.

    Raise UserError for anything that is none, for one that names a file or an address, and for one
    with a marker.
    """
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"{text!r} is no requirement ({reason}): write NAME==VERSION, like optree==0.20.0"
        ) from None
    if requirement.url is not None:
        raise UserError(
            f"{text!r} names a file or an address: write NAME==VERSION; "
            "what is not on the package index can be installed by hand and fuzzed from there"
        )
    if requirement.marker is not None:
        raise UserError(f"{text!r} depends on where it is installed: leave out what follows the ;")
    requirement.name = canonicalize_name(requirement.name)
    return requirement
