"""Quotients and rounding give the digits that decimal arithmetic by hand gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shuangkong.engine.api import DuckDB, Executor, PostgreSQL
from shuangkong.kernel.numbers import quantise

Pair = tuple[Decimal | None, Decimal | None]
small = st.integers(-(10**7), 10**7).map(lambda n: Decimal(n).scaleb(-6))
large = st.integers(-(10**24), 10**24).map(lambda n: Decimal(n).scaleb(-6))
#: a ÷ b with an odd number of halves of the sixth place: a tie
ties = st.tuples(st.integers(-(10**6), 10**6), st.integers(1, 10**6)).map(
    lambda t: (Decimal((2 * t[0] + 1) * t[1]).scaleb(-6), Decimal(t[1] * 2))
)
pairs = st.one_of(st.tuples(small, small), st.tuples(large, large), st.tuples(large, small), ties)
KNOWN: list[Pair] = [
    (Decimal("0.0000005") * 2, Decimal(2)),
    (Decimal("-0.000001"), Decimal(2)),
    (Decimal("0.000001"), Decimal(-2)),
    (Decimal(0), Decimal(-3)),
    (Decimal(1), Decimal(0)),
    (None, Decimal(1)),
    (Decimal(1), None),
    (Decimal("9999999999999999999.999999"), Decimal("0.000001")),
    (Decimal(10**24), Decimal(10**24)),
    (Decimal(2), Decimal(3)),
]


def by_hand(n: Decimal | None, d: Decimal | None) -> Decimal | None:
    """n ÷ d to six places, half away from zero."""
    if n is None or d is None or d == 0:
        return None
    with localcontext() as ctx:
        ctx.prec = 120
        return (n / d).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)


def by_engine(engine: Executor, asked: Sequence[Pair]) -> list[Decimal | None]:
    """The same by the engine's `exact_ratio`."""
    wide = pa.decimal128(38, 6)
    table = {
        "i": pa.array(range(len(asked)), pa.int64()),
        "n": pa.array([n for n, _ in asked], wide),
        "d": pa.array([d for _, d in asked], wide),
    }
    engine.bind("asked", pa.table(table))
    return engine.run("SELECT exact_ratio(n, d) AS q FROM asked ORDER BY i")["q"].to_pylist()


@pytest.fixture(scope="module")
def duck() -> Iterator[DuckDB]:
    """A DuckDB for all examples."""
    with DuckDB(threads=1) as engine:
        yield engine


def test_known_quotients(duck: DuckDB) -> None:
    """Ties, signs, nought, nulls and the ends of the range."""
    assert by_engine(duck, KNOWN) == [by_hand(n, d) for n, d in KNOWN]


@given(asked=st.lists(pairs, min_size=1, max_size=40))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_quotients_are_exact(duck: DuckDB, asked: list[Pair]) -> None:
    """Any quotient, ties among them, has the digits of decimal division."""
    assert by_engine(duck, asked) == [by_hand(n, d) for n, d in asked]


CHANGES: list[tuple[Decimal | None, ...]] = [
    (Decimal("1010"), Decimal("1100"), Decimal("1000"), Decimal("1000")),
    (Decimal(200000001), Decimal(1), Decimal(200000000), Decimal(1)),
    (Decimal("0.333333"), Decimal("0.999999"), Decimal("-7"), Decimal(3)),
    (Decimal("5400000000.000001"), Decimal("134000000000000"), Decimal("5300000000"), Decimal("129000000000000.01")),
    (Decimal("300000000.123456"), Decimal("9000000000000"), Decimal("310000000"), Decimal("8000000000001")),
    (Decimal(0), Decimal(5), Decimal(3), Decimal(7)),
    (Decimal(1), Decimal(5), Decimal(0), Decimal(7)),
    (Decimal(1), Decimal(0), Decimal(3), Decimal(7)),
    (Decimal(1), Decimal(5), Decimal(3), Decimal(0)),
    (None, Decimal(5), Decimal(3), Decimal(7)),
    (Decimal(10**13), Decimal(10**13), Decimal(10**13), Decimal(10**13)),
]
figures = st.integers(-(10**17), 10**17).map(lambda n: Decimal(n).scaleb(-6))
plain_figures = st.integers(-(10**7), 10**7).map(Decimal)
sides = st.tuples(*[st.one_of(figures, plain_figures)] * 4)


def change_by_hand(asked: Sequence[Decimal | None]) -> Decimal | None:
    """100 × (n ÷ d − n0 ÷ d0) ÷ (n0 ÷ d0) in fractions, rounded half away from zero; null where it is too large."""
    if None in asked:
        return None
    n, d, n0, d0 = (Fraction(x) for x in asked if x is not None)
    if 0 in (d, n0, d0) or max(abs(n * d0), abs(n0 * d)) >= 10**25 or abs(n * d0) >= 10**14 * abs(n0 * d):
        return None
    exact = (n / d - n0 / d0) * 100 / (n0 / d0)
    up = int(abs(exact) * 10**6 + Fraction(1, 2))
    return (Decimal(up) * (1 if exact > 0 else -1)).scaleb(-6) if up else Decimal(0)


def changes_by_engine(engine: Executor, asked: Sequence[Sequence[Decimal | None]]) -> list[Decimal | None]:
    """The same by the engine's `exact_change`."""
    wide = pa.decimal128(38, 6)
    columns = {name: pa.array([a[i] for a in asked], wide) for i, name in enumerate(("n", "d", "n0", "d0"))}
    engine.bind("asked", pa.table({"i": pa.array(range(len(asked)), pa.int64()), **columns}))
    return engine.run("SELECT exact_change(n, d, n0, d0) AS q FROM asked ORDER BY i")["q"].to_pylist()


@given(asked=st.lists(sides, min_size=1, max_size=30))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changes_of_quotients_are_exact(duck: DuckDB, asked: list[tuple[Decimal, ...]]) -> None:
    """A change of one quotient against another is rounded once, whatever the digits of the quotients."""
    assert changes_by_engine(duck, asked) == [change_by_hand(a) for a in asked]


@pytest.mark.service
def test_known_changes(duck: DuckDB, postgres_url: str) -> None:
    """A tie, signs, a nation's size, noughts and nulls, on DuckDB and on PostgreSQL."""
    asked = [tuple(None if x is None else quantise(x) for x in a) for a in CHANGES]
    wanted = [change_by_hand(a) for a in asked]
    assert wanted[3] is not None
    assert wanted[-1] is None
    engine = PostgreSQL(postgres_url.replace("postgresql+psycopg://", "postgresql://", 1), "change")
    try:
        assert changes_by_engine(duck, asked) == wanted
        assert changes_by_engine(engine, asked) == wanted
    finally:
        engine.close()


@pytest.mark.service
def test_postgresql_divides_the_same_way(postgres_url: str) -> None:
    """PostgreSQL gives the known quotients too."""
    engine = PostgreSQL(postgres_url.replace("postgresql+psycopg://", "postgresql://", 1), "ratio")
    try:
        assert by_engine(engine, KNOWN) == [by_hand(n, d) for n, d in KNOWN]
    finally:
        engine.close()


@given(
    q=st.integers(-(10**18) + 1, 10**18 - 1).map(lambda n: Decimal(n).scaleb(-6)),
    f=st.integers(-(10**20) + 1, 10**20 - 1).map(lambda n: Decimal(n).scaleb(-14)),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_products_are_rounded_once(duck: DuckDB, q: Decimal, f: Decimal) -> None:
    """The named rounding step of a quantity and a factor is that of Python's decimals, at twenty places."""
    with localcontext() as ctx:
        ctx.prec = 60
        exact = q * f
    table = pa.table({"q": pa.array([q], pa.decimal128(18, 6)), "f": pa.array([f], pa.decimal128(20, 14))})
    duck.bind("asked", table)
    got = duck.run("SELECT CAST(q * f AS DECIMAL(38, 6)) AS p FROM asked")["p"].to_pylist()
    assert got == [quantise(exact)]
