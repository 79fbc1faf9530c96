"""Arguments to try, as source: guessed from a signature, else from a short list."""

import ast
import re

from _finfuzz_discover.safety import takes_handle

FUNCTION = "lambda *a, **k: None"
#: For types without a signature. Numbers are no descriptors here: 0 to 2 lead to nowhere.
TYPE_ARGUMENTS = (
    *("", "'a'", "1", "0.5", "b'a'", "[1, 2]", "(1, 2)", "{'a': 1}", "None", FUNCTION, "True"),
    *(
        "'a', 1",
        "1, 1",
        "'a', 'b'",
        "[1.0, 2.0]",
        "1.0, 2.0",
        "1, 1, 1",
        "3, 0.0, 1.0",
        "[(0, 0), (1, 1)]",
    ),
    *("io.BytesIO()", "int", "[[0.0, 1.0], [1.0, 0.0]]"),
)
#: For functions without a signature: no number, as one might be a process or a descriptor.
FUNCTION_ARGUMENTS = (
    *("", "'a'", "b'a'", "[1, 2]", "{'a': 1}", FUNCTION, "'a', 'b'", "[[0.0, 1.0], [1.0, 0.0]]"),
)
#: Where the held object goes in a call without a signature; `{}` stands for it.
HOLDING_ARGUMENTS = (
    *("{}", "'a', {}", "{}, 'a'", "1, {}", "{}, {}", "[{}]", "({},)", "{{'a': {}}}"),
    *("[('a', {})]", "a={}", "'a', [{}]"),
)
_MOST_CALLS = 24

#: A pattern in an annotation, and the values that fit. The first pattern that matches counts.
_BY_ANNOTATION = (
    (r"Literal\[([^,\]]+)", None),
    (r"Callable|[Ff]unction", (FUNCTION,)),
    (r"(?:[Ll]ist|Sequence|Iterable|Collection)\[(?:\w+\.)*str", ("['a']",)),
    (r"(?:[Ll]ist|Sequence|Iterable|Collection)\[(?:\w+\.)*float", ("[0.5, 1.5]",)),
    (r"ndarray|ArrayLike|NDArray", ("[[0.0, 1.0], [1.0, 0.0]]", "[0.5, 1.5]")),
    (r"\b[Dd]ict\b|Mapping", ("{'a': 1}", "{}")),
    (r"\b[Ll]ist\b|Sequence|Iterable|Collection", ("[1, 2]", "['a']", "[]")),
    (r"\b[Tt]uple\b", ("(1, 2)",)),
    (r"\b[Ss]et\b|frozenset", ("{1}",)),
    (r"BinaryIO|\bIO\b|BytesIO|SupportsRead", ("io.BytesIO()",)),
    (r"bytes|Buffer|bytearray", ("b'a'",)),
    (r"\bstr\b|LiteralString|\bPath\b|PathLike|unicode", ("'a'",)),
    (r"\bbool\b", ("True",)),
    (r"\bint\b|Supports(?:Int|Index)|Integral", ("1",)),
    (r"float|SupportsFloat|double|Real\b", ("0.5",)),
    (r"\b[Tt]ype\b|\bclass\b", ("int",)),
    (r"\b(?:None|NoneType)\b", ("None",)),
)
_BY_NAME = (
    (r"func|callback|hook|factory|callable|handler|\bfn\b|\bf\b", (FUNCTION,)),
    (r"name|label|key|prefix|suffix|text|string|pattern|path|url|unit|title", ("'a'",)),
    (r"data|buf|bytes", ("b'a'", "[1, 2]")),
    (r"size|length|width|height|count|num|\bn\b|bins|index|dim|level", ("1",)),
    (r"start|stop|lower|upper|value|scale|\bx\b|\by\b", ("0.5", "1")),
)
#: Texts in a language of their own, whatever the annotation says.
_LANGUAGES = (
    (r"query|sql|stmt|statement", "'select 1'"),
    (r"json", "'{}'"),
    (r"xml|html", "'<a/>'"),
)
_ANYTHING = ("'a'", "1", "None", "[1, 2]")


def guess_values(parameter, known):
    """Return values to try for a parameter, best first, at most four.

    `known`: type's name to the expression that makes one.
    """
    annotation, name = parameter["annotation"], parameter["name"]
    found = _guess_by_type(annotation, known)
    if not found and not annotation:
        found = _guess_by_name(name)
    if "'a'" in found:
        found = [text for one, text in _LANGUAGES if re.search(one, name.lower())] + found
    if takes_handle(name):
        found = [one for one in found if not one.isdigit()]
    return found[:4]


def _guess_by_type(annotation, known):
    own = [known[word] for word in re.findall(r"\w+", annotation) if word in known]
    found = own[:2]
    for pattern, values in _BY_ANNOTATION:
        match = re.search(pattern, annotation)
        if match:
            found += values or (match.group(1),)
            break
    if not found and re.fullmatch(r"(?:typing\.|builtins\.)?(?:Any|object|_?T)?", annotation):
        return [] if not annotation else list(_ANYTHING)
    return found


def _guess_by_name(name):
    for pattern, values in _BY_NAME:
        if re.search(pattern, name.lower()):
            return list(values)
    return list(_ANYTHING)


def list_calls(signatures, known):
    """Return argument lists with the required parameters, then with one optional one each."""
    found = []
    for signature in signatures:
        for row in range(3):
            found.append(_write_call(signature, known, row))
        optional = [index for index, one in enumerate(signature) if not one["required"]]
        for index in optional[:4]:
            values = guess_values(signature[index], known)
            if values and signature[index]["sort"] not in ("star", "stars"):
                found.append(_write_call(signature, known, 0, index, values[0]))
    return _unique(found)


def list_generic_calls(signatures):
    """Return argument lists for a type, without numbers where one may be a handle."""
    handles = any(takes_handle(one["name"]) for signature in signatures for one in signature)
    return [one for one in TYPE_ARGUMENTS if not (handles and _has_number(one))]


def _has_number(call):
    return any(one.strip().isdigit() for one in call.split(","))


def list_holding_calls(signatures, known, place):
    """Return argument lists in which one argument is `place`, or a list or dict with it."""
    found = []
    for signature in signatures:
        for index, one in enumerate(signature):
            if one["name"].startswith("__") and one["sort"] == "keyword":
                continue
            for form in _list_forms(one, place):
                for row in range(2):
                    found.append(_write_call(signature, known, row, index, form))
    return _unique(found)


def vary_call(make, signatures, place):
    """Return the arguments of a call that works, with one replaced, or one added by its name."""
    try:
        call = ast.parse(make, mode="eval").body
    except SyntaxError:
        return []
    if not isinstance(call, ast.Call):
        return []
    given = [ast.unparse(one) for one in call.args]
    given += ["%s=%s" % (one.arg, ast.unparse(one.value)) for one in call.keywords]
    found = []
    for index, text in enumerate(given):
        name = text.partition("=")[0] + "=" if index >= len(call.args) else ""
        for form in (place, "[%s]" % place):
            found.append([*given[:index], name + form, *given[index + 1 :]])
    named = {one.arg for one in call.keywords}
    for one in (one for signature in signatures for one in signature[len(call.args) :]):
        if one["sort"] in ("either", "keyword") and one["name"] not in named:
            found.append([*given, "%s=%s" % (one["name"], place)])
    return _unique(", ".join(one) for one in found)


def _list_forms(parameter, place):
    annotation = parameter["annotation"]
    forms = [place]
    if re.search(r"[Ll]ist|Sequence|Iterable|Collection|[Tt]uple", annotation):
        forms.append("[%s]" % place)
    if re.search(r"[Dd]ict|Mapping", annotation):
        forms.append("{'a': %s}" % place)
    return (
        forms
        if annotation or parameter["sort"] in ("star", "stars")
        else [place, "[%s]" % place, "{'a': %s}" % place]
    )


def _write_call(signature, known, row, chosen=None, value=""):
    """Write a call. `row`: which guess is taken. None where a required value can't be guessed."""
    written, skipped = [], False
    for index, one in enumerate(signature):
        name, sort = one["name"], one["sort"]
        if index != chosen and not one["required"]:
            skipped = skipped or sort in ("positional", "either", "star")
            continue
        text = value
        if index != chosen:
            guesses = guess_values(one, known)
            if not guesses:
                return None
            text = guesses[min(row, len(guesses) - 1)]
        if sort == "stars":
            text = "a=%s" % text
        elif sort == "keyword" or (sort == "either" and skipped):
            text = "%s=%s" % (name, text)
        elif skipped:
            return None
        written.append(text)
    return ", ".join(written)


def _unique(found):
    return list(dict.fromkeys(one for one in found if one is not None))[:_MOST_CALLS]


def list_generic_holding_calls(place, *, numbers=True):
    """Return argument lists with `place`, for a callable without a signature."""
    forms = [one for one in HOLDING_ARGUMENTS if numbers or not _has_number(one)]
    return [form.format(*(place,) * form.count("{}")) for form in forms]
