"""`shuangkong collect`: readings in by HTTP, HJ 212 and MQTT, until it is told to stop."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shuangkong.app.commands.options import DEFAULT_WORKSPACE, AsName, WorkspaceOption
from shuangkong.kernel.errors import UserError

if TYPE_CHECKING:
    from shuangkong.engine.api import Workspace
    from shuangkong.metering.collecting import Ways

#: Where posts are taken unless another address is given.
HTTP = "127.0.0.1:8100"


def add(app: typer.Typer) -> None:
    """Put the command under the program."""
    app.command("collect")(collect_command)


def collect_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    http: Annotated[str, typer.Option("--http", help="HTTP 接收地址，空则不开 (address for HTTP; empty: none)")] = HTTP,
    hj212: Annotated[
        str, typer.Option("--hj212", help="HJ 212 接收地址，如 0.0.0.0:7212 (address for HJ 212; none if left out)")
    ] = "",
    mqtt: Annotated[
        str, typer.Option("--mqtt", help="MQTT 代理，如 mqtt://127.0.0.1:1883 (broker of MQTT; none if left out)")
    ] = "",
    mqtt_prefix: Annotated[
        str, typer.Option("--mqtt-prefix", help="MQTT 主题前缀 (what topics of MQTT begin with)")
    ] = "shuangkong",
    every: Annotated[
        float, typer.Option("--every", min=0.1, help="两次入湖之间的秒数 (seconds between two storings)")
    ] = 2.0,
    behind_proxy: Annotated[
        bool,
        typer.Option("--behind-proxy", help="前面有终结 TLS 的代理 (a proxy before it ends TLS)"),
    ] = False,
    key_unit_mapping: Annotated[
        Path | None,
        typer.Option("--key-unit-mapping", help="重点用能单位报文的字段对应文件 (names of fields of key units' posts)"),
    ] = None,
    as_name: AsName = "",
    storing: Annotated[bool, typer.Option("--storing", hidden=True, help="入湖进程 (the storing process)")] = False,
) -> None:
    """接收读数：HTTP、HJ 212、MQTT；SIGTERM 后答完再退出 (take readings in; on SIGTERM all in hand are answered)."""
    from shuangkong.app.collecting import store_as_told
    from shuangkong.app.web.logging import JsonLines
    from shuangkong.engine.api import Workspace

    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(JsonLines())
    logging.basicConfig(handlers=[lines])
    opened = Workspace.open(workspace)
    if storing:
        store_as_told(opened, sys.stdin, sys.stdout)
        return
    ways = _ways(http, hj212, mqtt, mqtt_prefix, every, behind_proxy=behind_proxy)
    _collect(opened, ways, as_name, key_unit_mapping)


def _collect(workspace: Workspace, ways: Ways, as_name: str, mapping: Path | None) -> None:
    import asyncio

    from shuangkong.app.acting import acting
    from shuangkong.app.collecting import storing_beside
    from shuangkong.engine.api import record, seal, writing
    from shuangkong.metering.collecting import Collector
    from shuangkong.metering.key_units import own_map, read_key_unit_map

    fields = read_key_unit_map(mapping) if mapping is not None else own_map()
    who = acting(workspace, as_name, "collect")

    def started(ports: Mapping[str, int]) -> None:
        with writing(workspace.engine) as db:
            detail = {**ports, "mqtt": str(ways.mqtt) if ways.mqtt is not None else None}
            record(db, at=workspace.clock(), principal=who.principal, action="readings.collect", obj="", detail=detail)
        told = [f"{name} {port}" for name, port in ports.items()]
        told += [str(ways.mqtt)] if ways.mqtt is not None else []
        typer.echo(f"{', '.join(told)}  (Ctrl+C 结束 to stop)", err=True)

    with storing_beside(workspace) as beside:
        asyncio.run(Collector(workspace, ways, beside, started=started, key_units=fields).run())
    # what was stored since the last round of upkeep is not left unsealed until somebody starts a worker
    with writing(workspace.engine) as db:
        seal(db, at=workspace.clock(), principal=who.principal)


def _ways(
    http: str, hj212: str, mqtt: str, prefix: str, every: float, *, behind_proxy: bool
) -> Ways:  # fmt: skip
    from shuangkong.app.web.limits import is_loopback
    from shuangkong.metering.collecting import Ways
    from shuangkong.metering.mqtt import Broker

    posts = _address(http, "--http")
    if posts is not None and not is_loopback(posts[0]) and not behind_proxy:
        raise UserError(
            "CLI-001", f"on {posts[0]} tokens would cross the network unencrypted.", where="--http",
            remedy="Put a proxy with TLS before it and say --behind-proxy, or listen on 127.0.0.1.",
        )  # fmt: skip
    ways = Ways(posts, _address(hj212, "--hj212"), Broker.at(mqtt) if mqtt else None, prefix, every)
    if ways.http is None and ways.hj212 is None and ways.mqtt is None:
        raise UserError(
            "CLI-001", "no way in is open.", where="--http", remedy=f"Name one: --http {HTTP}, --hj212 0.0.0.0:7212.",
        )  # fmt: skip
    return ways


def _address(text: str, option: str) -> tuple[str, int] | None:
    """HOST:PORT, an address of IPv6 in brackets; nothing where it is empty."""
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UserError(
            "CLI-001", f"“{text[:60]}” is no address.", where=option, remedy=f"Write HOST:PORT: {option} {HTTP}.",
        )  # fmt: skip
    return host.strip("[]"), int(port)
