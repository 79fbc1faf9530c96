"""What every test finds."""

import signal

import helpers.programs  # noqa: F401  what `st.from_type(Program)` is

# A shell's `&` has it ignored, and what is started with that by a test could not be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)
