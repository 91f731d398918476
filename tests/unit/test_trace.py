"""The chain from a model back to what it rests on."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from mlops_actions.dossier import Link
from mlops_actions.evidence import Material, Predicate, Provenance, Statement, digest_bytes
from mlops_actions.evidence.data_report import DataReport
from mlops_actions.evidence.promotion import Forced, Promotion
from mlops_actions.evidence.training import Training
from mlops_actions.evidence.verdict import RuleOutcome, Verdict
from mlops_actions.registries import Author, Blob, Change, Version
from mlops_actions.trace import as_json, follow, mermaid, text

MODEL, DATA, POLICY = "aa" * 32, "bb" * 32, "cc" * 32
WHO = Provenance(
    tool="0",
    commit="f" * 40,
    actor="alice",
    started=datetime(2026, 1, 1, tzinfo=UTC),
    finished=datetime(2026, 1, 1, tzinfo=UTC),
)


def link(statement: Statement[Predicate]) -> Link[Predicate]:
    return Link(digest_bytes(statement.to_json()), statement)


def chain_of_three() -> list[Link[Predicate]]:
    report = Statement("train.parquet", DATA, DataReport(result="pass", rows=9, columns=[], checks=[], provenance=WHO))
    data = Material(name="data", uri="train.parquet", digest={"sha256": DATA})
    training = Statement(
        "m.joblib",
        MODEL,
        Training(result="pass", materials=[data], command=["python", "train.py"], exit_code=0, seconds=1.0),
    )
    policy = Material(name="policy", uri='p"<o>licy.yaml', digest={"sha256": POLICY})
    parent = Material(name="training", uri="training-x.json", digest={"sha256": link(training).sha256})
    verdict = Statement(
        "m.joblib",
        MODEL,
        Verdict(
            result="pass",
            materials=[policy, parent],
            rules=[],
            champion=None,
            policy=POLICY,
            judged_on="intervals",
            decision="Passed.",
        ),
    )
    return [link(training), link(verdict), link(report)]


def test_the_chain_goes_through_materials_to_the_statements_about_them() -> None:
    drawn = [
        re.sub(r"  [0-9a-f]{12}  ", " | ", line) for line in text(follow("m", MODEL, chain_of_three())).splitlines()
    ]
    assert drawn == [
        "model | m",
        "├─ training | pass",
        "│  └─ data | train.parquet",
        "│     └─ data-report | pass, 2026-01-01 00:00:00Z, commit ffffffffffff, by alice",
        "└─ verdict | pass",
        '   └─ policy | p"<o>licy.yaml',
    ]


def test_what_was_shown_above_is_not_spelled_out_again() -> None:
    links = chain_of_three()
    data = Material(name="data", uri="train.parquet", digest={"sha256": DATA})
    again = Training(result="pass", materials=[data], command=["python"], exit_code=0, seconds=2.0)
    lines = text(follow("m", MODEL, [*links, link(Statement("m.joblib", MODEL, again))])).splitlines()
    assert lines[-1].endswith("train.parquet (see above)")
    assert sum("data-report" in line for line in lines) == 1


def test_statements_that_say_the_same_are_one_line() -> None:
    links = chain_of_three()
    later = Training.model_validate({**links[0].statement.predicate.model_dump(), "provenance": WHO, "seconds": 9.0})
    lines = text(follow("m", MODEL, [*links, link(Statement("m.joblib", MODEL, later))])).splitlines()
    (training,) = [line for line in lines if "training" in line]
    assert training.endswith("commit ffffffffffff, by alice, and 1 older like it")


def test_the_graph_draws_each_node_once_and_quotes_what_came_from_files() -> None:
    graph = mermaid(follow("m", MODEL, chain_of_three())).splitlines()
    assert graph[:2] == ["```mermaid", "graph LR"]
    assert len([line for line in graph if "-->" in line]) == 5
    assert any("policy<br/>p&quot;&lt;o&gt;licy.yaml<br/>cccccccccccc" in line for line in graph)


def lines(links: list[Link[Predicate]], *changes: Change) -> list[str]:
    drawn = text(follow("m", MODEL, links, changes)).splitlines()
    return [re.sub(r"  [0-9a-f]{12}  ", " | ", line) for line in drawn]


def promotion(**fields: object) -> Link[Predicate]:
    known = {"registry": "file:r", "name": "m", "version": 3, "alias": "champion", "before": None, "after": MODEL}
    stated = Promotion.model_validate({"result": "pass", "entry": 7, "changed": True, **known, **fields})
    return link(Statement("m.joblib", MODEL, stated))


def change(entry: int, **author: object) -> Change:
    version = Version("m", 3, Blob(MODEL, ".joblib", 9))
    when = datetime(2026, 1, 2, tzinfo=UTC)
    return Change(entry, when, Author("mlops-actions 0", **author), "promote", "champion", None, version)  # type: ignore[arg-type]


def test_people_who_approved_forced_or_own_rules_are_named() -> None:
    approved = promotion(approved_by=["bob", "eve"], forced=Forced(reason="The old one is down.", refusals=[]))
    rules = [RuleOutcome(rule=f"a > {i}", result="pass", owner="@risk", message="") for i in range(2)]
    links = chain_of_three()
    verdict = links[1].statement.predicate.model_copy(update={"rules": rules})
    drawn = lines([link(Statement("m.joblib", MODEL, verdict)), approved, links[0], links[2]])
    assert "├─ verdict | pass, rules of @risk" in drawn
    assert "├─ promotion | pass, @champion, approved by bob, eve, forced: The old one is down." in drawn


def test_promotions_that_only_the_log_tells_of_are_shown_with_their_people() -> None:
    known, other = change(7, actor="alice"), change(9, actor="alice", approved_by=("bob",), run_url="https://ci/1")
    drawn = lines([promotion()], known, other)
    assert drawn == [
        "model | m",
        "├─ promotion | pass, @champion",
        "└─ promote (log entry 9)  @champion, v3, 2026-01-02 00:00:00Z, by alice, approved by bob, https://ci/1",
    ]
    graph = mermaid(follow("m", MODEL, [promotion()], [known, other]))
    assert graph.count("-->") == 2
    assert "promote (log entry 9)<br/>@champion" in graph


def test_a_statement_that_another_rests_on_and_that_is_gone_is_a_broken_link() -> None:
    training, verdict, report = chain_of_three()
    drawn = lines([verdict, report])
    assert drawn[-1] == "   └─ training | training-x.json, MISSING: this statement is not here"
    chain = follow("m", MODEL, [verdict, report])
    (broken,) = [one for one in chain.parents[0].parents if one.missing]
    assert broken.sha256 == training.sha256
    graph = mermaid(chain)
    assert graph.count(":::missing") == 1
    assert "classDef missing" in graph
    assert [one["missing"] for one in json.loads(as_json(chain))["from"][0]["from"]] == [False, True]
    assert ":::" not in mermaid(follow("m", MODEL, chain_of_three()))


def test_json_holds_the_same_chain() -> None:
    document = json.loads(as_json(follow("m", MODEL, chain_of_three())))
    assert [parent["what"] for parent in document["from"]] == ["training", "verdict"]
    assert document["from"][0]["from"][0]["from"][0]["what"] == "data-report"


def test_a_statement_about_its_own_material_does_not_loop() -> None:
    own = Material(name="data", uri="m", digest={"sha256": MODEL})
    loop = Statement("m", MODEL, DataReport(result="pass", rows=1, columns=[], checks=[], materials=[own]))
    assert len(text(follow("m", MODEL, [link(loop)])).splitlines()) == 2
