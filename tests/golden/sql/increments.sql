SELECT
  "t10"."method_id",
  "t10"."subject_id",
  "t10"."period_key",
  "t10"."period_kind",
  "t10"."period_start",
  "t10"."period_end",
  "t10"."indicator_id" || '_increment' AS "indicator_id",
  CAST("t10"."base_year" AS TEXT) AS "base",
  EXACT_RATIO("t10"."value" - "t6"."below", CAST(10000.000000 AS DECIMAL(38, 6))) AS "value",
  CASE
    WHEN "t10"."value" IS NULL
    THEN "t10"."state"
    WHEN "t6"."below" IS NULL
    THEN 'no_base'
    WHEN (
      "t10"."state" = 'ok'
    ) AND (
      "t6"."below_state" = 'ok'
    )
    THEN 'ok'
    ELSE 'partial'
  END AS "state",
  CASE
    WHEN (
      "t10"."value" IS NULL
    ) OR (
      "t6"."below" IS NULL
    )
    THEN CAST("t10"."base_year" AS TEXT)
    ELSE CAST(NULL AS TEXT)
  END AS "needs",
  CASE
    WHEN "t6"."below_cover" IS NULL
    THEN CAST(0.000000 AS DECIMAL(38, 6))
    ELSE LEAST("t10"."coverage", "t6"."below_cover")
  END AS "coverage",
  GREATEST("t10"."rank", COALESCE("t6"."below_rank", 0)) AS "rank"
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t7"."indicator_id",
      "t7"."base",
      "t7"."method_id",
      "t7"."subject_id",
      "t7"."period_key",
      "t7"."period_kind",
      "t7"."period_start",
      "t7"."period_end",
      "t7"."value",
      "t7"."over",
      "t7"."under",
      "t7"."state",
      "t7"."needs",
      "t7"."coverage",
      "t7"."rank",
      "t7"."year",
      "t5"."base_year"
    FROM (
      SELECT
        "t0"."indicator_id",
        "t0"."base",
        "t0"."method_id",
        "t0"."subject_id",
        "t0"."period_key",
        "t0"."period_kind",
        "t0"."period_start",
        "t0"."period_end",
        "t0"."value",
        "t0"."over",
        "t0"."under",
        "t0"."state",
        "t0"."needs",
        "t0"."coverage",
        "t0"."rank",
        CAST(EXTRACT(year FROM "t0"."period_start") AS BIGINT) AS "year"
      FROM "level_values" AS "t0"
      WHERE
        "t0"."period_kind" = 'year'
    ) AS "t7"
    INNER JOIN (
      SELECT
        "t1"."indicator_id",
        "t1"."base_year"
      FROM "bases" AS "t1"
      WHERE
        "t1"."kind" = 'increment'
    ) AS "t5"
      ON "t7"."indicator_id" = "t5"."indicator_id"
  ) AS "t8"
  WHERE
    "t8"."base_year" < "t8"."year"
) AS "t10"
LEFT OUTER JOIN (
  SELECT
    "t0"."indicator_id",
    "t0"."method_id",
    "t0"."subject_id",
    CAST(EXTRACT(year FROM "t0"."period_start") AS BIGINT) AS "base_year",
    "t0"."value" AS "below",
    "t0"."state" AS "below_state",
    "t0"."coverage" AS "below_cover",
    "t0"."rank" AS "below_rank"
  FROM "level_values" AS "t0"
  WHERE
    "t0"."period_kind" = 'year'
) AS "t6"
  ON "t10"."indicator_id" = "t6"."indicator_id"
  AND "t10"."method_id" = "t6"."method_id"
  AND "t10"."subject_id" = "t6"."subject_id"
  AND "t10"."base_year" = "t6"."base_year"
