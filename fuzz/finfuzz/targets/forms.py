"""The forms of targets, for help texts and error messages."""

from __future__ import annotations

from finfuzz.targets.frameworks import FRAMEWORKS, join_or
from finfuzz.targets.package_name import FORMS


def list_target_forms() -> str:
    """List the forms of targets, for help texts and error messages."""
    versioned = [record for record in FRAMEWORKS.values() if record.releases]
    forms = [f"{one.name}==VERSION[,SECOND] or {one.name}@PATH" for one in versioned]
    controls = [record for record in FRAMEWORKS.values() if not record.releases]
    plain = [form for record in controls for form, _ in record.forms]
    policies = [f"+{name}" for record in versioned for name in record.policy_names]
    own = f"{', '.join(forms)}, with {join_or(policies)} behind"
    return f"{own}; {join_or(plain)}; {join_or(list(FORMS))}"
