"""Which steps have an effect where: beside each step `+` if it has one, `-` if it is skipped."""

import pytest

from finfuzz.program.language import MAX_INTERPRETERS, MAX_LIVES
from helpers.programs import effects_are

NODES = """
    -  drop a
    -  root a sys
    -  check a
    +  node a list
    -  edge a b append
    -  edge b a append
    +  edge a a append
    +  root a sys
    +  node a dict
    +  drop a
    -  drop a
    -  edge a a append
    +  node a list
    +  drop a
"""

ALWAYS = """
    +  import
    +  import
    +  collect
    +  unimport
    +  unimport
    +  use second
    +  use second
    +  self-check
    -  elsewhere
    +  exit exception
    +  exit return
    +  collect
    +  start i legacy
    +  enter i
    +  import
    +  use second
    +  unimport
    +  self-check
    -  elsewhere
    +  exit return
"""

#: The name is the first node's; what has no edges has no shape.
SHAPES = """
    +  shape a ring container 3
    +  edge a a append
    +  hook a clear cast
    +  shape a two-rings dict 1
    -  edge a a append
    +  edge a a value
    -  shape a chain iterator 5
    +  edge a a value
    -  shape b clique memoryview 2
    -  drop b
    +  shape b star ctypes-callback 2
    +  drop b
    +  start i legacy
    +  enter i
    -  drop a
    -  shape a tree ctypes-callback 8
    +  shape a tree function 8
    +  edge a a closure
"""

#: CPython can't fork beside another interpreter.
FORK = """
    +  node a list
    +  fork
    +  root a sys
    +  start i legacy
    -  fork
    +  enter i
    -  fork
    +  stop i
    +  fork
    +  root a interpreter-pool
    -  fork
    +  again
    +  fork
    -  drop a
"""

#: A thread that outlives Py_FinalizeEx has no other life, and what is forked has no such thread.
THREADS_OUTLIVE = """
    +  node a list
    +  root a joined-thread
    +  again
    +  node a list
    +  root a daemon-thread
    -  again
    +  drop a
    +  fork
    +  again
    +  node a list
    +  root a returning-thread
    -  again
"""

NO_THREADS = """
    +  start i strict
    +  enter i
    +  node a list
    -  root a joined-thread
    +  root a threading-shutdown
    +  start j permissive
    +  enter j
    +  node a list
    +  root a joined-thread
    -  root a daemon-thread
"""

#: A prefix has an effect if the next step with an effect goes with it. Only the main interpreter is
#: PyGILState's; `threading` must not take another thread for the main one.
PREFIXED = """
    +  elsewhere
    +  import
    -  elsewhere
    +  native framework
    -  drop a
    +  node a list
    -  native gil-state
    +  use first
    +  elsewhere
    -  start k concurrent
    +  start i legacy
    -  released
    +  start j isolated
    +  released
    +  start k framework
    +  native gil-state
    +  stop k
    +  enter i
    -  native gil-state
    -  elsewhere
    -  elsewhere
    +  enter main
    -  released
    +  stop i
    +  stop j
    -  elsewhere
    +  fork
    -  elsewhere
    +  again
    -  native framework
"""

#: Several threads take what can be taken at once; each interpreter has the node then.
AT_ONCE = """
    +  together
    +  import
    -  together
    +  unimport
    -  everywhere
    +  start i strict
    +  enter i
    -  together
    +  import
    +  start j isolated
    +  enter j
    +  together
    +  node a list
    -  everywhere
    +  root a sys
    +  everywhere
    +  node b instance
    +  everywhere
    -  perform a cast
    +  perform b cast
    -  everywhere
    +  edge b b keep-alive
    +  enter i
    +  root b sys
    +  everywhere
    +  stop i
    -  stop j
    +  drop b
"""

#: Another life has nothing of the one before.
AGAIN = """
    +  node a list
    +  start i legacy
    +  enter i
    +  node b list
    +  again
    -  enter main
    -  drop a
    -  drop b
    -  enter i
    -  stop i
    +  start i legacy
    +  node a list
    +  root a sys
"""

CHECKS = """
    +  node a container
    +  check a
    +  node a subclass
    +  check a
    +  node a instance
    +  check a
    +  node a function
    +  check a
    +  node a list
    -  check a
    +  node a dict
    -  check a
"""

HOOKS = """
    -  hook a clear create
    +  node a instance
    -  hook a clear create
    -  hook a del cast
    +  hook a weakref cast
    +  hook a atexit create
    +  node a function
    -  hook a dealloc lookup
    +  hook a finalize raise
    +  node a list
    -  hook a traverse plain
    -  hook a weakref cast
    -  hook a finalize cast
    +  hook a unraisable print
    +  node a object
    +  hook a del cast
    -  hook a capsule cast
    +  node a capsule
    +  hook a capsule cast
    -  hook a weakref cast
    +  node a container
    +  hook a clear create
    +  hook a traverse lookup
    +  node a subclass
    +  hook a dealloc create
"""

INTERPRETERS = """
    -  enter main
    -  stop main
    -  enter i
    -  stop i
    +  start i legacy
    -  start i legacy
    -  start i isolated
    +  enter i
    -  enter i
    +  start j isolated
    +  enter j
    +  stop i
    -  stop i
    -  enter i
    -  enter j
    +  start i isolated
    +  enter i
    +  enter main
    -  enter main
"""

#: Ending the current interpreter goes back to the main one.
STOP_OF_THE_CURRENT_ONE = """
    +  node a list
    +  start i legacy
    +  enter i
    -  drop a
    +  stop i
    -  enter main
    +  drop a
"""

#: A name belongs to the interpreter it was made in, and goes with it.
NODES_ARE_PER_INTERPRETER = """
    +  node a container
    +  start i legacy
    +  start j legacy
    +  enter i
    -  root a codec
    +  node a list
    -  hook a clear cast
    +  enter j
    -  edge a a append
    +  enter main
    +  hook a clear cast
    +  enter i
    +  edge a a append
    +  stop i
    +  hook a clear cast
    +  start i legacy
    +  enter i
    -  edge a a append
"""

#: Names of nodes and of interpreters have nothing to do with each other.
TWO_SORTS_OF_NAMES = """
    +  node i list
    -  enter i
    +  start i legacy
    +  node main dict
    +  enter i
    -  drop main
    +  stop i
    +  drop i
    +  drop main
"""


@pytest.mark.parametrize(
    "table",
    [
        *(NODES, ALWAYS, CHECKS, HOOKS, INTERPRETERS, STOP_OF_THE_CURRENT_ONE),
        *(NODES_ARE_PER_INTERPRETER, TWO_SORTS_OF_NAMES, SHAPES, FORK, AGAIN),
        *(THREADS_OUTLIVE, NO_THREADS, PREFIXED, AT_ONCE),
    ],
)
def test_effects(table: str) -> None:
    effects_are(table)


def test_no_more_interpreters_at_once_than_that() -> None:
    starts = [f"+  start i{number} legacy" for number in range(MAX_INTERPRETERS)]
    effects_are("\n".join([*starts, "-  start j legacy", "+  stop i0", "+  start j legacy"]))


def test_no_more_lives_than_that() -> None:
    lives = ["+  again"] * (MAX_LIVES - 1)
    effects_are("\n".join([*lives, "+  node a list", "-  again", "+  drop a"]))
