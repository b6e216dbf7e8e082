"""What stayed open when a table was checked, and how it is said to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shuangkong.kernel.labels import Label

#: In the order in which the more serious goes first.
Open = Literal["too_many", "gap", "overlap", "row", "value", "open"]
_WORDS: dict[Open, Label] = {
    "too_many": Label(
        "{rows}行的条件组合过多，未能逐一检查", "the combinations of its {rows} rows are too many to look through"
    ),
    "gap": Label(
        "既未证明每种输入都有对应的行，也未找到没有对应行的输入",
        "it was neither proved that a row hits for all inputs, nor were inputs found for which none does",
    ),
    "overlap": Label(
        "既未证明{rows}两行不会同时符合，也未找到同时符合的输入",
        "it was neither proved that rows {rows} never hit together, nor were inputs found for which they do",
    ),
    "row": Label(
        "既未找到使{rows}行得以采用的输入，也未证明不存在这样的输入",
        "neither were inputs found for which row {rows} is taken, nor was it proved that there are none",
    ),
    "value": Label(
        "文件未给出确定数值的参数：{names}；有无空缺或重叠取决于这些数值，其余部分已检查",
        "the document gives no one figure for {names}; whether there is a gap or an overlap depends on it, the rest was"
        " checked",
    ),
    "open": Label(
        "该表所依据的规定尚未明确，不作判定", "the document leaves the table open, so nothing is decided by it"
    ),
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """What could not be told of a table: `rows` it is about, `names` of parameters it hangs on."""

    code: Open
    rows: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def weight(self) -> int:
        """The smaller, the more serious."""
        return list(_WORDS).index(self.code)

    def label(self, names: Mapping[str, Label]) -> Label:
        """The reason in words; `names` are the labels of parameters by the table's names for them."""
        told = [names.get(n, Label(n)) for n in self.names]
        zh = _WORDS[self.code].zh.format(rows="、".join(self.rows), names="、".join(t.zh for t in told))
        en = (
            _WORDS[self.code].in_("en").format(rows=" and ".join(self.rows), names=", ".join(t.in_("en") for t in told))
        )
        return Label(zh, en)
