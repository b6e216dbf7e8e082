"""Charts (图表): what is drawn, its data as a table, and where it comes from, defined once on the server.

A page shows one with the macro `chart` of ui.html; `static/chart.js` draws it. The numbers that are drawn are doubles:
they place a mark on a screen. The figures themselves stand in the table with all their digits.
"""

from shuangkong.webkit.charts.bands import Span, fan_chart
from shuangkong.webkit.charts.flows import Flow, Step, sankey, waterfall
from shuangkong.webkit.charts.kinds import bar_chart, bullet_chart, heat_map, line_chart, stack_chart
from shuangkong.webkit.charts.model import Axes, Cell, Chart, Column, Head, Origin, Series

__all__ = [
    "Axes",
    "Cell",
    "Chart",
    "Column",
    "Flow",
    "Head",
    "Origin",
    "Series",
    "Span",
    "Step",
    "bar_chart",
    "bullet_chart",
    "fan_chart",
    "heat_map",
    "line_chart",
    "sankey",
    "stack_chart",
    "waterfall",
]
