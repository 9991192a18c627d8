"""`$(eval ...)` without `eval`: arithmetic, comparisons and a few functions, nothing else."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: value for name, value in vars(math).items() if callable(value)},
    **{f.__name__: f for f in (abs, bool, float, int, len, max, min, round, str, sum)},
}
_CONSTANTS = {"pi": math.pi, "tau": math.tau, "e": math.e, "inf": math.inf, "nan": math.nan}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, container: item in container,
    ast.NotIn: lambda item, container: item not in container,
}
_LONGEST = 1000  # characters; bounds the depth of the tree and the size of a product


def evaluate(expression: str) -> str:
    """The value of a Python expression of the supported kind, as text.

    Raises:
        ValueError: It is not an expression of that kind, or it cannot be computed.
    """
    if len(expression) > _LONGEST:
        raise ValueError(f"an expression may have at most {_LONGEST} characters")
    try:
        return str(_value(ast.parse(expression.strip(), mode="eval").body))
    except (SyntaxError, TypeError, ArithmeticError, ValueError) as error:
        raise ValueError(f"$(eval {expression!r}) cannot be computed: {error}") from None


def equal(left: str, right: str) -> bool:
    """Equal as booleans where both are, as numbers where both are, else as text."""
    words = {"true": True, "1": True, "false": False, "0": False}
    if left.lower() in words and right.lower() in words:
        return words[left.lower()] == words[right.lower()]
    try:
        return math.isclose(float(left), float(right))
    except ValueError:
        return left == right


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return value
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return [_value(element) for element in elements]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](*_operands(op, _value(left), _value(right)))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_value(operand))
        case ast.BoolOp(op=ast.And(), values=values):
            return all([_value(value) for value in values])
        case ast.BoolOp(values=values):
            return any([_value(value) for value in values])
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _value(body if _value(test) else orelse)
        case ast.Compare(left=left, ops=ops, comparators=rights) if len(ops) == 1:
            return _comparison(ops[0])(_value(left), _value(rights[0]))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*(_value(argument) for argument in arguments))
    raise ValueError(f"'{ast.unparse(node)}' is not supported here")


def _operands(op: ast.operator, left: Any, right: Any) -> tuple[Any, Any]:
    """Both operands; text and lists may be joined but not multiplied or used as formats."""
    if not isinstance(op, ast.Add) and not all(isinstance(x, int | float) for x in (left, right)):
        raise ValueError("only numbers may stand there")
    return left, right


def _comparison(op: ast.cmpop) -> Callable[[Any, Any], bool]:
    if type(op) not in _COMPARE:
        raise ValueError("that comparison is not supported here")
    return _COMPARE[type(op)]
