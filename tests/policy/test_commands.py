"""`shuangkong policy …`: JSON alone on stdout, complaints on stderr, exit 0 or 2."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from policy.builders import manual_files
from registry.made_up import made_up_unit, made_up_uscc
from shuangkong.engine.api import Workspace, writing
from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import load_files
from shuangkong.policy.cli import policy_app
from shuangkong.registry.api import ensure_regions, register_unit

PACK = "demo.shifan.plan14"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with the example pack of the manual, in Hebei's place so that its region is a listed one."""
    for name, body in manual_files().items():
        file = tmp_path / "demo" / "shifan_plan" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body.replace("990100", "130100"), "utf-8")
    return tmp_path


def run(*words: str | Path) -> Result:
    """A command as typed after `shuangkong policy`."""
    return CliRunner().invoke(policy_app, [str(w) for w in words], catch_exceptions=True)


def complaint(result: Result) -> str:
    """The user error that a command ended with."""
    assert isinstance(result.exception, UserError)
    return str(result.exception)


def test_check_says_what_it_checked(library: Path) -> None:
    """A good pack passes with counts on stdout and warnings on stderr."""
    result = run("check", library)
    assert result.exit_code == 0
    assert result.stdout == (
        "检查通过，4 处提醒：规则包 1，条款 5，目标 2，任务 0，决策表 0，"
        "参数 2，指标 1，能源品种 2，产品 1，参数取值 7，算例 0\n"
    )
    assert result.stderr.splitlines()[0] == (
        "PACK-005 demo.shifan.plan14@2022:carries_out：“gov.plan14.energy”：没有这个编号的规则包。"
        "请加上声明它的规则包，或改正名称。"
    )
    assert run("check", library, "--lang", "en").stderr == (
        "PACK-005 demo.shifan.plan14@2022:carries_out: “gov.plan14.energy”: no pack here has this id. "
        "Add the pack that declares it, or correct the name.\n"
        "PACK-005 demo.shifan.plan14@2022:supersedes: “demo.shifan.plan13@2017”: no pack here has this id and edition. "
        "Add the pack that declares it, or correct the name.\n"
        "PACK-005 demo.shifan.plan14@2022:energy_per_gdp_2025: “energy_per_gdp”: the indicator is declared nowhere. "
        "Add the pack that declares it, or correct the name.\n"
        "PACK-005 demo.shifan.plan14@2022:clinker_energy: “unit_product_energy”: the indicator is declared nowhere. "
        "Add the pack that declares it, or correct the name.\n"
    )
    assert run("check", library, "--lang", "en").stdout == (
        "fine, 4 warnings: 1 packs, 5 clauses, 2 targets, 0 duties, "
        "0 decision tables, 2 parameters, 1 indicators, 2 carriers, 1 products, "
        "7 parameter rows, 0 worked cases\n"
    )


def test_check_says_which_named_units_are_not_registered(tmp_path: Path) -> None:
    """With a workspace a unit that its register does not hold is a warning; one that it holds is none."""
    workspace = Workspace.create(tmp_path / "w")
    with writing(workspace.engine) as db:
        ensure_regions(db, workspace.clock(), principal="test")
        register_unit(db, made_up_unit(1), workspace.clock(), principal="test")
    target = (
        "- {{slug: cap.{n}, clause: 二（一）, indicator: energy_total, subject: {{uscc: '{code}'}}, comparator: at_most"
        ", value: 9000, unit: tce, year: 2025, horizon: year}}\n"
    )
    folder = tmp_path / "packs"
    folder.mkdir()
    for name, body in manual_files().items():
        more = "".join(target.format(n=n, code=made_up_uscc(n)) for n in (1, 2)) if name == "targets.yaml" else ""
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(body.replace("990100", "130100") + more, "utf-8")
    plain = run("check", folder, "--lang", "en")
    told = run("check", folder, "-w", tmp_path / "w", "--lang", "en")
    assert (plain.exit_code, told.exit_code) == (0, 0)
    assert [line for line in told.stderr.splitlines() if line not in plain.stderr.splitlines()] == [
        f"PACK-005 demo.shifan.plan14@2022:cap.2: “{made_up_uscc(2)}”: no unit with this code is registered in your "
        "scope. Register the unit first, or correct its code; until then the target binds nobody."
    ]
    chinese = run("check", folder, "-w", tmp_path / "w").stderr
    assert "您的范围内没有登记这个用能单位" in chinese
    assert made_up_uscc(1) not in chinese


def test_check_lists_every_problem_and_exits_with_two(library: Path) -> None:
    """Problems of all files of all packs come in one pass, on stderr, or as JSON alone on stdout."""
    (library / "demo" / "shifan_plan" / "rules.yaml").write_text("- {}\n", "utf-8")
    (library / "other").mkdir()
    (library / "other" / "instrument.yaml").write_text("id: 5\n", "utf-8")
    result = run("check", library)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "demo/shifan_plan/rules.yaml:1：规则包里不能有这个文件。" in result.stderr
    assert 'other/instrument.yaml:1 id：5 会读成数，这里应是文字。请加引号："5"。' in result.stderr
    assert "id: 5 is a number where text is wanted." in run("check", library, "--lang", "en").stderr
    as_json = run("check", library, "--json")
    data = json.loads(as_json.stdout)
    assert (as_json.exit_code, as_json.stderr, data["ok"]) == (2, "", False)
    assert len(data["problems"]) == len(result.stderr.splitlines()) - 1
    assert set(data["problems"][0]) == {
        "code", "title_zh", "title_en", "where", "message", "remedy", "message_zh", "remedy_zh"
    }  # fmt: skip


def test_a_check_that_compared_nothing_fails(tmp_path: Path) -> None:
    """No path, or a path without a pack, is not a pass."""
    assert run("check").exit_code == 2
    assert run("check").stderr.startswith("PACK-006 没有找到规则包，什么也没有检查。请给出文件夹，或用 --builtin。\n")
    english = ("--lang", "en")
    assert run("check", *english).stderr.startswith(
        "PACK-006 no pack was found, so nothing was checked. Name a folder, or --builtin.\n"
    )
    assert run("check", tmp_path, *english).stderr.startswith(
        f"PACK-006 {tmp_path}: no pack lies here. Name a folder with an instrument.yaml in it or below it.\n"
    )
    assert run("check", tmp_path / "x", *english).stderr.startswith(
        f"PACK-001 {tmp_path / 'x'}: this is not a folder. Name the folder of a pack.\n"
    )


def test_two_packs_that_contradict_fail_together(library: Path) -> None:
    """Packs that are good alone are still compared with each other."""
    other = library / "copy"
    other.mkdir()
    good = library / "demo" / "shifan_plan" / "instrument.yaml"
    (other / "instrument.yaml").write_bytes(good.read_bytes())
    assert f"{PACK}@2022 与 " in run("check", library).stderr
    assert f"{PACK}@2022 is also the pack at" in run("check", library, "--lang", "en").stderr


def test_a_broken_case_file_fails_the_check(library: Path) -> None:
    """Worked cases are looked at by the check too."""
    cases = library / "demo" / "shifan_plan" / "cases"
    cases.mkdir()
    (cases / "a.yaml").write_text("- name: 甲\n- name: 乙\n", "utf-8")
    assert "算例 2" in run("check", library).stdout
    (cases / "b.yaml").write_text("甲\n", "utf-8")
    assert "cases/b.yaml:1：整个文件只有一个值。" in run("check", library).stderr


def test_show_draws_the_clause_tree(library: Path) -> None:
    """Clauses are indented, with the targets and parameters that stand on each."""
    result = run("show", library / "demo" / "shifan_plan")
    assert result.stdout.splitlines() == [
        "demo.shifan.plan14@2022  示范市节能减排方案（合成） 示府发〔2022〕1号（合成）  130100  "
        "2022-06-01 – 2026-01-01 [合成]",
        "  二 主要目标",
        "    二（一） 强度下降",
        "      ◎ energy_per_gdp_2025: energy_per_gdp 下降 14.5%  P2021-2025 / 2020  (synthetic)",
        "      ◎ clinker_energy: unit_product_energy 不超过 109 kgce/t  2025  (synthetic)",
        "  三 价格",
        "    三（二） 差别电价",
        "      · demo.price.surcharge[tier]: 差别电价加价  CNY/kWh  4 参数取值",
        "  四 组织  — 没有数字和条件",
        "  · demo.factor.coal[carrier]: 示范煤折标系数  kgce/kg  3 参数取值",
    ]


def test_show_gives_one_clause_as_json(library: Path) -> None:
    """JSON keeps the digits as printed, as text, and names rows by their keys."""
    data = json.loads(run("show", PACK, "--packs", library, "--clause", "三（二）", "--json").stdout)
    assert [c["id"] for c in data["clauses"]] == ["三（二）"]
    rows = data["clauses"][0]["parameters"][0]["values"]
    assert [(r["tier"], r.get("value"), r.get("state")) for r in rows] == [
        ("restricted", "0.10", None),
        ("eliminated", "0.30", None),
        ("eliminated", "0.50", None),
        ("other", None, "bound_unknown"),
    ]


def test_show_says_what_is_not_there(library: Path) -> None:
    """An unknown pack or clause is a user error with the way on."""
    assert complaint(run("show", "x.y", "--packs", library)) == (
        "PACK-006 x.y: there is no such pack. "
        "Check the id on the list of packs (the page “Packs”, or `shuangkong policy list`)."
    )
    assert complaint(run("show", PACK, "--packs", library, "--clause", "九")) == (
        "PACK-006 demo.shifan.plan14@2022: there is no clause “九”. Its clauses: 二, 二（一）, 三, 三（二）, 四."
    )


def test_a_folder_of_packs_must_hold_some(tmp_path: Path) -> None:
    """A further folder that is none, or holds no pack, is named."""
    nowhere = tmp_path / "nowhere"
    assert complaint(run("list", "--packs", nowhere)) == (
        f"PACK-001 {nowhere}: this is not a folder. Name the folder of a pack."
    )
    assert complaint(run("list", "--packs", tmp_path)) == (
        f"PACK-006 {tmp_path}: no pack lies here. Name a folder with an instrument.yaml in it or below it."
    )


def test_a_file_that_cannot_be_read_is_named(library: Path) -> None:
    """A dangling link in a pack is a user error, not a crash."""
    (library / "demo" / "shifan_plan" / "targets.yaml").unlink()
    (library / "demo" / "shifan_plan" / "targets.yaml").symlink_to(library / "gone")
    assert "PACK-001" in run("check", library).stderr.splitlines()[0]


def test_in_force_shows_expired_as_expired(library: Path) -> None:
    """The city's plan reaches the city, not its sister, and is 已失效 after its end."""
    asked = ("in-force", "--packs", library, "--known", "2026-06-01", "--json", "--region")
    inside = json.loads(run(*asked, "130100", "--date", "2025-12-31").stdout)
    assert (inside["path"], inside["known"]) == (["000000", "130000", "130100"], "2026-06-01")
    mine = [(i["standing"], i["standing_zh"]) for i in inside["instruments"] if i["pack"] == f"{PACK}@2022"]
    assert mine == [("in_force", "有效")]
    after = json.loads(run(*asked, "石家庄市", "--date", "2026-01-01").stdout)
    assert [i["standing_zh"] for i in after["instruments"] if i["pack"] == f"{PACK}@2022"] == ["已失效"]
    sister = json.loads(run(*asked, "130200", "--date", "2025-12-31").stdout)
    assert f"{PACK}@2022" not in {i["pack"] for i in sister["instruments"]}
    text = run("in-force", "--packs", library, "--region", "130100", "--date", "2026-01-01", "--known", "2026-06-01")
    assert "已失效  demo.shifan.plan14@2022" in text.stdout


def test_in_force_wants_a_day(library: Path) -> None:
    """A day that is none is named with its option."""
    assert complaint(run("in-force", "--region", "000000", "--date", "2024")) == (
        "PER-001 --date: “2024” is not a day. Write 2024-06-30."
    )


def test_list_gives_one_line_per_pack(library: Path) -> None:
    """Every pack is on the list, in Chinese or English, or as JSON."""
    assert "Demo city plan (synthetic)" in run("list", "--packs", library, "--lang", "en").stdout
    assert f"{PACK}@2022" in {r["pack"] for r in json.loads(run("list", "--packs", library, "--json").stdout)}


def test_three_thousand_rows_load_quickly() -> None:
    """A library of 3,000 rows loads in well under a second and a half of CPU."""
    row = (
        '    - {{carrier: c{0}, region: "{1}", value: 0.71{0:03d}, from: 2020-01-01, to: 2025-01-01, '
        "source: {{doc: 试验标准, place: 表 {0}, known: 2020-09-29}}, confidence: synthetic, note: 试验}}\n"
    )
    rows = "".join(row.format(n, 110000 + n) for n in range(3000))
    head = "- id: test.factor\n  label: {zh: 系数}\n  unit: kgce/kg\n  key: [carrier, region]\n  values:\n"
    instrument = (
        'id: test.a\nedition: "1"\ntitle: {zh: 甲}\nissuer: 甲\nlevel: standard\nregion: "000000"\n'
        "issued: 2020-01-01\nin_force_from: 2020-01-01\nsynthetic: true\n"
        "source: {doc: 甲, place: 乙, known: 2020-01-01}\nconfidence: synthetic\n"
    )
    files = {"instrument.yaml": instrument.encode(), "parameters/a.yaml": (head + rows).encode()}
    start = time.process_time()
    found = load_files(files, origin="test")
    assert len(found.parameters[0].values) == 3000
    assert time.process_time() - start < 1.5
