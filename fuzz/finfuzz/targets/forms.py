"""The forms of targets, for help texts and error messages."""

from __future__ import annotations

from finfuzz.targets.frameworks import FRAMEWORKS, join_or
from finfuzz.targets.frameworks.framework import Framework
from finfuzz.targets.package_name import FORMS


def list_target_forms() -> str:
    """List the forms of targets, for help texts and error messages."""
    versioned = [_describe(record) for record in FRAMEWORKS.values() if record.releases]
    controls = [record for record in FRAMEWORKS.values() if not record.releases]
    plain = [form for record in controls for form, _ in record.forms]
    return f"{'; '.join(versioned)}; {join_or(plain)}; {join_or(list(FORMS))}"


def _describe(record: Framework) -> str:
    policies = [f"+{name}" for name in record.policy_names]
    name = record.name
    return f"{name}==VERSION[,SECOND] or {name}@PATH, with {join_or(policies)} behind"
