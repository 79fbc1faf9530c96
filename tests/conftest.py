"""What every test finds."""

import signal

# A shell's `&` has it ignored, and what is started with that by a test could not be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)
