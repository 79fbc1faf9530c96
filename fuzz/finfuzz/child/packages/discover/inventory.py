"""The public types, functions and objects of a package, with the expressions that reach them."""

import importlib
import importlib.machinery
import inspect
import os
import sys
import types

from _finfuzz_discover.natives import is_stdlib

#: Modules inside a package that are no part of its interface.
_TESTS = ("test", "tests", "testing", "conftest", "bench", "benchmarks", "examples", "setup")
MOST_MODULES = 60
MOST_SUBMODULES = 20
_SUFFIXES = tuple(importlib.machinery.EXTENSION_SUFFIXES)


class Inventory:
    """What `t`, the imported package, offers.

    `types`, `functions` and `constants` are lists of (expression, object), outer modules first.
    `compiled`: names of the extension modules that are loaded with it. `lazy`: further names of the
    package, with their values.
    """

    def __init__(self, root, lazy=()):
        self.root = root
        self.lazy = dict(lazy)
        self.top = root.__name__.split(".")[0]
        self.tops = (self.top, "_" + self.top)
        self.folders = _list_folders(root)
        self.compiled = sorted(
            name for name, module in list(sys.modules.items()) if self._is_compiled(name, module)
        )
        self.types, self.functions, self.constants = [], [], []
        self._collect()

    def owns(self, value):
        """Whether a type or function is defined by this package."""
        name = getattr(value, "__module__", None)
        if not isinstance(name, str):
            return False
        return self.owns_module(name)

    def owns_module(self, name):
        """Whether a module belongs to the package; one that nobody loaded counts as its own."""
        top = name.split(".")[0]
        if top in self.tops:
            return True
        if top == "builtins" or is_stdlib(top):
            return False
        if name not in sys.modules:
            return True  # binding frameworks give types module names as they like
        return self._is_inside(getattr(sys.modules[name], "__file__", None))

    def _is_inside(self, file):
        return bool(file) and any(file.startswith(folder) for folder in self.folders)

    def _is_compiled(self, name, module):
        file = getattr(module, "__file__", None)
        if not isinstance(module, types.ModuleType) or not self.owns_module(name):
            return False
        return name in sys.builtin_module_names or (bool(file) and file.endswith(_SUFFIXES))

    def _collect(self):
        known = set()
        for path, module in self._walk_modules():
            for name, value in self._list_public(module):
                if id(value) in known or not name.isidentifier():
                    continue
                if isinstance(value, types.ModuleType):
                    continue
                if isinstance(value, type):
                    place = self.types if self.owns(value) else None
                elif _is_function(value):
                    place = self.functions if self._owns_function(value) else None
                else:
                    place = self.constants if self.owns(type(value)) else None
                if place is not None:
                    known.add(id(value))
                    place.append((path + "." + name, value))

    def _owns_function(self, value):
        # Functions of binding frameworks may have no `__module__`.
        return self.owns(value) or getattr(value, "__module__", None) is None

    def _list_public(self, module):
        names = {**vars(module), **(self.lazy if module is self.root else {})}
        return [(name, value) for name, value in names.items() if not name.startswith("_")]

    def _walk_modules(self):
        waiting, known = [("t", self.root)], {id(self.root)}
        for path, module in waiting:
            yield path, module
            for name, value in self._list_public(module):
                if not isinstance(value, types.ModuleType):
                    continue
                inside = value.__name__.startswith(self.root.__name__ + ".")
                if not inside or id(value) in known or name in _TESTS:
                    continue
                if len(known) < MOST_MODULES and path.count(".") < 3:
                    known.add(id(value))
                    waiting.append((path + "." + name, value))


def _is_function(value):
    # The functions of binding frameworks are callable objects with a name.
    named = isinstance(getattr(value, "__name__", None), str)
    return callable(value) and (inspect.isroutine(value) or named)


def _list_folders(root):
    """List the folders of a package; of a module that is one file, that file."""
    paths = [os.path.join(path, "") for path in getattr(root, "__path__", ())]
    file = getattr(root, "__file__", None)
    return paths or ([file] if file else [])


def list_lazy_names(root):
    """List the public names in `__all__` that the package does not have yet."""
    listed = getattr(root, "__all__", ())
    names = (
        [name for name in listed if isinstance(name, str)] if hasattr(root, "__getattr__") else []
    )
    return [name for name in names if not name.startswith("_") and name not in vars(root)]


def list_compiled_submodules(root):
    """List public extension modules that a package does not import itself: `lxml.etree`."""
    found = []
    for base in getattr(root, "__path__", ()):
        for folder, folders, files in os.walk(base):
            folders[:] = sorted(one for one in folders if _is_public(one))
            parts = os.path.relpath(folder, base).split(os.sep)
            below = [root.__name__, *(part for part in parts if part != ".")]
            for file in sorted(files):
                stem = file.split(".")[0]
                name = ".".join([*below, stem])
                if file.endswith(_SUFFIXES) and _is_public(stem) and name not in sys.modules:
                    found.append(name)
    return sorted(set(found))[:MOST_SUBMODULES]


def _is_public(name):
    return name.isidentifier() and not name.startswith("_") and name not in _TESTS


def import_quietly(name):
    """Import a module; return whether that worked. The process may end instead."""
    try:
        importlib.import_module(name)
    except BaseException:
        return False
    return True
