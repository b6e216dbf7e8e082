"""Names of what meters measure and how (计量用语): items, kinds, monitoring systems, ways in, as people call them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from shuangkong.accounting.api import pollutant_label
from shuangkong.app.web.metering_live import LIVE
from shuangkong.app.web.metering_state import Metering
from shuangkong.kernel.labels import Label
from shuangkong.metering.monitoring import LABELS as SYSTEMS
from shuangkong.webkit.api import Speaker, grouped

KINDS: Mapping[str, Label] = {
    "interval": Label("期间用量", "interval"),
    "register": Label("表底", "register"),
    "rate": Label("瞬时", "rate"),
}
MEASURES: Mapping[str, Label] = {
    "amount": Label("用量", "amount"),
    "flow": Label("流量", "flow"),
    "concentration": Label("浓度", "concentration"),
    "state": Label("状态", "state"),
}
WAYS: Mapping[str, Label] = {
    "http": Label("HTTP 接口", "HTTP"),
    "hj212": Label("HJ 212 站点", "HJ 212 stations"),
    "mqtt": Label("MQTT", "MQTT"),
    "file": Label("文件", "files"),
}


#: Flows by their code in HJ 212, which are no pollutants.
FLOWS: Mapping[str, Label] = {
    "a00000": Label("废气流量", "flow of waste gas"),
    "w00000": Label("污水流量", "flow of waste water"),
}


def item_label(metering: Metering, item: str) -> Label:
    """The name of a carrier, product, pollutant or flow; the code where nothing knows it."""
    packs = metering.packs
    if item in packs.carriers:
        return packs.carriers[item].label.label
    if item in packs.products:
        return packs.products[item].label.label
    return pollutant_label(packs, item) or FLOWS.get(item) or Label(item, item)


def item_words(metering: Metering, speaker: Speaker) -> Callable[[str], str]:
    """What an item is called."""
    return lambda item: speaker.label(item_label(metering, item))


def system_label(name: str) -> Label:
    """The name of a monitoring system; its own name where the packs have none."""
    return SYSTEMS.get(name or "default", Label(name, name))


def count_words(n: int) -> str:
    """A count in groups of three."""
    return grouped(Decimal(n), 0)


def digits(value: Decimal) -> str:
    """A reading with all the digits that it came with."""
    exponent = value.normalize().as_tuple().exponent
    return grouped(value, max(0, -exponent) if isinstance(exponent, int) else 0)


def coded(of: Mapping[str, Label], speaker: Speaker) -> Callable[[str], str]:
    """The words of codes; a code without any stands for itself."""
    return lambda code: speaker.label(of[code]) if code in of else code


def live_words(speaker: Speaker) -> Callable[[str], str]:
    """The words of live states."""
    return coded({k: v.label for k, v in LIVE.items()}, speaker)
