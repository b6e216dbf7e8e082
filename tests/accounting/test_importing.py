"""Importing: what is refused before anything is read, and what an import says of itself. All data synthetic (合成)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from typer.testing import CliRunner

from shuangkong.accounting.api import BOOK_ENTRIES, Origin, import_sheet, schema_of
from shuangkong.app.cli import app
from shuangkong.app.importing import as_dict, report_lines
from shuangkong.engine.api import Workspace, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.kernel.units import unit
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.registry.api import ensure_regions, sheets

HEAD = "地区代码,期间,指标,价格基期,金额,计量单位,范围\n"


@pytest.fixture(scope="module")
def packs() -> PackSet:
    """The packs that ship."""
    return PackSet(builtin_packs())


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with the regions of GB/T 2260."""
    opened = Workspace.create(tmp_path_factory.mktemp("importing") / "w")
    with writing(opened.engine) as db:
        ensure_regions(db, opened.clock())
    yield opened
    opened.engine.dispose()


def origin(day: str, reason: str = "") -> Origin:
    """A file that was handed in on a day."""
    return Origin("账.csv", "合成", "合成", "", date.fromisoformat(day), synthetic=True, reason=reason)


def row(money: int) -> bytes:
    """A county's GDP of 2021."""
    return (HEAD + f"130181,2021,地区生产总值,2020年不变价,{money},万元,本级\n").encode()


def test_a_correction_older_than_what_it_corrects_leaves_a_flaw(workspace: Workspace, packs: PackSet) -> None:
    """A figure handed in in March does not take the place of one of May without a word; the later one does."""
    scope = Scope.all("test")
    reports = [
        import_sheet(workspace, packs, "value", row(money), origin(day, "核对后更正"), scope=scope)
        for day, money in (("2022-05-01", 100), ("2022-03-01", 90), ("2022-06-01", 110))
    ]
    assert [(r.fresh, r.corrected) for r in reports] == [(1, 0), (0, 1), (0, 1)]
    assert [[(f.code, f.severity, f.evidence["rows"]) for f in r.flaws] for r in reports] == [
        [], [("older_than_corrected", "warn", [2])], [],
    ]  # fmt: skip
    assert as_dict(reports[1])["flaws"][0]["remedy"]
    assert [line for line in report_lines(reports[1], "zh", dry_run=False) if line.startswith("! ")] == [
        "! 1 条更正的公布日早于所更正的数 (1 corrections were known before the figures that they correct)"
        "  核对 --known-on；文件较旧时不要用它更正 (check --known-on; do not correct a newer figure from an older file)"
    ]


@pytest.mark.parametrize("reason", ["", " \u3000"])
def test_nothing_is_corrected_without_a_reason(workspace: Workspace, packs: PackSet, reason: str) -> None:
    """A figure that stands is not changed while nobody says why; the dry run tells the old and the new all the same."""
    first, second = (f"{HEAD}130183,2021,地区生产总值,2020年不变价,{n},万元,本级\n".encode() for n in (7, 8))
    scope, day = Scope.all("test"), "2022-06-01"
    import_sheet(workspace, packs, "value", first, origin("2022-05-01"), scope=scope)
    tried = import_sheet(workspace, packs, "value", second, origin(day), scope=scope, dry_run=True)
    before = workspace.lake.files(BOOK_ENTRIES, workspace.clock())
    with pytest.raises(UserError) as caught:
        import_sheet(workspace, packs, "value", second, origin(day, reason), scope=scope)
    assert str(caught.value) == (
        "IMP-005 账.csv: 1 figures would be corrected and no reason is given."
        " Say why they are corrected (--reason), then import again."
    )
    assert workspace.lake.files(BOOK_ENTRIES, workspace.clock()) == before
    assert [line for line in report_lines(tried, "zh", dry_run=True) if line.startswith("~ ")] == [
        "~ 第 2 行 2021 gdp: 7 10k_CNY (2022-05-01 报送) → 8 10k_CNY"
    ]


def test_two_columns_that_are_the_figure_are_refused(workspace: Workspace, packs: PackSet) -> None:
    """Which of two equal heads holds the figure is not guessed; a mapping settles it."""
    text = "地区代码,期间,能源品种,消费量,数量,计量单位,范围\n130181,2021,原煤,1,2,吨,本级\n".encode()
    with pytest.raises(UserError) as caught:
        import_sheet(workspace, packs, "energy", text, origin("2022-01-01"), scope=Scope.all("test"), dry_run=True)
    assert str(caught.value) == (
        "IMP-002 账.csv: the columns “消费量”、“数量” all mean quantity (消费量)."
        " Name one in a mapping (--mapping), or keep one of them."
    )
    guessed, _ = sheets.suggest_mapping(sheets.read_sheet(text, name="账.csv"), schema_of("energy", packs))
    guessed.sources["quantity"] = sheets.Source(column="数量")
    done = import_sheet(
        workspace, packs, "energy", text, origin("2022-01-01"), scope=Scope.all("test"), dry_run=True, mapping=guessed
    )
    assert (done.fresh, done.examples[0]["quantity"]) == (1, 2)


@pytest.mark.parametrize(
    ("book", "example", "dimensions"),
    [
        ("energy", "吨", {"energy_tce", "mass", "volume", "electricity", "heat"}),
        ("output", "吨", {"mass", "electricity"}),
        ("value", "万元", {"money"}),
        ("carbon", "吨二氧化碳", {"co2"}),
    ],
)
def test_a_template_offers_the_units_of_its_book(packs: PackSet, book: str, example: str, dimensions: set[str]) -> None:
    """The example row has a unit that fits its item, and the list to choose from has no unit of something else."""
    schema = schema_of(book, packs)
    data = load_workbook(BytesIO(sheets.template(schema)))
    table, lists = data.worksheets[0], data.worksheets[2]
    at = 1 + next(j for j, cell in enumerate(table[1]) if cell.value == "计量单位")
    offered = [c.value for c in lists[get_column_letter(at)] if c.value]
    assert table.cell(2, at).value == example == offered[0]
    assert {unit(name).dimension for name in offered} == dimensions
    assert len(offered) == len(set(offered))


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (("judge", "--known", "2999-01-01"), "--known"),
        (("judge", "--known", "2999-01-01T00:00:00+08:00"), "--known"),
        (("import", "{file}", "--book", "value", "--known-on", "2999-01-01"), "--known-on"),
    ],
)
def test_a_day_ahead_is_refused(workspace: Workspace, tmp_path: Path, words: tuple[str, ...], where: str) -> None:
    """What will be known some day is not known now: it does not silently become now."""
    file = tmp_path / "账.csv"
    file.write_bytes(row(1))
    typed = [w.format(file=file) for w in words]
    done = CliRunner().invoke(app, [*typed, "-w", str(workspace.root)])
    assert isinstance(done.exception, UserError)
    assert str(done.exception) == (
        f"PER-001 {where}: “{typed[-1]}” lies ahead: what will be known then is not known yet."
        " Write a day up to today, or leave it out."
    )
