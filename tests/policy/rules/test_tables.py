"""Tables of packs: what is read, what is refused with its place, and what the checks at load find."""

from __future__ import annotations

import pytest

from policy.builders import INSTRUMENT
from shuangkong.policy.api import Pack, PackErrors, PackSet, load_files
from shuangkong.policy.rendering import check_lines
from shuangkong.policy.service import CheckReport

CLAUSES = "- {id: 一, title: {zh: 规则}, kind: rule}\n"
PARAMETERS = """- id: demo.bound
  label: {zh: 界限（合成）}
  unit: tce
  values: [{value: 10, to: 2023-01-01}, {value: 30, from: 2023-01-01}]
"""
HEAD = """- id: demo
  clause: 一
  label: {{zh: 试验表（合成）, en: Demo}}
  hit: {hit}
  inputs:
    - {{name: x, label: {{zh: 能耗}}, unit: tce}}
    - {{name: g, label: {{zh: 类别}}, type: text, choices: [甲, 乙]}}
  parameters: [{{name: bound, id: demo.bound}}]
  outputs: [{{name: o, label: {{zh: 结果}}}}]
  rows:
"""


def loaded(rows: str, hit: str = "unique", more: str = "", parameters: str = PARAMETERS) -> Pack:
    """An invented pack with one table of these rows."""
    given = {
        "id": "demo.rules", "edition": "1", "level": "city", "region": "990100", "start": "2022-01-01",
        "end": "2024-01-01", "supersedes": "", "known": "2022-01-01", "more": "",
    }  # fmt: skip
    table = HEAD.format(hit=hit) + "".join(f"    - {r}\n" for r in rows.strip().splitlines()) + more
    files = {"instrument.yaml": INSTRUMENT.format(**given), "clauses.yaml": CLAUSES,
             "parameters/p.yaml": parameters, "tables/t.yaml": table}  # fmt: skip
    return load_files({n: t.encode() for n, t in files.items()}, origin="pack")


def problems(rows: str, hit: str = "unique", more: str = "") -> list[str]:
    """What loading complains of."""
    with pytest.raises(PackErrors) as wrong:
        loaded(rows, hit, more)
    return [str(p) for p in wrong.value.problems]


FINE = "{id: low, when: {x: 不足20}, then: {o: a}}\n{id: high, when: {x: 20以上}, then: {o: b}}"


def test_a_table_without_gap_and_overlap_is_taken() -> None:
    """Rows that share a bound rightly are no fault, and the whole table was checked."""
    pack = loaded(FINE)
    assert [t.id for t in pack.decided] == ["demo"]
    assert pack.unchecked == ()


@pytest.mark.parametrize(
    ("rows", "hit", "said"),
    [
        ("{id: low, when: {x: 20以下}, then: {o: a}}\n{id: high, when: {x: 20以上}, then: {o: b}}", "unique",
         "rows low and high both hit where x = 20, g = 甲"),
        ("{id: low, when: {x: 不足20}, then: {o: a}}\n{id: high, when: {x: 超过20}, then: {o: b}}", "unique",
         "no row hits where x = 20, g = 甲"),
        ("{id: a, when: {g: 甲}, then: {o: a}}", "first", "no row hits where x = 0, g = 乙"),
        ("{id: low, then: {o: a}}\n{id: never, when: {x: 20以上}, then: {o: b}}", "first",
         "row never never hits before the rows above it"),
        ("{id: a, when: {x: 20以下}, then: {o: a}}\n{id: b, when: {x: 20以上}, then: {o: b}}", "any",
         "rows a and b both hit where x = 20"),
        ("{id: low, when: {x: 不足20}, then: {o: a}}\n{id: high, when: {x: '>= bound'}, then: {o: b}}", "unique",
         "both hit where x = 10"),
        ("{id: low, when: {x: '< bound'}, then: {o: a}}\n{id: high, when: {x: '>= 10'}, then: {o: b}}", "unique",
         "(on 2023-01-01)"),
    ],
)  # fmt: skip
def test_gaps_overlaps_and_dead_rows_have_a_counter_example(rows: str, hit: str, said: str) -> None:
    """Each fault of shape is told with inputs for which it is so, also where a parameter's later value makes it."""
    found = problems(rows, hit)
    assert any(p.startswith("RULE-005 pack/tables/t.yaml:") and said in p for p in found), found


@pytest.mark.parametrize(
    ("rows", "place", "said"),
    [
        ("{id: a, when: {x: '> 5 kWh'}, then: {o: a}}", "[0].rows[0].when.x", "RULE-002"),
        ("{id: a, if: 'x > 5', then: {o: a}}", "[0].rows[0].if", "at character 3"),
        ("{id: a, if: 'x + ', then: {o: a}}", "[0].rows[0].if", "RULE-001"),
        ("{id: a, when: {y: 5}, then: {o: a}}", "[0].rows[0].when.y", "“y” is no input"),
        ("{id: a, when: {g: 丙}, then: {o: a}}", "[0].rows[0].when.g", "“丙” is no choice of g"),
        ("{id: a, then: {p: a}}", "[0].rows[0].then", "row a gives no o"),
        ("{id: a, then: {o: 5}}", "[0].rows[0].then.o", "5 stands where text is wanted"),
        ("{id: a, then: {o: a}}\n{id: a, then: {o: b}}", "[0].rows", "“a” is given twice"),
        ("{id: a, exception_of: [z], then: {o: a}}", "[0].rows[0].exception_of", "“z” is no row"),
    ],
)
def test_a_fault_names_file_line_key_and_remedy(rows: str, place: str, said: str) -> None:
    """The complaint leads to the key, and inside an expression to the character."""
    found = problems(rows, "first")
    assert any(f" {place}:" in p and said in p and p.startswith("RULE-") for p in found), found


def test_a_circle_of_tables_is_named() -> None:
    """Two tables that take each other's output cannot be decided."""
    other = HEAD.format(hit="first").replace("id: demo\n", "id: other\n").replace(
        "unit: tce}}", "output: {table: demo, output: o}}"
    ).replace("name: x, label: {zh: 能耗}, unit: tce", "name: x, label: {zh: 能耗}, type: text, output: {table: other, output: o}")  # fmt: skip  # noqa: E501
    other = other.replace("table: other", "table: demo") + "    - {id: a, then: {o: a}}\n"
    files = dict(loaded(FINE).files)
    mine = files["tables/t.yaml"].decode().replace("unit: tce}", "type: text, output: {table: other, output: o}}")
    files["tables/t.yaml"] = mine.encode()
    files["tables/u.yaml"] = other.encode()
    with pytest.raises(PackErrors, match="demo → other → demo"):
        load_files(files, origin="pack")


def test_too_many_rows_are_refused() -> None:
    """Ten thousand rows are the most; the complaint comes without looking at them one by one."""
    rows = "\n".join(f"{{id: r{n}, when: {{x: {n}}}, then: {{o: a}}}}" for n in range(10_001))
    assert any(p.startswith("RULE-006 ") for p in problems(rows, "first", "  no_row_because: {zh: 无}\n"))


ENDED = PARAMETERS.replace(", {value: 30, from: 2023-01-01}", "")
BETWEEN = "{id: none, when: {x: 0以下}, then: {o: a}}\n{id: low, if: 'x > 0 && x <= bound', then: {o: a}}\n{id: high, when: {x: '> bound'}, then: {o: b}}"  # noqa: E501


def test_a_table_that_calculates_is_checked() -> None:
    """Rows that calculate are looked through like others; the inputs that no row takes are told."""
    assert any("no row hits where x = 0" in p for p in problems("{id: a, if: 'x * 2 > bound', then: {o: a}}", "first"))
    assert loaded("{id: a, if: 'x * 2 > bound', then: {o: a}}\n{id: b, then: {o: b}}", "first").unchecked == ()


def test_a_table_that_hangs_on_a_missing_figure_says_so() -> None:
    """Where no figure of a parameter is there on some day, what hangs on it is told in both languages, by its label."""
    ((name, why),) = loaded(BETWEEN, parameters=ENDED).unchecked
    assert name == "demo"
    assert why.zh == "文件未给出确定数值的参数：界限（合成）；有无空缺或重叠取决于这些数值，其余部分已检查"
    assert loaded(BETWEEN).unchecked == ()


def elsewhere(value: int) -> PackSet:
    """The table that hangs on a figure, and another pack that sets it."""
    table = {n: d for n, d in loaded(BETWEEN).files if n != "parameters/p.yaml"}
    table["tables/t.yaml"] = table["tables/t.yaml"].replace(b"id: demo.bound}", b"id: demo.bound, unit: tce}")
    given = {
        "id": "demo.figures", "edition": "1", "level": "city", "region": "990100", "start": "2022-01-01",
        "end": "2024-01-01", "supersedes": "", "known": "2022-01-01", "more": "",
    }  # fmt: skip
    figure = ENDED.replace("value: 10, to: 2023-01-01", f"value: {value}")
    files = {"instrument.yaml": INSTRUMENT.format(**given), "clauses.yaml": CLAUSES, "parameters/p.yaml": figure}
    other = load_files({n: t.encode() for n, t in files.items()}, origin="other")
    return PackSet([load_files(table, origin="pack"), other], catalogue={})


def test_a_figure_of_another_pack_is_taken_once_all_packs_are_there() -> None:
    """By itself the table hangs on a figure that it has not; together it is proved, or the figure makes a fault."""
    packs = elsewhere(10)
    assert [name for name, _ in packs.pack("demo.rules").unchecked] == ["demo"]
    assert packs.unproved == ()
    with pytest.raises(PackErrors) as wrong:
        elsewhere(-5)
    overlap, dead = map(str, wrong.value.problems)
    assert overlap.startswith("RULE-005 pack/tables/t.yaml:")
    assert "rows none and high both hit where x = " in overlap
    assert "row low never hits" in dead


def test_policy_check_names_the_tables_that_could_not_be_proved() -> None:
    """They are counted with the others, and told with the reason, in words and as JSON."""
    report = CheckReport((loaded(BETWEEN, parameters=ENDED),), 0, (), ())
    zh = "文件未给出确定数值的参数：界限（合成）；有无空缺或重叠取决于这些数值，其余部分已检查"
    en = (
        "the document gives no one figure for 界限（合成）; whether there is a gap or an overlap depends on it,"
        " the rest was checked"
    )
    assert report.counts["tables"] == 1
    told = report.as_json()["unproved_tables"]
    assert told == [{"pack": "demo.rules@1", "table": "demo", "because": en, "because_zh": zh}]
    assert list(check_lines(report, "en"))[1:] == [
        f"  not wholly proved free of gaps and overlaps demo.rules@1:demo: {en}"
    ]
    assert list(check_lines(report, "zh"))[1:] == [f"  未能完全证明无空缺、无重叠 demo.rules@1:demo：{zh}"]
