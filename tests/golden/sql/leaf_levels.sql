WITH "t10" AS (
  SELECT
    "t5"."method_id",
    "t5"."measure",
    "t5"."unit",
    "t6"."subject_id",
    "t5"."period_key",
    "t5"."period_kind",
    "t5"."period_start",
    "t5"."period_end",
    "t5"."part",
    "t5"."extent",
    "t5"."amount",
    "t5"."entries",
    "t5"."entries_known",
    "t5"."rank",
    "t5"."trouble",
    "t5"."measured",
    "t5"."year_key",
    "t5"."counts_in_year"
  FROM (
    SELECT
      "t0"."method_id",
      "t0"."measure",
      "t0"."unit",
      "t0"."subject_id" AS "inner_id",
      "t0"."period_key",
      "t0"."period_kind",
      "t0"."period_start",
      "t0"."period_end",
      "t0"."part",
      "t0"."extent",
      "t0"."amount",
      "t0"."entries",
      "t0"."entries_known",
      "t0"."rank",
      "t0"."trouble",
      "t0"."measured",
      "t0"."year_key",
      "t0"."counts_in_year"
    FROM "leaves" AS "t0"
  ) AS "t5"
  INNER JOIN (
    SELECT
      "t1"."ancestor_id" AS "subject_id",
      "t1"."subject_id" AS "inner_id",
      "t1"."valid_from",
      "t1"."valid_to",
      "t1"."depth"
    FROM "subject_closure" AS "t1"
  ) AS "t6"
    ON "t5"."inner_id" = "t6"."inner_id"
    AND "t6"."valid_from" < "t5"."period_end"
    AND "t5"."period_end" <= "t6"."valid_to"
    AND (
      (
        "t5"."extent" = 'own'
      ) OR (
        "t6"."depth" = 0
      )
    )
), "t11" AS (
  SELECT
    "t8"."method_id",
    "t8"."measure",
    "t8"."unit",
    "t8"."subject_id",
    "t8"."period_key",
    "t8"."period_kind",
    "t8"."period_start",
    "t8"."period_end",
    "t8"."part",
    "t8"."extent",
    "t8"."amount",
    "t8"."entries",
    "t8"."entries_known",
    "t8"."rank",
    "t8"."trouble",
    "t8"."measured",
    "t8"."year_key",
    "t8"."counts_in_year"
  FROM (
    SELECT
      *
    FROM "leaves" AS "t0"
    WHERE
      "t0"."extent" = 'own'
  ) AS "t8"
  SEMI JOIN (
    SELECT DISTINCT
      "t1"."ancestor_id" AS "subject_id"
    FROM "subject_closure" AS "t1"
    WHERE
      "t1"."depth" > 0
  ) AS "t9"
    ON "t8"."subject_id" = "t9"."subject_id"
)
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t13"."method_id",
      "t13"."measure",
      "t13"."unit",
      "t13"."subject_id",
      "t13"."period_key",
      "t13"."period_kind",
      "t13"."period_start",
      "t13"."period_end",
      "t13"."part",
      "t13"."extent",
      "t13"."amount",
      "t13"."entries",
      "t13"."entries_known",
      "t13"."rank",
      "t13"."trouble",
      "t13"."measured",
      "t13"."year_key",
      "t13"."counts_in_year",
      'own' AS "level"
    FROM "t11" AS "t13"
    WHERE
      "t13"."period_kind" <> 'year'
  ) AS "t15"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t13"."method_id",
      "t13"."measure",
      "t13"."unit",
      "t13"."subject_id",
      "t13"."year_key" AS "period_key",
      'year' AS "period_kind",
      MAKE_DATE(CAST("t13"."year_key" AS BIGINT), 1, 1) AS "period_start",
      MAKE_DATE(CAST("t13"."year_key" AS BIGINT) + 1, 1, 1) AS "period_end",
      "t13"."part",
      "t13"."extent",
      "t13"."amount",
      "t13"."entries",
      "t13"."entries_known",
      "t13"."rank",
      "t13"."trouble",
      "t13"."measured",
      "t13"."year_key",
      "t13"."counts_in_year",
      'own' AS "level"
    FROM "t11" AS "t13"
    WHERE
      "t13"."counts_in_year"
  ) AS "t17"
) AS "t19"
UNION ALL
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t12"."method_id",
      "t12"."measure",
      "t12"."unit",
      "t12"."subject_id",
      "t12"."period_key",
      "t12"."period_kind",
      "t12"."period_start",
      "t12"."period_end",
      "t12"."part",
      "t12"."extent",
      "t12"."amount",
      "t12"."entries",
      "t12"."entries_known",
      "t12"."rank",
      "t12"."trouble",
      "t12"."measured",
      "t12"."year_key",
      "t12"."counts_in_year",
      'subtree' AS "level"
    FROM "t10" AS "t12"
    WHERE
      "t12"."period_kind" <> 'year'
  ) AS "t14"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t12"."method_id",
      "t12"."measure",
      "t12"."unit",
      "t12"."subject_id",
      "t12"."year_key" AS "period_key",
      'year' AS "period_kind",
      MAKE_DATE(CAST("t12"."year_key" AS BIGINT), 1, 1) AS "period_start",
      MAKE_DATE(CAST("t12"."year_key" AS BIGINT) + 1, 1, 1) AS "period_end",
      "t12"."part",
      "t12"."extent",
      "t12"."amount",
      "t12"."entries",
      "t12"."entries_known",
      "t12"."rank",
      "t12"."trouble",
      "t12"."measured",
      "t12"."year_key",
      "t12"."counts_in_year",
      'subtree' AS "level"
    FROM "t10" AS "t12"
    WHERE
      "t12"."counts_in_year"
  ) AS "t16"
) AS "t18"
