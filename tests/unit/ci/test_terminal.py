"""A terminal: harmless text, aligned tables, JSON on request."""

from __future__ import annotations

import io
import json

from mlops_actions.ci import detect
from mlops_actions.ci.interface import Annotation
from mlops_actions.ci.terminal import Terminal


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_control_characters_of_data_are_made_visible() -> None:
    stderr = io.StringIO()
    Terminal({}, io.StringIO(), stderr).say("name \x1b[2J\x07 \x9b end")
    assert stderr.getvalue() == "name \\x1b[2J\\x07 \\x9b end\n"


def test_json_leaves_nothing_else_on_stdout() -> None:
    stdout, stderr = io.StringIO(), io.StringIO()
    ci = Terminal({}, stdout, stderr, as_json=True)
    ci.say("progress")
    ci.set_outputs({"result": "pass", "statement": "e/x.json"})
    assert json.loads(stdout.getvalue()) == {"result": "pass", "statement": "e/x.json"}
    assert stderr.getvalue() == "progress\n"


def test_colours_are_for_a_tty_and_can_be_turned_off() -> None:
    for environ, stderr, coloured in (({}, Tty(), True), ({"NO_COLOR": "1"}, Tty(), False), ({}, io.StringIO(), False)):
        Terminal(environ, io.StringIO(), stderr).annotate([Annotation("error", "wrong", file="a.yml", line=2)])
        assert stderr.getvalue() == ("\x1b[31merror\x1b[0m" if coloured else "error") + ": a.yml:2: wrong\n"


def test_a_summary_is_shown_without_its_markup() -> None:
    stderr = io.StringIO()
    Terminal({}, io.StringIO(), stderr).summarize(
        "## Gate: fail\n\n<details><summary>x</summary>\n\n| c |\n\n</details>\n\n| a \\| b |\n\\_m\\_\n"
    )
    assert stderr.getvalue() == "Gate: fail\n\nx: see the report.\n\n| a | b |\n_m_\n"


def test_groups_indent_what_is_said_inside() -> None:
    stderr = io.StringIO()
    ci = Terminal({}, io.StringIO(), stderr)
    with ci.group("1/2 validate-data"):
        ci.say("inside")
    ci.say("after")
    assert stderr.getvalue() == "1/2 validate-data\n  inside\nafter\n"


def test_the_ci_system_is_the_one_whose_variables_are_set() -> None:
    streams = io.StringIO(), io.StringIO()
    assert detect({"GITHUB_ACTIONS": "true"}, *streams).name == "github"
    assert detect({}, *streams).name == "terminal"
    assert detect({"GITHUB_ACTIONS": "true"}, *streams, as_json=True).name == "terminal"


def test_what_people_have_read_above_is_not_repeated_among_the_outputs() -> None:
    stderr = io.StringIO()
    Terminal({}, io.StringIO(), stderr).set_outputs({"result": "fail", "reasons": "[1]", "decision": "No.", "n": "9"})
    assert [line.split() for line in stderr.getvalue().splitlines()] == [["result", "fail"], ["n", "9"]]
