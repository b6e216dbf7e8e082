"""Tables page, sort, filter and count in the store as plain Python would, within the reader's scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from shuangkong.engine.api import connect, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import (
    Choices,
    Condition,
    FileSource,
    SelectSource,
    Source,
    parse_choices,
    query_parameters,
    read_part,
    table_view,
)
from shuangkong.webkit.tables.files import MOMENTS, REMEMBERED
from webkit.listed import CONTRACT, SPEC, START, TABLE, folder_of, invented, second_opinion

ALL = Scope.all("test")
ROWS = invented(600)
QUERIES = (
    "",
    "sort=-amount",
    "sort=due&size=100",
    "sort=name&kind=coal",
    "sort=-name&kind=coal&kind=煤",
    "q=a_b&sort=newest",
    "q=%",
    "q=甲公司&synthetic=true",
    "name=100%&amount_min=-12.5",
    "amount_min=10&amount_max=200.125&sort=-due",
    "due_min=2025-03-01&due_max=2025-03-31&sort=thing",
    "seen_min=2025-05-01&seen_max=2025-05-02",
    "subject_id=s001&subject_id=s002&sort=-seen",
    "kind=nothing",
)


def pairs(query: str) -> list[tuple[str, str]]:
    """The pairs of an address, written by hand."""
    return [(k, v) for k, _, v in (p.partition("=") for p in query.split("&") if p)]


def every_page(source: Source, choices: Choices) -> list[dict[str, Any]]:
    """The rows of all pages, one after the other."""
    first = read_part(source, choices)
    rest = [read_part(source, choices.on(n)) for n in range(2, first.pages + 1)]
    return [dict(r) for part in (first, *rest) for r in part.rows]


@pytest.fixture(scope="module", params=["read each time", "kept"])
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FileSource:
    """The invented rows as a run leaves them, read for each question or worked out once."""
    folder = folder_of(tmp_path_factory.mktemp("run"), ROWS)
    return FileSource(folder, CONTRACT, ALL, None, kept=request.param == "kept", search=SPEC.search)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """The invented rows in a database of either kind."""
    url = f"sqlite:///{tmp_path}/r.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = connect(url)
    with writing(made) as db:
        TABLE.create(db)
        db.execute(TABLE.insert(), ROWS)
    yield made
    made.dispose()


@pytest.mark.parametrize("query", QUERIES)
def test_pages_of_a_file_hold_what_fits_in_order(files: FileSource, query: str) -> None:
    """Every page of a run's result together is what plain Python filters and sorts, each row once."""
    choices = parse_choices(SPEC, pairs(query))
    where, order = choices.conditions(), SPEC.order(choices.order_name)
    wanted = second_opinion(ROWS, where, order)
    assert every_page(files, choices) == wanted
    assert files.count(where) == len(wanted)
    assert [r for batch in files.batches(where, order) for r in batch] == wanted


def test_pages_of_a_database_hold_the_same(engine: Engine) -> None:
    """SQLite and PostgreSQL answer every choice as plain Python does, in the same order."""
    source = SelectSource(engine, sa.select(TABLE))
    for query in QUERIES:
        choices = parse_choices(SPEC, pairs(query))
        where, order = choices.conditions(), SPEC.order(choices.order_name)
        wanted = second_opinion(ROWS, where, order)
        assert every_page(source, choices) == wanted, query
        assert source.count(where) == len(wanted), query
        assert [r for batch in source.batches(where, order) for r in batch] == wanted, query


def test_both_kinds_of_source_count_alike(files: FileSource, engine: Engine) -> None:
    """The counts beside a filter's values are the same from a file and from a database, and add up."""
    source = SelectSource(engine, sa.select(TABLE))
    where = parse_choices(SPEC, [("amount_min", "0")]).conditions()
    for column in ("kind", "subject_id", "synthetic"):
        assert dict(files.counts(column, where)) == dict(source.counts(column, where))
        assert sum(n for _, n in files.counts(column, where)) == files.count(where)


_values = st.fixed_dictionaries(
    {
        "subject_id": st.sampled_from(("s1", "s2")),
        "name": st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5),
        "kind": st.sampled_from(("a", "B", "%", "_", "'", "煤")),
        "amount": st.none() | st.decimals(-1000, 1000, places=6),
        "due": st.none() | st.dates(),
        "synthetic": st.booleans(),
    }
)


@given(
    st.lists(_values, max_size=12),
    st.sampled_from(("usual", "newest", "name", "-name", "amount", "-amount", "due", "-due", "kind")),
    st.sampled_from(("", "a", "%", "_", "'", "煤", "B")),
    st.sets(st.sampled_from(("a", "B", "%", "_", "'", "煤"))),
)
@settings(max_examples=40)
def test_any_small_table_is_sorted_and_filtered_rightly(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[dict[str, Any]], sort: str, words: str, kinds: set[str]
) -> None:
    """Whatever the rows, the order, the words and the kinds: a file gives what plain Python gives."""
    rows = [{**r, "thing": f"t{i}", "seen": START} for i, r in enumerate(drawn)]
    rows = [{**r, "amount": None if r["amount"] is None else round(r["amount"], 6)} for r in rows]
    where = [Condition(("kind",), "is", tuple(kinds))] if kinds else []
    if words:
        where.append(Condition(("kind", "thing"), "contains", (words,)))
    source = FileSource(folder_of(tmp_path_factory.mktemp("small"), rows), CONTRACT, ALL, None)
    order = SPEC.order(sort)
    wanted = second_opinion(rows, where, order)
    got = [r for at in range(0, len(wanted) + 1, 2) for r in source.page(where, order, 2, at)]
    source.close()
    assert got == wanted


def test_a_hundred_thousand_rows_page_sort_and_filter(tmp_path: Path) -> None:
    """At a hundred thousand rows first, deep and last pages hold what plain Python says."""
    rows = invented(100_000, subjects=2000)
    source = FileSource(folder_of(tmp_path, rows), CONTRACT, ALL, None)
    for query in ("", "sort=-amount", "sort=name&kind=coal&size=200", "q=甲公司&amount_min=0&sort=-due"):
        choices = parse_choices(SPEC, pairs(query))
        wanted = second_opinion(rows, choices.conditions(), SPEC.order(choices.order_name))
        pages = -(-len(wanted) // choices.rows)
        for number in (1, 2, pages // 2, pages):
            part = read_part(source, choices.on(number))
            assert (part.total, part.pages) == (len(wanted), pages)
            assert list(part.rows) == wanted[part.first - 1 : part.last]
    source.close()


SCOPES = (
    Scope.region("officer", SubjectId("r1"), START.date()),
    Scope.unit("manager", SubjectId("s001")),
    Scope.none("nobody"),
)


@pytest.mark.parametrize("scope", SCOPES, ids=lambda s: s.kind)
@pytest.mark.parametrize("kept", [False, True], ids=["read each time", "kept"])
def test_a_neighbours_rows_are_never_reached(tmp_path: Path, scope: Scope, kept: bool) -> None:
    """Rows outside the scope are not counted, filtered on, sorted, paged, offered or exported."""
    mine = {"s001", "s003"}
    seen = pa.table({"subject_id": sorted(mine)})
    source = FileSource(folder_of(tmp_path, ROWS), CONTRACT, scope, seen, kept=kept, search=SPEC.search)
    own = [r for r in ROWS if r["subject_id"] in mine] if scope.kind != "none" else []
    for query in (*QUERIES, "subject_id=s002", "q=t000001"):
        choices = parse_choices(SPEC, pairs(query))
        where, order = choices.conditions(), SPEC.order(choices.order_name)
        wanted = second_opinion(own, where, order)
        assert source.count(where) == len(wanted)
        assert every_page(source, choices) == wanted
        assert [r for batch in source.batches(where, order) for r in batch] == wanted
        assert {v for v, _ in source.counts("subject_id", where)} <= mine
    view = table_view(source, parse_choices(SPEC, [("subject_id", "s002")]), "/things")
    assert [v for v, n in view.offered["subject_id"] if n] == (sorted(mine) if own else []) or len(own) > 1
    source.close()


@pytest.mark.parametrize("query", QUERIES)
def test_counts_of_all_filters_are_those_of_each(files: FileSource, query: str) -> None:
    """One reading of the rows counts beside every filter what plain Python counts under all the other choices."""
    choices = parse_choices(SPEC, pairs(query))
    wanted = {c: choices.conditions(leave=c) for c in ("kind", "subject_id", "synthetic")}
    for column, counted in files.tallies(wanted).items():
        fits = Counter(str(r[column]) for r in second_opinion(ROWS, wanted[column], ()))
        assert dict(counted) == ({k.lower(): n for k, n in fits.items()} if column == "synthetic" else fits)
        assert [n for _, n in counted] == sorted(fits.values(), reverse=True)


def test_counts_and_pages_are_asked_once_and_never_handed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source counts and reads the same choices once; another run or another reader's scope has answers of its own."""
    asked: list[str] = []
    ask = FileSource._ask

    def heard(source: FileSource, sql: str, values: list[object]) -> Any:
        asked.append(sql)
        return ask(source, sql, values)

    monkeypatch.setattr(FileSource, "_ask", heard)
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    old, new = folder_of(tmp_path / "old", ROWS), folder_of(tmp_path / "new", ROWS[:100])
    seen = pa.table({"subject_id": ["s001"]})
    mine = [r for r in ROWS if r["subject_id"] == "s001"]
    sources = {
        600: FileSource(old, CONTRACT, ALL, None, kept=True, search=SPEC.search),
        100: FileSource(new, CONTRACT, ALL, None, kept=True, search=SPEC.search),
        len(mine): FileSource(old, CONTRACT, SCOPES[0], seen, kept=True, search=SPEC.search),
    }
    wanted: dict[str, tuple[Condition, ...]] = {"subject_id": ()}
    for rows, source in sources.items():
        for _ in range(3):
            counts = source.tallies(wanted)["subject_id"]
            page = source.page((), SPEC.order(SPEC.default), 20, 0)
            assert (source.count(()), sum(n for _, n in counts), len(page)) == (rows, rows, min(20, rows))
            assert {r["subject_id"] for r in page} <= {s for s, _ in counts}
            counts.clear()
            page[0].clear()
    assert len(asked) == 3 * len(sources)


def test_only_the_last_counts_are_remembered(files: FileSource) -> None:
    """However many choices are asked for, no more than so many counts are kept, and all of them stay right."""
    for n in range(REMEMBERED + 20):
        where = (Condition(("amount",), "from", (n,)),)
        assert files.count(where) == files.count(where) == len(second_opinion(ROWS, where, ()))
    assert len(files._remembered) == REMEMBERED
    files.forget()
    assert not files._remembered


def moments_of(tmp_path: Path, kept: bool) -> tuple[FileSource, pa.Table]:
    """The invented rows without amount and kind, and the table of those two by thing."""
    whole = pa.Table.from_pylist(ROWS, schema=CONTRACT.arrow_schema)
    said = whole.drop_columns(["amount", "kind"])
    source = FileSource(
        tmp_path, CONTRACT, ALL, None, names={"said": said}, listing="SELECT * FROM said", kept=kept, search=SPEC.search
    )
    return source, whole.select(["thing", "amount", "kind"])


@pytest.mark.parametrize("kept", [True, False])
def test_a_moment_is_as_if_its_columns_had_been_there(tmp_path: Path, kept: bool) -> None:
    """Pages, counts and exports of rows joined with columns of a moment are those of the whole rows."""
    source, fresh = moments_of(tmp_path, kept)
    now = source.at_moment(fresh, "thing")
    for query in QUERIES:
        choices = parse_choices(SPEC, pairs(query))
        where, order = choices.conditions(), SPEC.order(choices.order_name)
        wanted = second_opinion(ROWS, where, order)
        assert every_page(now, choices) == wanted, query
        assert [r for batch in now.batches(where, order) for r in batch] == wanted, query
        assert dict(now.counts("kind", where)) == Counter(r["kind"] for r in wanted), query


def test_moments_stand_side_by_side_and_the_oldest_go(tmp_path: Path) -> None:
    """A reader at one moment finds it unchanged beside the next; no more than the last few are kept."""
    source, fresh = moments_of(tmp_path, True)
    amount = Condition(("amount",), "from", (0,))
    before = source.at_moment(fresh, "thing")
    counted = before.count((amount,))
    for n in range(MOMENTS):
        none = fresh.set_column(1, "amount", pa.nulls(len(fresh), fresh.schema.field("amount").type))
        after = source.at_moment(none, "thing")
        assert after.count((amount,)) == 0
        before.forget()
        if n < MOMENTS - 1:
            assert before.count((amount,)) == counted
    tables = source._executor.connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone()
    assert tables is not None
    assert tables[0] <= MOMENTS + 4


def test_words_are_not_found_across_two_columns(files: FileSource) -> None:
    """The end of one column and the beginning of the next are no text that anybody searches for."""
    row = next(r for r in ROWS if r["name"] == "plain 3")
    for between in ("", " ", "|", ","):
        assert files.count(parse_choices(SPEC, [("q", f"3{between}{row['thing']}")]).conditions()) == 0
    assert files.count(parse_choices(SPEC, [("q", row["thing"].upper())]).conditions()) == 1


def test_a_scope_without_its_subjects_sees_nothing(tmp_path: Path) -> None:
    """A scope that was not resolved opens no row: forgetting is not a way in."""
    source = FileSource(folder_of(tmp_path, ROWS), CONTRACT, SCOPES[0], None)
    assert source.count(()) == 0
    assert source.page((), SPEC.order("usual"), 50, 0) == []


ATTACKS = (
    "x'); DROP TABLE things; --",
    '" OR 1=1 --',
    "%' OR '1'='1",
    "1; SELECT 1",
    "\\",
    "a/%b",
    "s001' --",
    "${7*7}",
)


@pytest.mark.parametrize("text", ATTACKS)
def test_values_are_never_sql(files: FileSource, engine: Engine, text: str) -> None:
    """A value that looks like SQL finds what holds it as text, which is nothing, and leaves all rows in place."""
    for source in (files, SelectSource(engine, sa.select(TABLE))):
        for key in ("q", "name", "kind", "subject_id"):
            assert read_part(source, parse_choices(SPEC, [(key, text)])).total == 0
        assert source.count(()) == len(ROWS)


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("sort=nothing", "sort"),
        ("sort=synthetic", "sort"),
        ("sort=amount;drop", "sort"),
        ("sort=amount DESC", "sort"),
        ("sort=--amount", "sort"),
        ("colour=red", "colour"),
        ("amount=1", "amount"),
        ("amount_min=x", "amount_min"),
        ("amount_min=NaN", "amount_min"),
        ("amount_min=1e400", "amount_min"),
        ("amount_min=0.0000001", "amount_min"),
        ("due_min=2025-02-30", "due_min"),
        ("due_min=9999-12-31", "due_min"),
        ("synthetic=perhaps", "synthetic"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=1e9", "page"),
        ("size=77", "size"),
        ("size=1000000", "size"),
        ("kind=" + "x" * 121, "kind"),
        ("q=a\x00b", "q"),
    ],
)
def test_what_is_unknown_or_out_of_range_is_refused(query: str, where: str) -> None:
    """A name that the table does not have, or a value that is none, is FORM-001 that says where."""
    with pytest.raises(UserError) as refused:
        parse_choices(SPEC, pairs(query))
    assert (refused.value.code, refused.value.where) == ("FORM-001", where)


@pytest.mark.parametrize("query", [*QUERIES, "q=你好 &&page=3&size=200", "sort=usual", "lang=en&page=2", "size=50"])
def test_an_address_brings_its_choices_back(query: str) -> None:
    """Choices written into a link and read again are the same choices."""
    from urllib.parse import parse_qsl, urlsplit

    choices = parse_choices(SPEC, pairs(query))
    again = parse_choices(SPEC, parse_qsl(urlsplit(choices.address("/things")).query))
    assert again == choices


def test_wide_digits_are_digits() -> None:
    """Numbers, days and pages typed in full width are read."""
    choices = parse_choices(SPEC, [("amount_min", "－１２．５"), ("due_min", "２０２５－０３－０１"), ("page", "２")])
    assert choices.page == 2
    assert len(choices.conditions()) == 2


def test_links_of_a_table_keep_the_other_choices(files: FileSource) -> None:
    """A head turns the order and goes to page one; a chip takes one filter away; an export leaves the page out."""
    choices = parse_choices(SPEC, pairs("kind=coal&sort=amount&page=2&size=50"))
    view = table_view(files, choices, "/things")
    assert view.sorted(SPEC["amount"]) == "ascending"
    assert view.turned(SPEC["amount"]) == "/things?kind=coal&sort=-amount"
    assert view.turned(SPEC["due"]) == "/things?kind=coal&sort=due"
    assert [(c.name, end, word, away) for c, end, word, away in view.chips] == [
        ("kind", "", "coal", "/things?sort=amount&page=1".removesuffix("&page=1"))
    ]
    assert view.export("xlsx") == "/things.xlsx?kind=coal&sort=amount"


def test_a_page_beyond_the_end_is_the_last(files: FileSource) -> None:
    """A deep link to a page that is no more shows the last one there is."""
    part = read_part(files, parse_choices(SPEC, [("page", "999")]))
    assert (part.number, part.pages, part.last, part.total) == (12, 12, 600, 600)
    nothing = read_part(files, parse_choices(SPEC, [("kind", "none"), ("page", "9")]))
    assert (nothing.number, nothing.pages, nothing.first, nothing.last) == (1, 1, 0, 0)


def test_the_interface_describes_every_filter() -> None:
    """OpenAPI names each parameter once, and none that would be refused."""
    names = [str(p["name"]) for p in query_parameters(SPEC, 1000)]
    assert len(set(names)) == len(names)
    assert {"q", "sort", "page", "size", "kind", "amount_min", "due_max"} <= set(names)
    assert "amount" not in names
