"""Program counters become places in files, by the mappings that a child recorded."""

import pytest

from finfuzz.executor import frames as module
from finfuzz.executor.frames import RawFrame

MAPS = """\
00400000-00401000 r--p 00000000 00:1b 259 /usr/bin/python3
00401000-00402000 r-xp 00001000 00:1b 259 /usr/bin/python3
7f0000000000-7f0000010000 r-xp 00026000 00:1b 7 /usr/lib/a file with spaces.so
7f0000010000-7f0000020000 rw-p 00036000 00:1b 7 /usr/lib/a file with spaces.so
7f0000020000-7f0000021000 r-xp 00000000 00:00 0
7f0000030000-7f0000031000 r-xp 00000000 00:1b 8 /tmp/gone.so (deleted)
7fff00000000-7fff00001000 r-xp 00000000 00:00 0 [vdso]
7fff00002000-7fff0000
"""


def test_executable_mappings_of_files_are_read() -> None:
    assert module._mappings(MAPS) == [
        (0x401000, 0x402000, 0x1000, "/usr/bin/python3"),
        (0x7F0000000000, 0x7F0000010000, 0x26000, "/usr/lib/a file with spaces.so"),
        (0x7F0000030000, 0x7F0000031000, 0, "/tmp/gone.so (deleted)"),
    ]
    assert module._mappings("") == []


@pytest.mark.parametrize(
    ("address", "frame"),
    [
        (0x401000, RawFrame("/usr/bin/python3", 0x1000)),
        (0x401FFF, RawFrame("/usr/bin/python3", 0x1FFF)),
        (0x402000, RawFrame("", 0x402000)),  # the end is not within
        (0x400FFF, RawFrame("", 0x400FFF)),  # not executable
        (0x7F0000000010, RawFrame("/usr/lib/a file with spaces.so", 0x26010)),
        (0x7FFF00000010, RawFrame("", 0x7FFF00000010)),  # no file
        (0, RawFrame("", 0)),
    ],
)
def test_an_address_becomes_an_offset_into_its_file(address: int, frame: RawFrame) -> None:
    assert module._locate(address, module._mappings(MAPS)) == frame
