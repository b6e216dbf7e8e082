"""`demo` loads the demo, `init` makes an empty workspace."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from shuangkong.app.commands.options import (
    DEFAULT_WORKSPACE,
    AsJson,
    AsOf,
    Lang,
    Speaks,
    WorkspaceOption,
    day_of,
    language_of,
    progress_bar,
    put_json,
)

#: Objects more than were given back, upon which cycles are sought while the demo is made.
_CYCLES = 200_000


def add(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    app.command("demo")(demo_command)
    app.command("init")(init_command)


def demo_command(
    workspace: WorkspaceOption = Path("shuangkong-demo"),
    scale: Annotated[
        int, typer.Option("--scale", min=1, max=100, help="合成单位的倍数 (multiplies the synthetic units)")
    ] = 1,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="显示摘要后结束 (stop after the summary)")] = False,
    port: Annotated[int, typer.Option("--port", help="127.0.0.1 上的端口 (port on 127.0.0.1)")] = 8000,
    as_json: AsJson = False,
    lang: Speaks = Lang.zh,
    as_of: AsOf = "",
) -> None:
    """演示：载入真实公报与合成示范市，核算、判定，然后打开页面 (load, account, judge, and serve the demo)."""
    from shuangkong.app.catalogue import library
    from shuangkong.app.demo.load import LOADER
    from shuangkong.app.demo.run import load_demo
    from shuangkong.app.summary import lines, summarise
    from shuangkong.engine.api import Workspace
    from shuangkong.kernel.scope import Scope

    language = language_of(lang)
    with _cycles_sought_rarely():
        opened = Workspace.create(workspace, demo=True)
        packs = library()
        with progress_bar(language, quiet=as_json) as at:
            loaded = load_demo(opened, packs, scale=scale, as_of=day_of(as_of, "--as-of"), progress=at)
        summary = summarise(opened, loaded.run, packs, Scope.all(LOADER))
    summary["imports"] = [
        {"file": r.file_name, "book": r.book, "new": r.fresh, "corrected": r.corrected, "unchanged": r.unchanged}
        for r in loaded.reports
    ]
    if as_json:
        put_json(summary)
    else:
        for line in lines(summary, language):
            typer.echo(line)
    if not no_serve and not as_json:
        from shuangkong.app.commands.serve import Listening, serve

        serve(opened, Listening(port=port))


@contextmanager
def _cycles_sought_rarely() -> Iterator[None]:
    """Packs and expressions live until the demo is made: going through them all again and again takes a ninth of it."""
    usual = gc.get_threshold()
    gc.set_threshold(_CYCLES, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


_FIRST_STEPS = """下一步 (next), each with -w FOLDER:
  shuangkong people add NAME                      新增用户，打印初始口令 (a person, with a first password)
  shuangkong people appoint NAME administrator    任命平台管理员 (appoint the administrator)
  shuangkong import FILE --book units             登记用能单位；再导入各账册 (units, then the books)
  shuangkong judge                                核算与判定 (account and judge)
  shuangkong worker                               执行网页上提交的任务 (do the jobs asked for on pages)
  shuangkong serve                                打开页面 (serve the pages)"""


def init_command(
    workspace: WorkspaceOption = DEFAULT_WORKSPACE,
    database: Annotated[
        str, typer.Option("--database", help="PostgreSQL 网址，不填用 SQLite (URL of PostgreSQL; SQLite if left out)")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """新建工作区，登记行政区划 (make a workspace with the regions of GB/T 2260)."""
    from shuangkong.app.acting import terminal
    from shuangkong.engine.api import Workspace, writing
    from shuangkong.registry.api import ensure_regions

    opened = Workspace.create(workspace, url=database or None)
    with writing(opened.engine) as db:
        added = ensure_regions(db, opened.clock(), principal=terminal().principal)
    if as_json:
        put_json({"workspace": str(workspace.resolve()), "id": opened.id, "regions": added})
    else:
        typer.echo(f"工作区已就绪 (ready): {workspace.resolve()}")
        typer.echo(_FIRST_STEPS)
