"""The order of a discovery, from makes to edges, within the time that there is."""

import ast
import re
import time
import types

from _finfuzz_discover import kinds, natives
from _finfuzz_discover.forked import Death
from _finfuzz_discover.signatures import read_signatures

MOST_TYPES = 400
MOST_FUNCTIONS = 300
MOST_CONSTANTS = 100
MOST_KINDS = 150
#: Kinds that come by a method of a kind that came by a method end here.
MOST_DEPTH = 2
#: Functions that share a child: a fork of a large process takes longer than most calls.
GROUP = 8
#: Holding expressions and edges of one kind, each measured once more in a child of its own.
MOST_FINDS = {"c": 16, "derived": 8, "wrapper": 6, "python": 6}
MOST_USES = 6
#: Functions that keep what they are given, and return nothing of the package's.
MOST_REGISTERING = 16
LONGEST_USE = 100
#: The part of the time until finds are confirmed.
SEARCHING = 0.75
#: The least time for one list of probes, in seconds.
LEAST_SHARE = 1.0


class Search:
    """Finds the kinds of a package.

    `found`: the inventory. `evaluation`: what probes do. `seconds`: when it must be done, from now.
    """

    def __init__(self, found, stubs, runner, evaluation, report, seconds):
        self.found = found
        self.stubs = stubs
        self.runner = runner
        self.evaluation = evaluation
        self.report = report
        now = time.monotonic()
        self.until = now + SEARCHING * seconds
        self.end = now + seconds
        self.kinds = {}
        self.known = kinds.list_enum_values(found.types)
        self.functions = []
        self.calls = []
        self.registering = []
        self._deaths = set()

    def run(self, functions):
        """Find everything. `functions`: whether public functions are called, too."""
        self._make_types()
        if functions:
            self._make_from_functions()
        self._add_constants()
        for _ in range(2):
            self._make_types()  # again: constructors may take objects of other kinds
            self._explore()
        chosen = self._choose()
        for done, kind in enumerate(chosen):
            self._progress("references", kind.name, done, len(chosen))
            self._find_holdings(kind, len(chosen) - done)
        self._find_function_holdings()
        for kind in chosen:
            self._find_holding_parts(kind, chosen)
        late = time.monotonic() >= self.until
        self.until = self.end
        for done, kind in enumerate(chosen):
            self._progress("confirming", kind.name, done, len(chosen))
            self._confirm(kind)
        self._report_registering()
        uses = self._find_uses(chosen)
        late = late or time.monotonic() >= self.until
        self.report.write(event="found", uses=uses, made=len(self.kinds), time_up=late)

    def _choose(self):
        """Leave out what is written in Python, unless everything is."""
        all_kinds = list(self.kinds.values())
        return [kind for kind in all_kinds if kind.layer != "python"] or all_kinds

    # ---- kinds ---------------------------------------------------------------------------------

    def _make_types(self):
        waiting = [
            (path, kind)
            for path, kind in self.found.types[:MOST_TYPES]
            if natives.name_type(kind) not in self.kinds and natives.is_worth_making(kind)
        ]
        for done, (path, kind) in enumerate(waiting):
            self._progress("types", path[2:], done, len(waiting))
            makes = kinds.list_type_makes(path, kind, self.stubs, self.known, self.found.owns)
            self._make(makes, natives.name_type(kind), len(waiting) - done)

    def _make(self, makes, wanted, left):
        """Add a kind for the first expression that makes an object of the type `wanted`.

        Where that is None, add a kind for the first expression of each type that is new.
        """
        made = []

        def probe(text):
            if made:
                return None
            answer = self.evaluation.describe(text)
            # Again: a recipe makes many. `begin()` works once.
            if self.evaluation.describe(text) != answer:
                return None
            if answer["type"] == wanted:
                made.append(text)
            return answer

        texts = [text for text, _ in makes]
        answers = self._run([lambda text=text: probe(text) for text in texts], texts, left)
        for (text, maker), answer in zip(makes, answers):
            if answer and wanted is None and text.endswith("()"):
                self.calls.append(text)
            if answer and answer["owned"] and wanted in (None, answer["type"]):
                self._add(answer, text, maker)

    def _make_from_functions(self):
        for path, value in kinds.sort_functions(self.found.functions)[:MOST_FUNCTIONS]:
            name = path.rpartition(".")[2]
            signatures = read_signatures(value, name, self.stubs.find_function(name))
            self.functions.append((path, signatures))
        for group, left in self._group_functions("functions"):
            makes = [
                make
                for path, signatures in group
                for make in kinds.list_function_makes(path, signatures, self.known)
            ]
            self._make(makes, None, left)

    def _group_functions(self, stage):
        """Yield groups of functions that share a child, and the number of groups left."""
        total = len(self.functions)
        for first in range(0, total, GROUP):
            self._progress(stage, self.functions[first][0][2:], first, total)
            yield self.functions[first : first + GROUP], (total - first - 1) // GROUP + 1

    def _add_constants(self):
        self._make([(path, None) for path, _ in self.found.constants[:MOST_CONSTANTS]], None, 1)

    def _add(self, answer, make, maker=None, parent=None):
        if answer["type"] in self.kinds or len(self.kinds) >= MOST_KINDS:
            return
        if parent is not None and parent.depth == MOST_DEPTH:
            return
        kind = kinds.Kind(answer, make, maker, parent)
        self.kinds[kind.type] = kind
        self.known.setdefault(kind.name, make)

    def _explore(self):
        """Describe each kind, and add the kinds of what its methods and attributes give."""
        waiting = [kind for kind in self.kinds.values() if not kind.traits]
        for done, kind in enumerate(waiting):
            self._progress("methods", kind.name, done, len(waiting))
            answer = self._run_one(lambda kind=kind: self.evaluation.examine(kind.make), kind.make)
            if not answer:
                continue
            kind.traits, kind.members = answer["traits"], answer["members"]
            self._call_methods(kind, len(waiting) - done)
            waiting += [one for one in self.kinds.values() if not one.traits and one not in waiting]

    def _call_methods(self, kind, left):
        texts = kinds.list_further(kind)
        probes = [
            lambda text=text: self.evaluation.describe(text, source=kind.make) for text in texts
        ]
        labels = [_put_together(kind.make, text) for text in texts]
        for text, label, answer in zip(texts, labels, self._run(probes, labels, left)):
            if answer and text.endswith("()") and text.startswith("source."):
                kind.uses.append(text)
            if answer and answer["owned"] and answer["layer"] != "python":
                self._add(answer, label, None, kind)

    # ---- what holds what -----------------------------------------------------------------------

    def _find_holdings(self, kind, left):
        makes = kinds.list_holding_makes(kind, self.known)
        self._measure_makes(makes, left)
        edges = kinds.list_edges(kind, self.known)
        probes = [lambda text=text: self.evaluation.measure(kind.make, text) for _, text in edges]
        labels = ["source = %s; %s" % (kind.make, text) for _, text in edges]
        names = set()
        for (name, text), answer in zip(edges, self._run(probes, labels, left)):
            if answer and name not in names:
                names.add(name)
                kind.edges.append((name, text))

    def _find_function_holdings(self):
        for group, left in self._group_functions("functions that keep"):
            calls = [
                call
                for path, signatures in group
                for call in kinds.list_holding_calls(path, signatures, self.known)
            ]
            for text, answer in self._measure_makes(calls, left):
                if not answer["freed"]:
                    self.registering.append(text)

    def _find_holding_parts(self, kind, others):
        """Replace a part of the expression that makes another kind by one that holds."""
        makes = [
            kind.make.replace(other.make, make)
            for other in others
            if other is not kind and other.make in kind.make
            for make in other.holdings[:3]
        ]
        self._measure_makes(makes, 1)

    def _measure_makes(self, makes, left):
        """Note each expression whose object holds `cell` at the kind of that object.

        Return those that hold it, and whose object is of no kind.
        """
        others = []
        probes = [lambda text=text: self.evaluation.measure(text, None) for text in makes]
        for text, answer in zip(makes, self._run(probes, makes, left)):
            kind = self.kinds.get(answer["type"]) if answer else None
            if answer and kind is None:
                others.append((text, answer))
            elif kind and text not in kind.holdings and answer["layer"] == kind.layer:
                kind.holdings.append(text)
        return others

    # ---- the report ----------------------------------------------------------------------------

    def _confirm(self, kind):
        """Measure each find in a child of its own, where nothing was done before, and report."""
        most = MOST_FINDS[kind.layer]
        holdings = [self._measure_make_alone(kind, make) for make in kind.holdings[:most]]
        edges = [self._measure_edge_alone(kind.make, *edge) for edge in kind.edges[:most]]
        self.report.write(
            event="kind",
            type=kind.type,
            name=kind.name,
            make=kind.make,
            layer=kind.layer,
            traits=kind.traits,
            uses=kind.uses,
            holdings=[one for one in holdings if one],
            edges=[one for one in edges if one],
        )

    def _measure_make_alone(self, kind, make):
        after = [one for one in kinds.list_further(kind) if one.endswith("()")][:16]
        answer = self._run_one(lambda: self.evaluation.measure(make, None, after=after), make)
        return answer and dict(_pick(answer), text=make)

    def _measure_edge_alone(self, make, name, edge):
        label = "source = %s; %s" % (make, edge)
        answer = self._run_one(lambda: self.evaluation.measure(make, edge), label)
        if not answer:
            return None
        plain = self._run_one(lambda: self.evaluation.measure(make, edge, plain=True), label)
        return dict(_pick(answer), text=edge, name=name, any=bool(plain))

    def _report_registering(self):
        """Report the functions that keep what they are given as edges of the module itself.

        They return nothing of the package's: what they keep is in a static, or in a module.
        """
        calls = {}
        for text in self.registering:
            calls.setdefault(text.partition("(")[0], text)
        edges = []
        for path, text in list(calls.items())[:MOST_REGISTERING]:
            edge = re.sub(r"\bcell\b(?!=)", "target", text)
            edges.append(self._measure_edge_alone("t", path.rpartition(".")[2], edge))
        edges = [one for one in edges if one]
        answer = self._run_one(lambda: self.evaluation.examine("t"), "t") if edges else None
        if not answer:
            return
        values = [value for path, value in self.found.functions if path in calls]
        in_python = all(isinstance(value, types.FunctionType) for value in values)
        self.report.write(
            event="kind",
            type=self.evaluation.names["t"].__name__,
            name="registry",
            make="t",
            layer="python" if in_python else "c",
            traits=answer["traits"],
            uses=[],
            holdings=[],
            edges=edges,
        )

    def _find_uses(self, chosen):
        """Return statements that call into the package and work, twice, in a child of their own."""
        texts = [
            "; ".join(["a = " + kind.make, *(use.replace("source", "a") for use in kind.uses[:2])])
            for kind in chosen
            if kind.uses and kind.layer != "python"
        ]
        texts = [text for text in texts if len(text) <= LONGEST_USE]
        texts = texts[: 2 * MOST_USES] + self.calls[:MOST_USES]
        works = [
            text
            for text in texts
            if self._run_one(lambda text=text: self.evaluation.perform(text), text)
        ]
        return works[:MOST_USES]

    def _run_one(self, probe, label):
        answers = self._run([probe], [label], 1)
        return answers[0] if answers else None

    def _run(self, probes, labels, left):
        """Run probes in children and report deaths. `left`: the lists that share the time left."""
        now = time.monotonic()
        share = max(LEAST_SHARE, 4 * (self.until - now) / max(1, left))
        answers = self.runner.run(probes, min(self.until, now + share))
        for label, answer in zip(labels, answers):
            if isinstance(answer, Death) and label not in self._deaths:
                self._deaths.add(label)
                self.report.write(event="death", text=label, how=answer.how)
        return [None if isinstance(answer, Death) else answer for answer in answers]

    def _progress(self, stage, name, done, of):
        self.report.write(event="progress", stage=stage, name=name, done=done, of=of)


def _pick(answer):
    return {key: answer[key] for key in ("seen", "freed", "called")}


def _put_together(make, text):
    """Write `make` in place of `source`, in brackets where an operator would take a part of it."""
    if text.endswith("(source)"):
        return text.replace("source", make)
    whole = isinstance(ast.parse(make, mode="eval").body, (ast.Call, ast.Attribute, ast.Subscript))
    return text.replace("source", make if whole else "(%s)" % make)
