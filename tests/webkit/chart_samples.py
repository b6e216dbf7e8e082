"""One chart of each kind, synthetic, with gaps, links, statuses and hostile words."""

from __future__ import annotations

from decimal import Decimal

from shuangkong.webkit.api import (
    Axes,
    Chart,
    Column,
    Flow,
    Origin,
    Series,
    Step,
    bar_chart,
    bullet_chart,
    heat_map,
    line_chart,
    sankey,
    stack_chart,
    waterfall,
)

HOSTILE = "</script><script>alert(1)</script><!-- {b|x} & \u2028"
YEARS = ("2021", "2022", "2023", "2024", "2025")
ORIGIN = Origin("合成〔2026〕1号", "50%–100%", (("方法", "合成"),))


def numbers(*texts: str) -> tuple[Decimal | None, ...]:
    """Figures from texts; an empty one is none."""
    return tuple(Decimal(t) if t else None for t in texts)


def samples() -> dict[str, Chart]:
    """Charts by the name of their kind."""
    axes = Axes(YEARS, "降幅（%）", "单位能耗累计降幅", "%", 2, "年份", "2021–2025")
    reached = Series(
        "实际", "reached", numbers("1.5", "3.123456789", "", "11", "-0.5"), "disc",
        ("2021 年下降 1.5%", "", f"未报 {HOSTILE}", "", "2025 年上升 0.5%，要求下降，差 14.5 个百分点，合成数据"),
        ("/findings/a", "", "/findings/c", "", "/findings/e"), ("on_track", "behind", "insufficient", "met", "missed"),
    )  # fmt: skip
    due = Series("进度要求", "schedule", numbers("3", "6", "9", "12", "14"), "none")
    more = Series("激励", "incentive", numbers("3.5", "7", "10.5", "14", "16"), "none")
    limit = Series("限额", "limit", due.values)
    status = Column("结论", statuses=reached.statuses, links=reached.links)
    parts = [
        Series("煤炭", "part-coal", numbers("1000", "1100", "", "900", "0"), notes=("", "", "2023 年未报", "", "")),
        Series("电力", "part-electricity", numbers("500", "", "", "650", "700"), notes=("", "电力未报", "", "", "")),
        Series("石油", "part-oil", numbers("120", "90", "", "", "80")),
    ]
    energy = Axes(YEARS, "能源消费量（万吨标准煤）", "分品种能源消费量", "万吨标准煤", 2, "期间", "2021–2025")
    days = tuple(
        Series(f"{d} 日", "accent", tuple(None if (d, h) == (3, 5) else Decimal(d * h % 17) for h in range(24)))
        for d in range(1, 15)
    )
    steps = (
        Step("消费总量", Decimal("3550.25"), True, "账上合计", "/findings/a"),
        Step("原料用能", Decimal("-420.5"), False, "不计入"), Step("非化石", Decimal(-310)),
        Step("外购绿证", None, False, "凭证未报"), Step("考核量", Decimal(2700), True),
    )  # fmt: skip
    flows = (
        Flow("煤炭", "发电", Decimal(600)), Flow("煤炭", "终端", Decimal(400), "直接燃烧", "/findings/a"),
        Flow("发电", "终端", Decimal(240)), Flow("发电", "损失", Decimal(360)), Flow("天然气", "终端", Decimal(120)),
        Flow("热力", "终端", None, "未报"),
    )  # fmt: skip
    total = Column("合计", figures=numbers("1620", "", "", "", "780"))
    nothing = Series("实际", "reached", (None,) * 5)
    plain = Axes((), "吨标准煤", "能流图", "吨标准煤", 1, "", "2025年")
    return {
        "line": line_chart(axes, [more, due, reached], ORIGIN, columns=[status]),
        "bar": bar_chart(axes, Series("当年", "yearly", *_rest(reached)), limit, ORIGIN, columns=[status]),
        "stack": stack_chart(energy, parts, ORIGIN, columns=[total]),
        "bullet": bullet_chart(axes, Series("当年", "yearly", *_rest(reached)), [due, limit], ORIGIN),
        "heat": heat_map(Axes(tuple(map(str, range(24))), "负荷（kW）", "日负荷", "kW", 0, "日"), days, ORIGIN),
        "waterfall": waterfall(
            Axes((), "万吨标准煤", "扣减", "万吨标准煤", 2, "步骤"), steps, ("增减", "之后"), ORIGIN
        ),
        "sankey": sankey(plain, flows, ("来源", "去向", "数量"), ORIGIN),
        "empty": line_chart(axes, [nothing], ORIGIN, empty="没有数据：`shuangkong import`。"),
    }  # fmt: skip


def _rest(s: Series) -> tuple[tuple[Decimal | None, ...], str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    return s.values, s.shape, s.notes, s.links, s.statuses
