"""Every description that the code raises, read from the code itself, with each phrase that it may put into one."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from pathlib import Path

from worker.domain.record import State

#: What stands in for a value.
VALUE = "X"
#: Call -> place of its argument that is a description; it may be named ``description`` too.
_RAISING = {"failure": 1, "invalid": 1, "refused": 1, "Problem": 1, "SftpFault": 0}
#: So deep are names, parameters and calls followed, and so many texts of one expression are taken.
_DEEPEST, _MOST = 12, 120
_ENUMS = {"State": State}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """A function, and its file."""

    path: Path
    function: Function

    @property
    def parameters(self) -> list[str]:
        return [each.arg for each in self.function.args.args if each.arg != "self"]

    def takes(self, call: ast.Call) -> bool:
        """Tell whether a call has as many arguments as this function needs."""
        arguments, names = self.function.args, self.parameters
        given = len(call.args) + len(call.keywords)
        return len(names) - len(arguments.defaults) <= given <= len(names) + len(arguments.kwonlyargs)


class RaisedTexts:
    """The functions of a package by name, and the calls of them."""

    def __init__(self, room: Path, *, without: tuple[str, ...]) -> None:
        """``without``: beginnings of paths that are left out."""
        self._functions: dict[str, list[_Place]] = defaultdict(list)
        self._calls: dict[str, list[tuple[_Place, ast.Call]]] = defaultdict(list)
        self._known: dict[tuple[int, Function, int], list[str]] = {}
        self._assigned: dict[Function, Mapping[str, Sequence[ast.expr]]] = {}
        self._constants: dict[Path, Mapping[str, Sequence[ast.expr]]] = {}
        for path in sorted(room.rglob("*.py")):
            if not path.relative_to(room).as_posix().startswith(without):
                self._read(path)

    def _read(self, path: Path) -> None:
        tree = ast.parse(path.read_text())
        self._constants[path] = _assigned(tree.body)
        for node in ast.walk(tree):
            if isinstance(node, Function):
                place = _Place(path=path, function=node)
                self._functions[node.name].append(place)
                for call in ast.walk(node):
                    if isinstance(call, ast.Call):
                        self._calls[_name(call)].append((place, call))

    @cached_property
    def raised(self) -> Sequence[tuple[Path, str]]:
        """(File, text) of every description, with ``VALUE`` for each value that is data."""
        return list(self._raised())

    def _raised(self) -> Iterator[tuple[Path, str]]:
        for name, at in _RAISING.items():
            for place, call in self._calls[name]:
                for argument in _arguments(call, at, "description"):
                    yield from ((place.path, text) for text in self._of(argument, place, 0))

    def errors_of(self, *paths: Path) -> Iterator[str]:
        """Yield every text of a ``ValueError`` in these files."""
        for place, call in self._calls["ValueError"]:
            if place.path in paths:
                yield from (text for argument in call.args for text in self._of(argument, place, 0))

    def _of(self, node: ast.expr, place: _Place, depth: int) -> list[str]:
        if depth > _DEEPEST:
            return []
        key = (id(node), place.function, depth)
        if key not in self._known:
            self._known[key] = list(dict.fromkeys(islice(self._texts(node, place, depth + 1), _MOST)))
        return self._known[key]

    def _texts(self, node: ast.expr, place: _Place, depth: int) -> Iterator[str]:
        """Every text that an expression may be; none for one that is data as a whole."""
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=parts):
                yield from self._joined(parts, place, depth)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                yield from self._joined((left, right), place, depth)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                yield from self._of(value, place, depth)
            case ast.IfExp(body=body, orelse=other):
                yield from self._either((body, other), place, depth)
            case ast.BoolOp(values=values):
                yield from (text for text in self._either(values, place, depth) if text)
            case _:
                yield from self._named(node, place, depth)

    def _named(self, node: ast.expr, place: _Place, depth: int) -> Iterator[str]:
        """Every text that stands elsewhere: under a name, in a table, behind a call."""
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr="value"):
                yield from _of_enum(name, place)
            case ast.Subscript(value=ast.Name(id=name)):
                yield from self._of_table(name, place, depth)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get")):
                yield from self._of_table(name, place, depth)
            case ast.Call():
                yield from self._returned(node, place, depth)
            case ast.Name(id=name):
                others = (value for value in self._values(name, place) if ast.unparse(value) != name)
                yield from (text for value in others for text in self._of(value, place, depth))
                yield from self._handed(name, place, depth)

    def _joined(self, parts: Sequence[ast.expr], place: _Place, depth: int) -> Iterator[str]:
        texts = [self._of(part, place, depth) for part in parts]
        if any(texts):  # else a sum, or nothing but data
            yield from map("".join, product(*(each or [VALUE] for each in texts)))

    def _either(self, choices: Sequence[ast.expr], place: _Place, depth: int) -> Iterator[str]:
        yield from (text for choice in choices for text in self._of(choice, place, depth) or [VALUE])

    def _of_table(self, name: str, place: _Place, depth: int) -> Iterator[str]:
        for table in self._values(name, place):
            if isinstance(table, ast.Dict):
                yield from (text for value in table.values for text in self._of(value, place, depth))

    def _returned(self, call: ast.Call, place: _Place, depth: int) -> Iterator[str]:
        """Every text that a function returns: one of the same file, or the only one of its name."""
        named = self._functions[_name(call)]
        for other in named if len(named) == 1 else [each for each in named if each.path == place.path]:
            for node in ast.walk(other.function):
                if isinstance(node, ast.Return) and node.value is not None:
                    yield from self._of(node.value, other, depth)

    def _handed(self, name: str, place: _Place, depth: int) -> Iterator[str]:
        """Every text that a parameter is given, by who may call the function."""
        own = place.function.name
        known = place.parameters
        if name not in {*known, *(each.arg for each in place.function.args.kwonlyargs)}:
            return
        for caller, call in self._calls[own]:
            elsewhere = caller.path != place.path and own.startswith("_")
            another = len(self._functions[own]) > 1 and caller.path.parent != place.path.parent
            if not elsewhere and not another and place.takes(call):
                at = known.index(name) if name in known else len(call.args)
                yield from self._either(_arguments(call, at, name), caller, depth)

    def _values(self, name: str, place: _Place) -> Sequence[ast.expr]:
        if place.function not in self._assigned:
            self._assigned[place.function] = _assigned(ast.walk(place.function))
        return self._assigned[place.function].get(name) or self._constants[place.path].get(name, ())


def _assigned(nodes: Iterable[ast.AST]) -> Mapping[str, Sequence[ast.expr]]:
    known: dict[str, list[ast.expr]] = {}
    for node in nodes:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                | ast.NamedExpr(target=ast.Name(id=name), value=value)
            ):
                known.setdefault(name, []).append(value)
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value) if name in known:
                known[name].append(ast.BinOp(left=known[name].pop(), op=ast.Add(), right=value))
    return known


def _arguments(call: ast.Call, at: int, name: str) -> list[ast.expr]:
    return [*call.args[at : at + 1], *(each.value for each in call.keywords if each.arg == name)]


def _of_enum(name: str, place: _Place) -> Iterator[str]:
    for parameter in place.function.args.args:
        if parameter.arg == name and isinstance(parameter.annotation, ast.Name):
            yield from (member.value for member in _ENUMS.get(parameter.annotation.id, ()))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
