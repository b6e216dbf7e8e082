"""Lists and their exports (列表与导出): a table is told once; its routes, its file and its job follow from that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from shuangkong import __version__
from shuangkong.app.exporting import EXPORTED, ask_export
from shuangkong.app.limits import limit
from shuangkong.app.web.audit_head import head_note
from shuangkong.app.web.context import Asked, Asks
from shuangkong.app.web.reading import RunView
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import CHINA
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import names_of
from shuangkong.webkit.api import (
    Choices,
    Exported,
    Format,
    Given,
    Source,
    Speaker,
    TableSpec,
    TableView,
    Told,
    exported,
    parse_choices,
    require,
    table_view,
)

Words = Mapping[str, Callable[[str], str]]
_SCOPES = {
    "all": Label("全部", "everything"),
    "region": Label("{who}及其下级", "{who} and all in it"),
    "unit": Label("本单位（{who}）", "own unit ({who})"),
    "consented": Label("授权的单位", "units that gave consent"),
    "none": Label("无", "nothing"),
    "system": Label("全部", "everything"),
}
_PUBLIC = Label("公开的地区", "published regions")


@dataclass(frozen=True)
class Eyes:
    """Through whose eyes, in which language and over which run a table is read: by a request or by a job."""

    workspace: Workspace
    scope: Scope
    speaker: Speaker
    run: RunView | None = None

    @property
    def view(self) -> RunView:
        """The run; a table of no run never asks for it."""
        if self.run is None:
            raise UserError("RUN-001", "nothing was judged yet in this workspace.", remedy="Run `shuangkong judge`.",
                            case="nothing_judged")  # fmt: skip
        return self.run


def _none(_: Eyes) -> None:
    return None


def _no_remarks(_: Eyes) -> Sequence[tuple[str, str]]:
    return ()


@dataclass(frozen=True)
class Listing:
    """A table that pages list and export.

    `reads` is the right that its list takes; those of its export stand in `EXPORTED`. `source` gives the rows that a
    reader may see, `words` what people call the values of filters, `told` the words of an export and `given` what
    filters mean. Without `told` each column of codes that has words is told in them. `remarks` are further notes of the
    export, as (what, text). A table `of_run` shows one run; any other what is known at the moment.
    """

    spec: TableSpec
    reads: str
    source: Callable[[Eyes, Choices], Source]
    words: Callable[[Eyes], Words]
    told: Callable[[Eyes], Sequence[Told]] | None = None
    given: Callable[[Eyes], Given | None] = _none
    of_run: bool = False
    at: str = ""
    remarks: Callable[[Eyes], Sequence[tuple[str, str]]] = _no_remarks

    @property
    def path(self) -> str:
        """Its address: the name of the table, unless another is given."""
        return self.at or f"/{self.spec.name}"

    def eyes(self, a: Asked) -> Eyes:
        """The eyes of a request; raises RUN-001 for a table of runs where there is none."""
        return Eyes(a.workspace, a.scope, a.speaker, a.needed() if self.of_run else None)

    def table(self, eyes: Eyes, choices: Choices, **more: Any) -> TableView:
        """The list as its page draws it; takes what else `table_view` takes."""
        return table_view(
            self.source(eyes, choices), choices, self.path, given=self.given(eyes), words=self.words(eyes), **more
        )

    def asked(self, a: Asked, **more: Any) -> TableView:
        """The same for the choices in the address of a request."""
        return self.table(self.eyes(a), parse_choices(self.spec, a.request.query_params.multi_items()), **more)

    def file(
        self, eyes: Eyes, choices: Choices, ending: Format, *, step: Callable[[int, int], None] | None = None
    ) -> Exported:
        """All rows that fit as a file: words first, then codes and exact figures, under a head of notes."""
        words = self.words(eyes)
        name = f"{self.spec.name}-run-{eyes.run.run.number}" if eyes.run else self.spec.name
        return exported(
            self.source(eyes, choices), choices, ending, eyes.speaker, file_name=name, principal=eyes.scope.principal,
            at=eyes.workspace.clock(), about=(*notes(eyes, self.path), *self.remarks(eyes)), given=self.given(eyes),
            told=self.told(eyes) if self.told else told_words(self.spec, words, eyes.speaker),
            word=lambda key, value: words[key](value) if key in words else value, step=step,
        )  # fmt: skip

    def takes_long(self, eyes: Eyes, choices: Choices, ending: Format) -> bool:
        """Whether so many rows fit that the export is to be a job."""
        fitting = self.source(eyes, choices).count(choices.conditions(self.given(eyes)))
        return fitting > limit(f"export_rows_{ending}")


def told_words(spec: TableSpec, words: Words, speaker: Speaker) -> tuple[Told, ...]:
    """The words of the codes in an export, before the codes themselves."""

    def told(name: str, label: Label) -> Told:
        return Told(speaker.label(label), lambda row: row[name] and words[name](row[name]), (name,))

    return tuple(told(c.name, c.label) for c in spec.exported if c.kind == "text" and c.name in words)


def list_routes(router: APIRouter, listing: Listing, page: Callable[[Asked], Response]) -> None:
    """The routes of a table: its page, and the same rows as CSV and xlsx, at once or by a job."""
    first, *others = EXPORTED[listing.spec.name]

    def listed(a: Asked = Depends(Asks(listing.reads))) -> Response:  # noqa: B008 (how FastAPI is told)
        return page(a)

    def export(a: Asked = Depends(Asks(first))) -> Response:  # noqa: B008
        for action in others:
            require(a.who, action)
        ending: Format = "xlsx" if a.request.url.path.endswith(".xlsx") else "csv"
        return _export(a, listing, ending)

    router.add_api_route(listing.path, listed, methods=["GET"])
    for ending in ("csv", "xlsx"):
        router.add_api_route(f"{listing.path}.{ending}", export, methods=["GET"])


def _export(a: Asked, listing: Listing, ending: Format) -> Response:
    """The file, or for a long one the page of its job; who sees no jobs, and a program, gets the file at once."""
    eyes, choices = listing.eyes(a), parse_choices(listing.spec, a.request.query_params.multi_items())
    if a.session is None or not a.may("jobs.read") or not listing.takes_long(eyes, choices, ending):
        return listing.file(eyes, choices, ending).answer()
    query = urlsplit(choices.on(1).address("")).query
    with writing(a.workspace.engine) as db:
        job = ask_export(
            db, listing.spec.name, query, ending, a.language, eyes.run.run.run_id if eyes.run else "",
            scope=a.scope, clock=a.workspace.clock,
        )  # fmt: skip
    return RedirectResponse(f"/jobs/{job.job_id}", status_code=303)


def notes(eyes: Eyes, path: str) -> tuple[tuple[str, str], ...]:
    """What an export says of what it rests on: the run, as of and as known when, the scope, where, the audit head."""
    say = eyes.speaker.say
    run = eyes.run.run if eyes.run else None
    known = (run.known if run else eyes.workspace.clock()).astimezone(CHINA)
    of_run = (
        ((say("table.run"), f"{run.number} ({run.run_id})"), (say("table.as_of"), run.as_of.isoformat())) if run else ()
    )
    return (
        *of_run,
        (say("table.known"), known.isoformat(sep=" ", timespec="seconds")),
        (say("table.scope"), _scope_words(eyes)),
        (say("table.source"), f"{say('frame.product')} {__version__}, {'/runs' if run else path}"),
        head_note(eyes.workspace, eyes.speaker),
    )


def _scope_words(eyes: Eyes) -> str:
    """Whose rows these are: the region or unit of the reader by name."""
    scope, speaker = eyes.scope, eyes.speaker
    subject = str(scope.subject or "")
    with reading(eyes.workspace.engine) as db:
        names = names_of(db, {subject} if subject else set(), scope, eyes.workspace.clock())
    who = speaker.label(names[subject]) if subject in names else subject
    return speaker.label(_SCOPES.get(scope.kind, _PUBLIC)).format(who=who)
