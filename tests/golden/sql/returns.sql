WITH "t3" AS (
  SELECT
    "t0"."method_id",
    "t0"."measure",
    "t0"."unit",
    "t0"."subject_id",
    "t0"."period_key",
    "t0"."period_kind",
    "t0"."period_start",
    "t0"."period_end",
    "t0"."extent",
    "t0"."year_key",
    MIN(CASE WHEN "t0"."entries_known" < "t0"."entries" THEN 0 ELSE 1 END) AS "have",
    MAX("t0"."rank") AS "rank",
    BOOL_OR(CAST("t0"."counts_in_year" AS BOOLEAN)) AS "counts_in_year"
  FROM "leaves" AS "t0"
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10
)
SELECT
  "t9"."method_id",
  "t9"."measure",
  "t9"."unit",
  "t9"."subject_id",
  "t9"."period_key",
  "t9"."period_kind",
  "t9"."period_start",
  "t9"."period_end",
  "t9"."extent",
  "t9"."year_key",
  "t9"."counts_in_year",
  "t9"."have",
  "t9"."rank",
  1 AS "due"
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t4"."method_id",
      "t4"."measure",
      "t4"."unit",
      "t4"."subject_id",
      "t4"."period_key",
      "t4"."period_kind",
      "t4"."period_start",
      "t4"."period_end",
      "t4"."extent",
      "t4"."year_key",
      "t4"."counts_in_year",
      CAST("t4"."have" AS BIGINT) AS "have",
      CAST("t4"."rank" AS BIGINT) AS "rank"
    FROM "t3" AS "t4"
  ) AS "t6"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t7"."method_id",
      "t7"."measure",
      "t7"."unit",
      "t7"."subject_id",
      "t7"."period_key",
      "t7"."period_kind",
      "t7"."period_start",
      "t7"."period_end",
      'own' AS "extent",
      CAST(EXTRACT(year FROM "t7"."period_start") AS TEXT) AS "year_key",
      TRUE AS "counts_in_year",
      CAST(0 AS BIGINT) AS "have",
      CAST(0 AS BIGINT) AS "rank"
    FROM (
      SELECT
        "t2"."method_id",
        "t2"."measure",
        "t2"."unit",
        "t2"."subject_id",
        "t2"."period_key",
        "t2"."period_kind",
        "t2"."period_start",
        "t2"."period_end"
      FROM "expected_returns" AS "t2"
      ANTI JOIN "t3" AS "t5"
        ON "t2"."method_id" = "t5"."method_id"
        AND "t2"."measure" = "t5"."measure"
        AND "t2"."subject_id" = "t5"."subject_id"
        AND "t2"."period_key" = "t5"."period_key"
    ) AS "t7"
  ) AS "t8"
) AS "t9"
