"""Every read that a slice offers takes the reader's scope, without a default (architecture, section 5)."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator

import pytest

DOORS = ("engine", "webkit", "registry", "policy", "metering", "accounting", "judgement", "casework")
STORES = {"connection", "db", "workspace"}
#: Functions that read a store without a scope, and why none is needed.
WITHOUT = {
    "casework.follow_run": "a step of every book run: it marks cases and gives nothing to a reader",
    "engine.among": "values that the caller gives, as rows",
    "engine.back_up": "copies everything; asked for under platform.operate alone",
    "engine.broken_seals": "digests of files; asked for under audit.read alone",
    "engine.database_revision": "the number of the schema",
    "engine.head": "the end of the audit chain names nobody",
    "engine.seals": "digests of files; asked for under audit.read alone",
    "engine.verified": "asked for under audit.read alone",
    "engine.verify": "asked for under audit.read alone",
    "policy.proposal": "a document has no subject; app.publishing holds its region against the scope",
    "policy.proposals": "a document has no subject; app.publishing holds its region against the scope",
    "policy.published_packs": "documents are published by nature",
    "registry.consented_units": "what a scope is made of",
    "registry.consumer_mark": "how far a consumer of readings has come names nobody",
    "registry.consumer_marks": "how far a consumer of readings has come names nobody",
    "registry.every_subject": "what a scope is made of",
    "registry.meters_state": "how many rows and when the last: it names nobody",
    "registry.stations_state": "how many rows and when the last: it names nobody",
    "registry.tokens_state": "how many rows and how many revoked: it names nobody",
    "webkit.appointments": "people are read under people.manage, or one's own",
    "webkit.bearer": "what a scope is made of",
    "webkit.confirms": "one's own password",
    "webkit.has_administrator": "yes or no, before serving",
    "webkit.load_draft": "one's own, by principal",
    "webkit.people": "people are read under people.manage",
    "webkit.person_named": "people are read under people.manage, or by signing in",
    "webkit.person_of": "people are read under people.manage, or one's own",
    "webkit.person_with": "people are read under people.manage, or who asked for a job",
    "webkit.reader_of": "what a scope is made of",
    "webkit.sessions_of": "people are read under people.manage, or one's own",
    "webkit.sign_in": "what a scope is made of",
    "webkit.standing": "what a scope is made of",
    "webkit.tokens_of": "people are read under people.manage, or one's own",
}


def unscoped() -> Iterator[tuple[str, inspect.Signature]]:
    """Functions of the doors that get a store and no scope."""
    for door in DOORS:
        module = importlib.import_module(f"shuangkong.{door}.api")
        for name in module.__all__:
            found = getattr(module, name)
            if inspect.isfunction(found):
                signature = inspect.signature(found)
                if STORES & set(signature.parameters) and "scope" not in signature.parameters:
                    yield f"{door}.{name}", signature


def test_a_read_without_a_scope_is_named_with_its_reason() -> None:
    """What takes neither a scope nor the instant of a change is a read: it stands in the list, or fails here."""
    reads = {n for n, s in unscoped() if not {"at", "recorded_at"} & set(s.parameters)}
    own = {"webkit.bearer", "webkit.confirms", "webkit.load_draft", "webkit.reader_of", "webkit.sessions_of",
           "webkit.sign_in"}  # fmt: skip
    assert reads | own >= set(WITHOUT)
    assert reads - set(WITHOUT) == {"webkit.drop_draft"}


@pytest.mark.parametrize(
    "name",
    [
        "registry.snapshot", "registry.directory", "registry.subjects_seen", "engine.runs_list", "engine.read_result",
        "accounting.readable_subjects", "judgement.why",
    ],
)  # fmt: skip
def test_a_scope_has_no_default(name: str) -> None:
    """A caller who forgets it gets an error, not everything."""
    door, function = name.split(".")
    signature = inspect.signature(getattr(importlib.import_module(f"shuangkong.{door}.api"), function))
    assert signature.parameters["scope"].default is inspect.Parameter.empty
