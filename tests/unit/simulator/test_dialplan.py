"""The dialplan reader and its expressions do what Asterisk's do, for what a call center writes."""

from __future__ import annotations

import pytest

from callcenter.simulator.core.dialplan import Dialplan, DialplanError
from callcenter.simulator.core.expressions import evaluate, expand, options, split_arguments

VARIABLES = {
    "NAME": "Ada",
    "EMPTY": "",
    "NUMBER": "14155550100",
    "INNER": "NAME",
    "DONE": "1",
    "NEXT": "hold",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${NAME}", "Ada"),
        ("<${NAME}|${EMPTY}|${UNKNOWN}>", "<Ada||>"),
        ("${${INNER}}", "Ada"),
        ("${NUMBER:1}", "4155550100"),
        ("${NUMBER:1:3}", "415"),
        ("${NUMBER:-4}", "0100"),
        ("${NUMBER:-4:2}", "01"),
        ("unclosed ${NAME", "unclosed ${NAME"),
        ('$["${DONE}:${NEXT}" = "1:hold"]', "1"),
        ('$["${EMPTY}" != "1"]?a:b', "1?a:b"),
        ("$[${NUMBER:0:1} + 2 * 3]", "7"),
    ],
)
def test_expand(text: str, expected: str) -> None:
    assert expand(text, lambda name: VARIABLES.get(name, "")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 = 1", "1"),
        ('"a" = "b"', "0"),
        ("2 > 10", "0"),
        ('"2" < "10"', "1"),
        ("1 & 0", "0"),
        ("0 | 3", "3"),
        ("!0", "1"),
        ("(1 + 2) * 3", "9"),
        ("7 / 2", "3.5"),
        ("7 % 4", "3"),
        ("-3 + 1", "-2"),
        ('"abc123" =~ "abc"', "3"),
        ('1 ? "yes" : "no"', '"yes"'),
        ("1 +", "0"),
        ("1 / 0", "0"),
    ],
)
def test_evaluate(text: str, expected: str) -> None:
    assert evaluate(text) == expected


def test_variables_that_name_each_other_end() -> None:
    assert expand("${A}", lambda name: "x") == "x"
    assert "${" in expand("${" * 50 + "A" + "}" * 50, lambda name: name)


def test_arguments_split_outside_brackets_and_quotes() -> None:
    assert split_arguments('PJSIP/1,15,gb(sub^s^1(a,b)),"x,y"') == [
        "PJSIP/1",
        "15",
        "gb(sub^s^1(a,b))",
        '"x,y"',
    ]
    assert split_arguments("a,b,c", 2) == ["a", "b,c"]


def test_options_take_nested_brackets() -> None:
    assert options("m(default)gb(ref^s^1(17.4))F(park^s^1)") == {
        "m": "default",
        "g": "",
        "b": "ref^s^1(17.4)",
        "F": "park^s^1",
    }


PLAN = """
[general]
static = yes
[globals]
MUSIC = quiet   ; a comment
[first]
include => second
exten => s,1,NoOp(one)
 same => n(here),NoOp(two\\; still two)
exten => _1XXX,1,NoOp(agent)
exten => _1.,1,NoOp(anything)
exten => _[0-9+]!,1,NoOp(did)
exten => 1001,hint,PJSIP/1001
exten => 1001,1,NoOp(exact)
[second]
exten => only,1,NoOp(included)
"""


def app(context: str, exten: str, priority: int = 1) -> str | None:
    line = Dialplan.parse(PLAN).line(context, exten, priority)
    return line.args if line else None


@pytest.mark.parametrize(
    ("exten", "expected"),
    [
        ("s", "one"),
        ("1001", "exact"),
        ("1002", "agent"),
        ("14155550100", "anything"),
        ("+14155550100", "did"),
        ("7", "did"),
        ("only", "included"),
        ("nothing", None),
    ],
)
def test_extensions(exten: str, expected: str | None) -> None:
    assert app("first", exten) == expected


def test_labels_comments_and_globals() -> None:
    plan = Dialplan.parse(PLAN)
    assert plan.label("first", "s", "here") == 2
    assert app("first", "s", 2) == "two; still two"
    assert plan.globals == {"MUSIC": "quiet"}


@pytest.mark.parametrize(
    "line", ["exten = s", "[x]\nexten => s,1,No Op(", "[x]\nnonsense", "same => n,NoOp()"]
)
def test_what_is_not_understood_is_an_error_with_its_line(line: str) -> None:
    with pytest.raises(DialplanError, match="line"):
        Dialplan.parse(line)
