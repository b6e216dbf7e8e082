WITH "t5" AS (
  SELECT DISTINCT
    "t0"."indicator_id",
    CAST(EXTRACT(year FROM "t0"."period_start") AS BIGINT) AS "year"
  FROM "level_values" AS "t0"
  WHERE
    "t0"."period_kind" = 'year'
)
SELECT
  "t18"."method_id",
  "t18"."subject_id",
  "t18"."period_key",
  "t18"."period_kind",
  "t18"."period_start",
  "t18"."period_end",
  "t18"."indicator_id" || '_change' AS "indicator_id",
  CAST("t18"."base_year" AS TEXT) AS "base",
  CASE
    WHEN (
      "t18"."value" IS NOT NULL
    )
    AND (
      "t18"."under" IS NOT NULL
    )
    AND (
      "t18"."under_before" IS NOT NULL
    )
    THEN COALESCE(
      EXACT_CHANGE("t18"."over", "t18"."under", "t18"."over_before", "t18"."under_before"),
      EXACT_RATIO(
        (
          "t18"."value" - "t18"."below"
        ) * CAST(100.000000 AS DECIMAL(38, 6)),
        "t18"."below"
      )
    )
    ELSE EXACT_RATIO(
      (
        "t18"."value" - "t18"."below"
      ) * CAST(100.000000 AS DECIMAL(38, 6)),
      "t18"."below"
    )
  END AS "value",
  CASE
    WHEN "t18"."value" IS NULL
    THEN "t18"."state"
    WHEN "t18"."below" IS NULL
    THEN 'no_base'
    WHEN (
      "t18"."state" = 'ok'
    ) AND (
      "t18"."below_state" = 'ok'
    )
    THEN 'ok'
    ELSE 'partial'
  END AS "state",
  CASE
    WHEN "t18"."value" IS NULL
    THEN "t18"."needs"
    WHEN "t18"."below" IS NULL
    THEN CAST("t18"."base_year" AS TEXT)
    ELSE CAST(NULL AS TEXT)
  END AS "needs",
  CASE
    WHEN "t18"."below_cover" IS NULL
    THEN CAST(0.000000 AS DECIMAL(38, 6))
    ELSE LEAST("t18"."coverage", "t18"."below_cover")
  END AS "coverage",
  GREATEST("t18"."rank", COALESCE("t18"."below_rank", 0)) AS "rank"
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
      "t16"."base_year",
      "t16"."named",
      "t8"."below",
      "t8"."below_state",
      "t8"."below_cover",
      "t8"."below_rank",
      "t8"."over_before",
      "t8"."under_before"
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
        "t14"."indicator_id",
        "t14"."year",
        "t14"."base_year",
        BOOL_OR(CAST("t14"."named" AS BOOLEAN)) AS "named"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t12"."indicator_id",
            "t12"."year",
            "t12"."base_year",
            TRUE AS "named"
          FROM (
            SELECT
              "t6"."indicator_id",
              "t6"."base_year",
              "t10"."year"
            FROM (
              SELECT
                "t1"."indicator_id",
                "t1"."base_year"
              FROM "bases" AS "t1"
              WHERE
                "t1"."kind" = 'level'
            ) AS "t6"
            INNER JOIN "t5" AS "t10"
              ON "t6"."indicator_id" = "t10"."indicator_id"
          ) AS "t12"
          WHERE
            "t12"."base_year" < "t12"."year"
        ) AS "t13"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            "t9"."indicator_id",
            "t9"."year",
            "t9"."year" - 1 AS "base_year",
            FALSE AS "named"
          FROM "t5" AS "t9"
        ) AS "t11"
      ) AS "t14"
      GROUP BY
        1,
        2,
        3
    ) AS "t16"
      ON "t7"."indicator_id" = "t16"."indicator_id" AND "t7"."year" = "t16"."year"
    LEFT OUTER JOIN (
      SELECT
        "t0"."indicator_id",
        "t0"."method_id",
        "t0"."subject_id",
        CAST(EXTRACT(year FROM "t0"."period_start") AS BIGINT) AS "base_year",
        "t0"."value" AS "below",
        "t0"."state" AS "below_state",
        "t0"."coverage" AS "below_cover",
        "t0"."rank" AS "below_rank",
        "t0"."over" AS "over_before",
        "t0"."under" AS "under_before"
      FROM "level_values" AS "t0"
      WHERE
        "t0"."period_kind" = 'year'
    ) AS "t8"
      ON "t7"."indicator_id" = "t8"."indicator_id"
      AND "t7"."method_id" = "t8"."method_id"
      AND "t7"."subject_id" = "t8"."subject_id"
      AND "t16"."base_year" = "t8"."base_year"
  ) AS "t17"
  WHERE
    "t17"."named" OR (
      "t17"."below" IS NOT NULL
    )
) AS "t18"
