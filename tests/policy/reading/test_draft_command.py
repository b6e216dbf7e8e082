"""`policy draft`: a document becomes a folder that `policy check` accepts; what is wrong is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shuangkong.app.cli import app
from shuangkong.policy.api import load_pack

PLAN = (
    "石家庄市“十四五”节能减排方案（合成）\n一、主要目标\n到2025年，全市单位地区生产总值能耗比2020年下降14%。\n"
    "二、重点任务\n（一）合成工程。给予最高9万元的奖励。对合成企业，奖励8万元。（市甲局牵头，市乙局配合）\n"
)


def drafted(tmp_path: Path, *more: str) -> tuple[Path, str]:
    """The folder that the command wrote, and what it said."""
    file, out = tmp_path / "plan.txt", tmp_path / "out"
    file.write_text(PLAN, "utf-8")
    result = CliRunner().invoke(app, ["policy", "draft", str(file), "-o", str(out), "--known", "2022-06-01", *more])
    assert result.exit_code == 0, result.output
    return out, result.stdout


def test_the_folder_is_a_pack_of_candidates(tmp_path: Path) -> None:
    """The folder loads, each entry is a candidate, and the check of packs finds nothing wrong."""
    out, _ = drafted(tmp_path)
    pack = load_pack(out)
    marks = {e.confidence for e in (pack.instrument, *pack.targets, *pack.duties, *pack.tables)}
    assert (marks, len(pack.targets), len(pack.duties), len(pack.tables)) == ({"candidate"}, 1, 1, 1)
    assert CliRunner().invoke(app, ["policy", "check", str(out), "--builtin"]).exit_code == 0


def test_json_says_what_was_left_out(tmp_path: Path) -> None:
    """What could not be written is told with clause, words and reason."""
    _, said = drafted(tmp_path, "--json", "--id", "demo.draft", "--lang", "en")
    data = json.loads(said)
    assert (data["pack"], data["checked"]) == ("demo.draft", True)
    (left,) = data["left_out"]
    assert left["clause"] == "二（一）"
    assert "no condition was read" in left["because"]


@pytest.mark.parametrize(("lang", "words"), [("zh", "均为候选"), ("en", "all candidates")])
def test_the_command_says_that_nothing_is_decided(tmp_path: Path, lang: str, words: str) -> None:
    """Who drafts a pack is told at once that it is a draft."""
    assert words in drafted(tmp_path, "--lang", lang)[1]


def test_an_invented_document_is_marked(tmp_path: Path) -> None:
    """With --synthetic the document says that it is invented, and its entries stay candidates."""
    pack = load_pack(drafted(tmp_path, "--synthetic")[0])
    assert (pack.instrument.synthetic, pack.instrument.confidence, pack.targets[0].confidence) == (
        True, "synthetic", "candidate",
    )  # fmt: skip


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A folder with files is refused, and stays as it was."""
    out, _ = drafted(tmp_path)
    before = sorted(p.name for p in out.rglob("*"))
    result = CliRunner().invoke(app, ["policy", "draft", str(tmp_path / "plan.txt"), "-o", str(out)])
    assert getattr(result.exception, "code", None) == "PACK-001"
    assert sorted(p.name for p in out.rglob("*")) == before


def test_an_article_cannot_be_drafted(tmp_path: Path) -> None:
    """Where the number asked for is an article, the message says so."""
    file = tmp_path / "two.md"
    article = "# 《合成方案》政策解读\n\n为做好合成工作，专家说明了方案的背景。\n\n" + "方案的意义很大。\n\n" * 40
    file.write_text(
        "# " + PLAN + "\n（二）合成保障。" + "做好合成保障工作。" * 60 + "\n三、保障\n做好保障。\n\n" + article, "utf-8"
    )
    from shuangkong.policy.reading.service import read_file

    other = next(d.number for d in read_file(file).documents if d.kind == "article")
    result = CliRunner().invoke(
        app, ["policy", "draft", str(file), "-o", str(tmp_path / "x"), "--document", str(other)]
    )
    assert getattr(result.exception, "code", None) == "READ-004"
