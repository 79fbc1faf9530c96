"""How a type, function or method may be called: read off its signature, its stub or its docstring.

A signature is a list of parameters. A parameter is a dict, so that a child can report it: `name`;
`sort`, one of positional, either, keyword, star, stars; `annotation`, as source, or ""; `required`.
"""

import ast
import inspect
import re

MOST_SIGNATURES = 4
MOST_PARAMETERS = 24
_SORTS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "either",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_POSITIONAL: "star",
    inspect.Parameter.VAR_KEYWORD: "stars",
}


def make_parameter(name, sort, annotation, required):
    return {"name": name, "sort": sort, "annotation": annotation, "required": required}


def read_signatures(value, name, stubs=()):
    """Return the signatures of a callable, at most four. `stubs`: those that its stub has.

    `name`: how its docstring calls it.
    """
    found = list(stubs) or _inspect(value) or read_docstring(getattr(value, "__doc__", None), name)
    usable = [one for one in found if len(one) <= MOST_PARAMETERS]
    return usable[:MOST_SIGNATURES]


def read_type_signatures(kind, stubs=()):
    """Return the signatures of a type's constructor."""
    if stubs:
        return list(stubs)[:MOST_SIGNATURES]
    found = _inspect(kind)
    if found and not _is_vague(found[0]):
        return found
    documented = read_docstring(getattr(kind.__init__, "__doc__", None), "__init__")
    return (documented or read_docstring(kind.__doc__, kind.__name__) or found)[:MOST_SIGNATURES]


def _is_vague(signature):
    return all(one["sort"] in ("star", "stars") for one in signature) and bool(signature)


def _inspect(value):
    try:
        parameters = inspect.signature(value).parameters.values()
    except BaseException:  # properties of foreign objects run foreign code
        return []
    return [[_read_parameter(one) for one in parameters]]


def _read_parameter(one):
    annotation = "" if one.annotation is one.empty else inspect.formatannotation(one.annotation)
    star = one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    required = one.default is one.empty and not star
    return make_parameter(one.name, _SORTS[one.kind], annotation.strip("'\""), required)


def read_docstring(text, name):
    """Read the signatures that binding frameworks write into docstrings, one a line."""
    if not isinstance(text, str):
        return []
    line = re.compile(r"(?:\d+\. )?%s\((.*)\)(?: -> .*)?" % re.escape(name))
    matches = (line.fullmatch(one.strip()) for one in text.splitlines()[:200])
    read = (_parse(match.group(1)) for match in matches if match)
    return [one for one in read if one is not None and not _is_vague(one)]


def _parse(text):
    """Parse parameters; defaults such as `<Colour.RED: 1>` are no Python."""
    try:
        tree = ast.parse("def f(%s): pass" % re.sub(r"<[^<>]*>", "...", text))
    except (SyntaxError, ValueError):
        return None
    return read_function(tree.body[0])


def read_function(node, *, method=None):
    """Read the signature of a parsed function without its first parameter, if that is `self`.

    `method`: whether the function has such a parameter; unless given, its name says so.
    """
    given = node.args
    plain = [(one, "positional") for one in given.posonlyargs]
    plain += [(one, "either") for one in given.args]
    least = len(plain) - len(given.defaults)
    found = [_make(one, sort, index < least) for index, (one, sort) in enumerate(plain)]
    if found and (found[0]["name"] == "self" if method is None else method):
        del found[0]
    if given.vararg:
        found.append(_make(given.vararg, "star", False))
    defaults = zip(given.kwonlyargs, given.kw_defaults)
    found += [_make(one, "keyword", default is None) for one, default in defaults]
    if given.kwarg:
        found.append(_make(given.kwarg, "stars", False))
    return found


def _make(one, sort, required):
    annotation = ast.unparse(one.annotation).strip("'\"") if one.annotation else ""
    # Before PEP 570, stubs wrote positional parameters with two underscores.
    if sort == "either" and one.arg.startswith("__"):
        sort = "positional"
    return make_parameter(one.arg, sort, annotation, required)
