WITH "t5" AS (
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
), "t9" AS (
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
  ANTI JOIN "t5" AS "t7"
    ON "t2"."method_id" = "t7"."method_id"
    AND "t2"."measure" = "t7"."measure"
    AND "t2"."subject_id" = "t7"."subject_id"
    AND "t2"."period_key" = "t7"."period_key"
)
SELECT
  "t16"."method_id",
  "t16"."measure",
  "t16"."unit",
  "t16"."subject_id",
  "t16"."period_key",
  "t16"."period_kind",
  "t16"."period_start",
  "t16"."period_end",
  "t16"."extent",
  "t16"."year_key",
  "t16"."counts_in_year",
  "t16"."have",
  "t16"."rank",
  1 AS "due"
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t6"."method_id",
      "t6"."measure",
      "t6"."unit",
      "t6"."subject_id",
      "t6"."period_key",
      "t6"."period_kind",
      "t6"."period_start",
      "t6"."period_end",
      "t6"."extent",
      "t6"."year_key",
      "t6"."counts_in_year",
      CAST("t6"."have" AS BIGINT) AS "have",
      CAST("t6"."rank" AS BIGINT) AS "rank"
    FROM "t5" AS "t6"
  ) AS "t8"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t14"."method_id",
      "t14"."measure",
      "t14"."unit",
      "t14"."subject_id",
      "t14"."period_key",
      "t14"."period_kind",
      "t14"."period_start",
      "t14"."period_end",
      'own' AS "extent",
      CAST(EXTRACT(year FROM "t14"."period_start") AS TEXT) AS "year_key",
      TRUE AS "counts_in_year",
      CAST(0 AS BIGINT) AS "have",
      CAST(0 AS BIGINT) AS "rank"
    FROM (
      SELECT
        *
      FROM "t9" AS "t10"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t12"."method_id",
          "t4"."measure",
          "t4"."unit",
          "t12"."subject_id",
          "t12"."period_key",
          "t12"."period_kind",
          "t12"."period_start",
          "t12"."period_end"
        FROM (
          SELECT
            "t10"."method_id",
            "t10"."subject_id",
            "t10"."period_key",
            "t10"."period_kind",
            "t10"."period_start",
            "t10"."period_end"
          FROM "t9" AS "t10"
          WHERE
            "t10"."measure" = 'energy'
        ) AS "t12"
        INNER JOIN (
          SELECT DISTINCT
            "t0"."method_id",
            "t0"."measure",
            "t0"."unit",
            "t0"."subject_id"
          FROM "leaves" AS "t0"
          WHERE
            "t0"."measure" IN ('electricity')
        ) AS "t4"
          ON "t12"."method_id" = "t4"."method_id" AND "t12"."subject_id" = "t4"."subject_id"
      ) AS "t13"
    ) AS "t14"
  ) AS "t15"
) AS "t16"
