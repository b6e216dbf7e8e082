"""`shuangkong serve`: the pages of a workspace, by one process or several; refused where that would not be safe."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shuangkong.app.commands.options import DEFAULT_WORKSPACE, WorkspaceOption
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.periods import china_day

if TYPE_CHECKING:
    from shuangkong.engine.api import Workspace

#: Seconds in which requests that are being answered may finish after SIGTERM.
PATIENCE = 30
#: Seconds after which a web process that does not answer its parent is replaced; a busy machine starts one slowly.
DEAF = 120
SHORTEST_SECRET = 32
#: Words of secrets that stand in examples, manuals and old installations; none of them comes from chance.
_DEFAULT_WORDS = (
    "changeme", "change-me", "change_me", "secret", "password", "passw0rd", "shuangkong", "insecure", "example",
    "default", "12345678", "placeholder", "replace-me", "replace_me", "qwertyui", "abcdefgh",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server listens and how."""

    host: str = "127.0.0.1"
    port: int = 8000
    processes: int = 1
    behind_proxy: bool = False
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    public_hosts: tuple[str, ...] = ()
    body_limit_mb: int = 64
    log_file: str = ""

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        from shuangkong.app.web.limits import is_loopback

        return is_loopback(self.host)


def add(app: typer.Typer) -> None:
    """Put the command under the program."""
    app.command("serve")(serve_command)


def serve_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    host: Annotated[str, typer.Option("--host", help="监听地址 (address to listen on)")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="端口 (port)")] = 8000,
    processes: Annotated[
        int, typer.Option("--processes", min=1, max=64, help="同时运行的网页进程数 (web processes at once)")
    ] = 1,
    behind_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-proxy",
            help="前面有终结 TLS 的代理，信任其转发头 (a proxy before it ends TLS; its forwarded headers are trusted)",
        ),
    ] = False,
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            "--proxy",
            help="代理地址（非本机时），可多次给出 (address of the proxy, if not this machine; may be repeated)",
        ),
    ] = None,
    public_host: Annotated[
        list[str] | None,
        typer.Option("--public-host", help="对外名称，可多次给出 (name it is reached under; may be repeated)"),
    ] = None,
    body_limit: Annotated[
        int, typer.Option("--body-limit", min=1, help="请求上限，兆字节 (largest request in megabytes)")
    ] = 64,
    log_file: Annotated[
        str, typer.Option("--log-file", help="日志文件，不填写到标准错误 (file for the log; stderr if left out)")
    ] = "",
) -> None:
    """打开页面；SIGTERM 后做完手头请求再退出 (serve the pages; on SIGTERM requests in hand are finished)."""
    from shuangkong.engine.api import Workspace

    listening = Listening(
        host, port, processes, behind_proxy, tuple(proxy or ("127.0.0.1", "::1")), tuple(public_host or ()),
        body_limit, log_file,
    )  # fmt: skip
    serve(Workspace.open(workspace), listening)


def serve(workspace: Workspace, listening: Listening) -> None:
    """Serve until told to stop; a demo has its worker beside it. Raises CLI-001 where it would not be safe."""
    from shuangkong.app.beside import worker_beside
    from shuangkong.app.web.serving import Serving

    opened = workspace.with_secret()
    ready_to_serve(opened, listening)
    serving = Serving(
        listening.public_hosts, listening.behind_proxy, listening.body_limit_mb * 1_000_000, listening.log_file
    )
    typer.echo(f"http://{listening.host}:{listening.port}/  (Ctrl+C 结束 to stop)", err=True)
    with worker_beside(opened) if opened.demo else nullcontext(), _environment(opened, serving, listening):
        if listening.processes > 1:
            run("shuangkong.app.web.factory:from_environment", listening, factory=True, workers=listening.processes)
        else:
            from shuangkong.app.web import create_app

            run(create_app(opened, serving), listening)


def run(application: Any, listening: Listening, **more: Any) -> None:
    """Hand the application to the web server."""
    import uvicorn

    from shuangkong.app.web.logging import server_logging

    uvicorn.run(
        application, host=listening.host, port=listening.port, access_log=False, server_header=False,
        log_config=server_logging(listening.log_file), proxy_headers=listening.behind_proxy,
        forwarded_allow_ips=list(listening.proxies) if listening.behind_proxy else [],
        timeout_graceful_shutdown=PATIENCE, timeout_worker_healthcheck=DEAF, **more,
    )  # fmt: skip


def ready_to_serve(workspace: Workspace, listening: Listening) -> None:
    """Refuse to serve what would not be safe: a default secret, a demo for others, plain HTTP for others (CLI-001)."""
    _require_secret(workspace.secret)
    if not listening.local:
        _require_safe_outside(workspace, listening)
    _require_log(listening.log_file)
    _require_port(listening)


def _require_secret(secret: str) -> None:
    folded = secret.casefold()
    reason = ""
    if len(secret) < SHORTEST_SECRET:
        reason = f"the secret has {len(secret)} characters, and {SHORTEST_SECRET} are the least"
    elif any(word in folded for word in _DEFAULT_WORDS) or len(set(folded)) < 8:
        reason = "the secret is a well-known one or no random one"
    if reason:
        raise UserError(
            "CLI-001", f"{reason}.", where="SHUANGKONG_SECRET",
            remedy="Take the variable away, and the workspace's own random secret is used; or give 64 random digits.",
        )  # fmt: skip


def _require_safe_outside(workspace: Workspace, listening: Listening) -> None:
    if workspace.demo:
        raise UserError(
            "CLI-001", f"a demo signs anyone in as anybody; it listens on this machine alone, not on {listening.host}.",
            where="--host", remedy="Leave --host out, or make a real workspace with `shuangkong init`.",
        )  # fmt: skip
    if not listening.behind_proxy:
        raise UserError(
            "CLI-001", f"on {listening.host} passwords would cross the network unencrypted.", where="--host",
            remedy="Put a proxy with TLS before it and say --behind-proxy, or leave --host out.",
        )  # fmt: skip
    if not listening.public_hosts:
        raise UserError(
            "CLI-001", "it is not said under which name it is reached.", where="--public-host",
            remedy="Name it: --public-host energy.example.gov.cn.",
        )  # fmt: skip
    _require_administrator(workspace)


def _require_administrator(workspace: Workspace) -> None:
    from shuangkong.engine.api import reading
    from shuangkong.webkit.api import has_administrator

    with reading(workspace.engine) as db:
        found = has_administrator(db, china_day(workspace.clock()))
    if not found:
        raise UserError(
            "CLI-001", "nobody with a password may manage people here.", where=str(workspace.root),
            remedy="Make a platform administrator first, then serve.",
        )  # fmt: skip


def _require_log(file: str) -> None:
    if not file:
        return
    try:
        with Path(file).open("a", encoding="utf-8"):
            pass
    except OSError as wrong:
        raise UserError(
            "WS-004", f"{wrong.strerror}.", where=file, remedy="Name a file you may write with --log-file."
        ) from wrong


def _require_port(listening: Listening) -> None:
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listening.host, listening.port))
        except OSError as wrong:
            raise UserError(
                "CLI-001", f"it cannot listen on {listening.host} port {listening.port}: {wrong.strerror}.",
                where="--port", remedy=f"Name another one: --port {listening.port + 1}.",
            ) from wrong  # fmt: skip


@contextmanager
def _environment(workspace: Workspace, serving: Any, listening: Listening) -> Iterator[None]:
    """What further processes read: the workspace, how it is served, and a folder in which they count together."""
    from shuangkong.app.web.serving import ENVIRONMENT

    if listening.processes == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="shuangkong-metrics-") as shared:
        # the client library of Prometheus reads the variable when it is imported, which the new processes do
        given = {
            "SHUANGKONG_WORKSPACE": str(workspace.root.resolve()), ENVIRONMENT: serving.as_text(),
            "PROMETHEUS_MULTIPROC_DIR": shared,
        }  # fmt: skip
        before = {name: os.environ.get(name) for name in given}
        os.environ.update(given)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
