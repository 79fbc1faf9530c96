# repro.py, next to this file, builds it with these commands:
#
#     : ${PYTHON:=python3.13}
#     INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
#     SUFFIX=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
#     : ${CYTHON_DIR:=cython-3.3.1}
#     test -d "$CYTHON_DIR" ||
#         "$PYTHON" -m pip install -q --no-deps -t cython-3.3.1 cython==3.3.1 ||
#         pip install -q --no-deps -t cython-3.3.1 cython==3.3.1
#     : ${CYTHON_PYTHON:=$PYTHON}
#     "$CYTHON_PYTHON" "$CYTHON_DIR/cython.py" \
#         --cplus -3 --module-name finfuzz_target -o finfuzz_target.cpp extension.pyx
#     ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
#         -I"$INCLUDE" -pthread \
#         finfuzz_target.cpp -o finfuzz_target"$SUFFIX"

# cython: language_level=3, auto_pickle=False, freethreading_compatible=True
cimport cython
from cpython.object cimport PyObject

cdef extern from *:
    """
// What the C++ around Cython's code needs: the fuzzer's probe, and objects that C++ owns.

#include <Python.h>


    """

cdef class Instance:
    """A plain object."""
    cdef object __weakref__
    cdef readonly int value

    def __cinit__(self):
        self.value = 7

# A generator takes lists, whose items it keeps, and what it does at its end.

def generator():
    held, act = [], None
    try:
        while True:
            sent = yield held
            if isinstance(sent, list):
                held += sent
            else:
                act = sent
    finally:
        if act is not None:
            act(None)

def delegating(inner, /):
    yield from inner
