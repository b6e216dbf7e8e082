"""Make the workspace that is stored for a release: `python tests/stored/make_workspace.py FOLDER [DATABASE_URL]`.

It is run with the released version itself, through its command line alone, so that it works with every version. All
figures and units are invented (合成).
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from stdnum.cn import uscc
from typer.testing import CliRunner

from shuangkong.app.cli import app
from shuangkong.engine.api import Workspace, head, reading

PACKS = ["--packs", str(Path(__file__).parent / "packs")]
MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]
UNITS = [stem + str(uscc.calc_check_digit(stem)) for stem in (f"9113018100000000{n}" for n in range(1, 7))]
REPORTING = UNITS[:4]


def sheets() -> dict[str, list[str]]:
    """The sheets by book: a line of heads, then the rows."""
    names = zip(UNITS, "甲乙丙丁戊己", strict=True)
    years = [
        f"{place},{year},地区生产总值,{base + 7 * (year - 2015)}.5,亿元,{price},全口径"
        for place, base in (("辛集市", 400), ("石家庄市", 5000))
        for year in range(2015, 2025)
        for price in ("2020年不变价", "当年价")
    ]
    fuel = [f"{u},{m},洗精煤,{1000 + 100 * i},吨" for i, u in enumerate(REPORTING) for m in MONTHS]
    emitted = [f"{u},{m},经核查的二氧化碳排放量,{5000 + i}.25,tCO2" for i, u in enumerate(REPORTING) for m in MONTHS]
    return {
        "units": [
            "统一社会信用代码,单位名称,所在地区,行业代码,行业分类版本,单位类别,起始日期,报送周期",
            *(f"{u},{n}水泥厂（合成）,辛集市,3011,2017,重点用能单位,2023-01-01,月报" for u, n in names),
        ],
        "energy": ["统一社会信用代码,期间,能源品种,消费量,计量单位", *fuel],
        "output": [
            "统一社会信用代码,期间,产品名称,产量,计量单位",
            *(f"{u},{m},水泥熟料,1,万吨" for u in REPORTING for m in MONTHS),
        ],
        "value": ["地区,期间,指标,金额,计量单位,价格基期,范围", *years],
        "carbon": ["统一社会信用代码,期间,排放项,排放量,计量单位", *emitted],
    }


def call(*words: str) -> Any:
    """A command with --json; gives the parsed document."""
    done = CliRunner().invoke(app, [*words, "--json"])
    if done.exit_code != 0:
        raise RuntimeError(done.output + repr(done.exception))
    return json.loads(done.stdout)


def told(findings: list[dict[str, Any]]) -> dict[str, Any]:
    """What must be read from the run for ever: counts, the four answers of the small pack, a hash over all answers."""
    lines = sorted(f"{f['finding_key']}|{f['status']}|{f['value']}|{f['threshold']}" for f in findings)
    own = [f for f in findings if f["pack_id"] == "test-xinji"]
    return {
        "statuses": dict(sorted(Counter(f["status"] for f in findings).items())),
        "clinker": sorted([f["finding_key"], str(f["value"]), f["status"]] for f in own),
        "digest": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    }


def make(root: Path, url: str) -> dict[str, Any]:
    """A workspace below `root`; gives what a later version must find in it."""
    workspace = ["-w", str(root / "workspace")]
    call("init", *workspace, *(["--database", url] if url else []))
    for book, lines in sheets().items():
        file = root / f"{book}.csv"
        file.write_text("\n".join(lines), "utf-8")
        books = [] if book == "units" else ["--known-on", "2025-01-20", *PACKS]
        call("import", str(file), "--book", book, *workspace, *books)
    data = call("judge", *workspace, *PACKS, "--as-of", "2025-06-30")
    with reading(Workspace.open(root / "workspace").engine) as db:
        last = head(db)
    return {"run": data["run"], "head": [last.sequence, last.hash], "told": told(data["list"])}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True)
    sys.stdout.write(json.dumps(make(folder, "".join(sys.argv[2:3])), ensure_ascii=False, indent=1) + "\n")
