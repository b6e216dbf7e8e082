"""Exact arithmetic in expressions: the same digits on DuckDB, PostgreSQL and Spark.

Engines disagree on what decimal ÷ decimal is: a double, a numeric, a truncated decimal. A quotient is
therefore one function, `exact_ratio`, that each executor defines in its own words by whole-number division
(`PRELUDE`), and that the SQL shown to an auditor calls by name. Numerator and denominator may have up to 25
digits before the point, the quotient up to 18.

The change of one quotient against another is `exact_change`: it works on the four numbers, because two quotients that
are rounded first give a change that is off in its fifth place.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shuangkong.kernel.numbers import AMOUNT

if TYPE_CHECKING:
    import ibis.expr.types as ir


#: Digits that a step of the long division takes, and how large the divisor may be for it, in whole units.
_STEPS = ((8, "1e17"), (4, "1e21"), (1, "1e25"))


def _long_division(whole: str, over: str, modulo: str) -> str:
    """100 × (n ÷ d − n0 ÷ d0) ÷ (n0 ÷ d0) to six places, half away from zero, in whole numbers; null where too large.

    n ÷ d against n0 ÷ d0 changes by (p − q) ÷ q with p = n × d0 and q = n0 × d. Both are whole in units of 10⁻¹²; the
    quotient is taken some digits at a time, so that no number on the way has more than 38. `whole`, `over` and
    `modulo` are the engine's words for a number in units of 10⁻⁶, whole-number division, and the rest of it.
    """
    w = {name: whole.format(name) for name in ("n", "d", "n0", "d0")}
    p, q = f"({w['n']} * {w['d0']})", f"({w['n0']} * {w['d']})"
    size = "abs(CAST({} AS DOUBLE PRECISION)) * abs(CAST({} AS DOUBLE PRECISION))"
    top, bottom = size.format("n", "d0"), size.format("n0", "d")
    arms = [f"WHEN {top} < {most} AND {bottom} < {most} THEN {_digits(p, q, n, over, modulo)}" for n, most in _STEPS]
    return f"""CASE WHEN {bottom} > 0 AND d0 <> 0 AND {top} < 1e14 * {bottom} THEN
        (CASE WHEN ({p} < {q}) <> ({q} < 0) THEN -1 ELSE 1 END)
        * CAST(CASE {" ".join(arms)} END AS DECIMAL(31, 0)) * 0.000001 END"""


def _digits(p: str, q: str, step: int, over: str, modulo: str) -> str:
    """|p − q| ÷ |q| × 10⁸ to a whole number, half up, `step` digits at a time."""
    rest, parts = f"abs({p} - {q})", []
    for place in range(8, -1, -step):
        parts.append(f"{over.format(rest, f'abs({q})')} * {10**place}")
        rest = modulo.format(rest, f"abs({q})")
        rest = f"({rest} * {10**step})" if place else rest
    return f"{' + '.join(parts)} + CASE WHEN 2 * {rest} >= abs({q}) THEN 1 ELSE 0 END"


#: What an executor runs once so that its engine knows `exact_ratio` (n ÷ d to six places, half away from zero),
#: `exact_change`, `exact_share`, `whole_part` and `micros_of`.
PRELUDE: dict[str, tuple[str, ...]] = {
    "duckdb": (
        """CREATE OR REPLACE MACRO exact_ratio(n, d) AS CAST(
        (CASE WHEN (n < 0) <> (d < 0) THEN -1 ELSE 1 END) *
        CAST(((CAST(abs(n) * 1000000 AS HUGEINT) * 2000000 + CAST(abs(d) * 1000000 AS HUGEINT))
            // (2 * nullif(CAST(abs(d) * 1000000 AS HUGEINT), 0))) AS DECIMAL(38,0)) * 0.000001
        AS DECIMAL(38,6))""",
        "CREATE OR REPLACE MACRO exact_change(n, d, n0, d0) AS CAST("
        + _long_division("CAST({} * 1000000 AS HUGEINT)", "({} // {})", "({} % {})")
        + " AS DECIMAL(38,6))",
        """CREATE OR REPLACE MACRO exact_share(q, part, whole) AS CAST(
        (CASE WHEN (q < 0) <> (part < 0) THEN -1 ELSE 1 END) * CAST(
            (CAST(abs(q) * 1000000 AS HUGEINT) * 2 * abs(part) + whole) // (2 * CAST(whole AS HUGEINT))
        AS DECIMAL(31,0)) * 0.000001 AS DECIMAL(38,6))""",
        "CREATE OR REPLACE MACRO whole_part(a, b) AS (a // b)",
        "CREATE OR REPLACE MACRO micros_of(t) AS epoch_us(t)",
    ),
    "postgres": (
        """CREATE OR REPLACE FUNCTION exact_ratio(n numeric, d numeric) RETURNS numeric
        LANGUAGE sql IMMUTABLE AS $$ SELECT
        CASE WHEN (n < 0) <> (d < 0) THEN -1 ELSE 1 END
        * div(abs(n) * 2000000 + abs(d), 2 * nullif(abs(d), 0)) * 0.000001 $$""",
        "CREATE OR REPLACE FUNCTION exact_change(n numeric, d numeric, n0 numeric, d0 numeric) RETURNS numeric"
        " LANGUAGE sql IMMUTABLE AS $$ SELECT "
        + _long_division("({} * 1000000)", "div({}, {})", "mod({}, {})")
        + " $$",
        """CREATE OR REPLACE FUNCTION exact_share(q numeric, part bigint, whole bigint) RETURNS numeric
        LANGUAGE sql IMMUTABLE AS $$ SELECT
        CASE WHEN (q < 0) <> (part < 0) THEN -1 ELSE 1 END
        * div(abs(q) * 2000000 * abs(part) + whole, 2 * whole::numeric) * 0.000001 $$""",
        "CREATE OR REPLACE FUNCTION whole_part(a bigint, b bigint) RETURNS bigint"
        " LANGUAGE sql IMMUTABLE AS $$ SELECT a / b $$",
        "CREATE OR REPLACE FUNCTION micros_of(t timestamptz) RETURNS bigint"
        " LANGUAGE sql IMMUTABLE AS $$ SELECT (extract(epoch FROM t) * 1000000)::bigint $$",
    ),
    "pyspark": (
        """CREATE OR REPLACE TEMPORARY FUNCTION exact_ratio(n DECIMAL(38,6), d DECIMAL(38,6))
        RETURNS DECIMAL(38,6) RETURN
        CASE WHEN (n < 0) <> (d < 0) THEN -1 ELSE 1 END
        * CAST(CAST(abs(n) div nullif(abs(d), 0) AS DECIMAL(25,0))
            + (abs(n) % nullif(abs(d), 0) * 2000000 + abs(d)) div (2 * nullif(abs(d), 0)) * 0.000001
            AS DECIMAL(38,6))""",
        "CREATE OR REPLACE TEMPORARY FUNCTION exact_change(n DECIMAL(38,6), d DECIMAL(38,6), n0 DECIMAL(38,6),"
        " d0 DECIMAL(38,6)) RETURNS DECIMAL(38,6) RETURN CAST("
        + _long_division(
            "CAST({} * 1000000 AS DECIMAL(38,0))", "CAST({} div {} AS DECIMAL(22,0))", "({} % {})"
        ).replace("DOUBLE PRECISION", "DOUBLE")
        + " AS DECIMAL(38,6))",
        """CREATE OR REPLACE TEMPORARY FUNCTION exact_share(q DECIMAL(38,6), part BIGINT, whole BIGINT)
        RETURNS DECIMAL(38,6) RETURN
        CASE WHEN (q < 0) <> (part < 0) THEN -1 ELSE 1 END
        * CAST((CAST(abs(q) * 1000000 AS DECIMAL(20,0)) * CAST(2 * abs(part) AS DECIMAL(18,0)) + whole)
            div (2 * CAST(whole AS DECIMAL(18,0))) AS DECIMAL(31,0)) * 0.000001""",
        "CREATE OR REPLACE TEMPORARY FUNCTION whole_part(a BIGINT, b BIGINT) RETURNS BIGINT RETURN a div b",
        "CREATE OR REPLACE TEMPORARY FUNCTION micros_of(t TIMESTAMP) RETURNS BIGINT RETURN unix_micros(t)",
    ),
}


def amount(value: Decimal | int | str) -> ir.DecimalValue:
    """A literal of the type that sums have, DECIMAL(38,6)."""
    import ibis

    return ibis.literal(Decimal(value), type=AMOUNT)


def rounded(product: ir.DecimalValue) -> ir.DecimalValue:
    """The named rounding step `half_up_6`: a decimal product to six places, half away from zero."""
    return product.cast(AMOUNT)


@lru_cache(maxsize=1)
def _builtin() -> tuple[Any, ...]:
    import ibis
    import ibis.expr.datatypes as dt

    wide = dt.Decimal(38, 6)

    @ibis.udf.scalar.builtin(name="exact_ratio", signature=((wide, wide), wide))
    def exact_ratio(n, d):  # type: ignore[no-untyped-def]
        ...

    @ibis.udf.scalar.builtin(name="exact_change", signature=((wide, wide, wide, wide), wide))
    def exact_change(n, d, n0, d0):  # type: ignore[no-untyped-def]
        ...

    @ibis.udf.scalar.builtin(name="exact_share", signature=((wide, dt.int64, dt.int64), wide))
    def exact_share(q, part, whole):  # type: ignore[no-untyped-def]
        ...

    @ibis.udf.scalar.builtin(name="whole_part", signature=((dt.int64, dt.int64), dt.int64))
    def whole_part(a, b):  # type: ignore[no-untyped-def]
        ...

    @ibis.udf.scalar.builtin(name="micros_of", signature=((dt.Timestamp("UTC"),), dt.int64))
    def micros_of(t):  # type: ignore[no-untyped-def]
        ...

    return exact_ratio, exact_change, exact_share, whole_part, micros_of


def exact_ratio(numerator: ir.DecimalValue, denominator: ir.DecimalValue) -> ir.DecimalValue:
    """numerator ÷ denominator with six places, half away from zero; null where either is null or d is 0."""
    ratio = _builtin()[0]
    return ratio(numerator.cast(AMOUNT), denominator.cast(AMOUNT))


def exact_change(
    now: tuple[ir.DecimalValue, ir.DecimalValue], base: tuple[ir.DecimalValue, ir.DecimalValue]
) -> ir.DecimalValue:
    """By how many % the quotient `now` (numerator, denominator) lies above `base`, rounded once to six places.

    Null where a number is null, a denominator or the base is 0, a product across is 10²⁵ or more, or the change 10¹⁶ %.
    """
    change = _builtin()[1]
    return change(*(x.cast(AMOUNT) for x in (*now, *base)))


def exact_share(quantity: ir.DecimalValue, part: ir.IntegerValue, whole: ir.IntegerValue) -> ir.DecimalValue:
    """quantity × part ÷ whole to six places, half away from zero; part and whole are whole numbers, whole above 0.

    The product may have 38 digits, the result 31: a quantity in use over a hundred years in microseconds fits.
    """
    return _builtin()[2](quantity.cast(AMOUNT), part, whole)


def whole_part(number: ir.IntegerValue, by: ir.IntegerValue) -> ir.IntegerValue:
    """number ÷ by without its rest, for numbers from 0 up: in whole numbers, where `//` would go over a double."""
    return _builtin()[3](number, by)


def micros_of(moment: ir.TimestampValue) -> ir.IntegerValue:
    """Microseconds since 1970 of an instant."""
    return _builtin()[4](moment)
