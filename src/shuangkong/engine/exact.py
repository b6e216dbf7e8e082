"""Exact arithmetic in expressions: the same digits on DuckDB, PostgreSQL and Spark.

Engines disagree on what decimal ÷ decimal is: a double, a numeric, a truncated decimal. A quotient is
therefore one function, `exact_ratio`, that each executor defines in its own words by whole-number division
(`PRELUDE`), and that the SQL shown to an auditor calls by name. Numerator and denominator may have up to 25
digits before the point, the quotient up to 18.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shuangkong.kernel.numbers import AMOUNT

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: What an executor runs once so that its engine knows `exact_ratio`: n ÷ d to six places, half away from zero.
PRELUDE: dict[str, str] = {
    "duckdb": """CREATE OR REPLACE MACRO exact_ratio(n, d) AS CAST(
        (CASE WHEN (n < 0) <> (d < 0) THEN -1 ELSE 1 END) *
        CAST(((CAST(abs(n) * 1000000 AS HUGEINT) * 2000000 + CAST(abs(d) * 1000000 AS HUGEINT))
            // (2 * nullif(CAST(abs(d) * 1000000 AS HUGEINT), 0))) AS DECIMAL(38,0)) * 0.000001
        AS DECIMAL(38,6))""",
    "postgres": """CREATE OR REPLACE FUNCTION exact_ratio(n numeric, d numeric) RETURNS numeric
        LANGUAGE sql IMMUTABLE AS $$ SELECT
        CASE WHEN (n < 0) <> (d < 0) THEN -1 ELSE 1 END
        * div(abs(n) * 2000000 + abs(d), 2 * nullif(abs(d), 0)) * 0.000001 $$""",
    "pyspark": """CREATE OR REPLACE TEMPORARY FUNCTION exact_ratio(n DECIMAL(38,6), d DECIMAL(38,6))
        RETURNS DECIMAL(38,6) RETURN
        CASE WHEN (n < 0) <> (d < 0) THEN -1 ELSE 1 END
        * CAST(CAST(abs(n) div nullif(abs(d), 0) AS DECIMAL(25,0))
            + (abs(n) % nullif(abs(d), 0) * 2000000 + abs(d)) div (2 * nullif(abs(d), 0)) * 0.000001
            AS DECIMAL(38,6))""",
}


def amount(value: Decimal | int | str) -> ir.DecimalValue:
    """A literal of the type that sums have, DECIMAL(38,6)."""
    import ibis

    return ibis.literal(Decimal(value), type=AMOUNT)


def rounded(product: ir.DecimalValue) -> ir.DecimalValue:
    """The named rounding step `half_up_6`: a decimal product to six places, half away from zero."""
    return product.cast(AMOUNT)


@lru_cache(maxsize=1)
def _builtin() -> Any:
    import ibis
    import ibis.expr.datatypes as dt

    wide = dt.Decimal(38, 6)

    @ibis.udf.scalar.builtin(name="exact_ratio", signature=((wide, wide), wide))
    def exact_ratio(n, d):  # type: ignore[no-untyped-def]
        ...

    return exact_ratio


def exact_ratio(numerator: ir.DecimalValue, denominator: ir.DecimalValue) -> ir.DecimalValue:
    """numerator ÷ denominator with six places, half away from zero; null where either is null or d is 0."""
    return _builtin()(numerator.cast(AMOUNT), denominator.cast(AMOUNT))
