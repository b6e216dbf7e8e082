"""The door of the page kit."""

from shuangkong.webkit.charts import Axes, Series, bar_chart, line_chart, nice_ticks, stack_chart
from shuangkong.webkit.figures import Figure, figure, grouped, period_words, places_of, share, shown_unit, unit_words
from shuangkong.webkit.frame import HEADERS, Asset, Assets, Frame, words
from shuangkong.webkit.listing import PageOf, csv_text, page_of, safe_cell
from shuangkong.webkit.marks import (
    CONFIDENCE_LABELS,
    NO_FINDING,
    STATUS_MARKS,
    STATUS_ORDER,
    Mark,
    severity,
    status_mark,
)
from shuangkong.webkit.messages import LANGUAGES, Speaker, UntranslatedText, chosen_language, read_messages
from shuangkong.webkit.tilegrid import Place, province_places

__all__ = [
    "CONFIDENCE_LABELS",
    "HEADERS",
    "LANGUAGES",
    "NO_FINDING",
    "STATUS_MARKS",
    "STATUS_ORDER",
    "Asset",
    "Assets",
    "Axes",
    "Figure",
    "Frame",
    "Mark",
    "PageOf",
    "Place",
    "Series",
    "Speaker",
    "UntranslatedText",
    "bar_chart",
    "chosen_language",
    "csv_text",
    "figure",
    "grouped",
    "line_chart",
    "nice_ticks",
    "page_of",
    "period_words",
    "places_of",
    "province_places",
    "read_messages",
    "safe_cell",
    "severity",
    "share",
    "shown_unit",
    "stack_chart",
    "status_mark",
    "unit_words",
    "words",
]
