"""The signatures in the stub files (`.pyi`) beside a package's modules; stubs never run."""

import ast
import os

from _finfuzz_discover.signatures import read_function

MOST_FILES = 300
MOST_BYTES = 1 << 20


class Stubs:
    """`functions`: name to signatures; `classes`: class's name to {method's name to signatures}."""

    def __init__(self):
        self.functions = {}
        self.classes = {}

    def find_function(self, name):
        return self.functions.get(name, [])

    def find_constructor(self, kind):
        for one in ("__init__", "__new__"):
            found = self.find_method(kind, one)
            if found:
                return found
        return []

    def find_method(self, kind, name):
        """Find a method's signatures in the stub of the class or of the nearest base."""
        for base in kind.__mro__:
            found = self.classes.get(base.__name__, {}).get(name)
            if found:
                return found
        return []

    def add(self, text):
        """Add the text of a stub file. A stub in a newer grammar than this Python's is left out."""
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            return
        for node in _flatten(tree.body):
            if isinstance(node, ast.FunctionDef):
                self.functions.setdefault(node.name, []).append(read_function(node, method=False))
            elif isinstance(node, ast.ClassDef):
                self._add_class(node)

    def _add_class(self, node):
        methods = self.classes.setdefault(node.name, {})
        for one in _flatten(node.body):
            if isinstance(one, ast.FunctionDef):
                signature = read_function(one, method=not _is_static(one))
                methods.setdefault(one.name, []).append(signature)
            elif isinstance(one, ast.ClassDef):
                self._add_class(one)


def _flatten(body):
    """Yield the statements of a body and of its `if sys.version_info …`."""
    for node in body:
        if isinstance(node, ast.If):
            yield from _flatten(node.body)
            yield from _flatten(node.orelse)
        else:
            yield node


def _is_static(node):
    return any(
        isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list
    )


def read_stubs(folders, tops):
    """Read the stubs in these folders, of the same modules beside them, and of `NAME-stubs`."""
    stubs = Stubs()
    for path in _list_files(folders, tops)[:MOST_FILES]:
        try:
            if os.path.getsize(path) <= MOST_BYTES:
                with open(path, encoding="utf-8") as file:
                    stubs.add(file.read())
        except (OSError, UnicodeDecodeError):
            continue
    return stubs


def _list_files(folders, tops):
    found = []
    for folder in folders:
        beside = os.path.dirname(folder.rstrip(os.sep))
        roots = [folder] if folder.endswith(os.sep) else []
        roots += [os.path.join(beside, top + "-stubs") for top in tops]
        found += [os.path.join(beside, top + ".pyi") for top in tops]
        for root in roots:
            for inner, folders_, files in os.walk(root):
                folders_.sort()
                found += [os.path.join(inner, one) for one in sorted(files) if one.endswith(".pyi")]
    return [path for path in found if os.path.isfile(path)]
