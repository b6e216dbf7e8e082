SELECT
  "t13"."method_id",
  "t13"."subject_id",
  "t13"."period_key",
  "t13"."period_kind",
  "t13"."period_start",
  "t13"."period_end",
  EXACT_RATIO("t13"."amount" * CAST(10000.000000 AS DECIMAL(38, 6)), "t13"."below") AS "value",
  "t13"."amount" AS "over",
  "t13"."below" AS "under",
  CASE
    WHEN "t13"."amount" IS NULL
    THEN "t13"."state"
    WHEN "t13"."below" IS NULL
    THEN 'no_denominator'
    WHEN (
      "t13"."state" = 'ok'
    ) AND (
      "t13"."below_state" = 'ok'
    )
    THEN 'ok'
    ELSE 'partial'
  END AS "state",
  CASE
    WHEN "t13"."amount" IS NULL
    THEN 'CO2 by a named guide 二氧化碳排放量'
    WHEN "t13"."below" IS NULL
    THEN 'GDP at constant prices of a stated base year 不变价地区生产总值'
    ELSE CAST(NULL AS TEXT)
  END AS "needs",
  CASE
    WHEN "t13"."below_cover" IS NULL
    THEN CAST(0.000000 AS DECIMAL(38, 6))
    ELSE LEAST("t13"."coverage", "t13"."below_cover")
  END AS "coverage",
  GREATEST("t13"."rank", COALESCE("t13"."below_rank", 0)) AS "rank"
FROM (
  SELECT
    CASE
      WHEN COALESCE("t12"."under_method", '') = ''
      THEN "t12"."method_id"
      ELSE "t12"."method_id" || '/' || COALESCE("t12"."under_method", '')
    END AS "method_id",
    "t12"."subject_id",
    "t12"."period_key",
    "t12"."period_kind",
    "t12"."period_start",
    "t12"."period_end",
    "t12"."amount",
    "t12"."coverage",
    "t12"."rank",
    "t12"."state",
    "t12"."below",
    "t12"."below_state",
    "t12"."below_cover",
    "t12"."below_rank",
    "t12"."under_method"
  FROM (
    SELECT
      "t10"."method_id",
      "t10"."subject_id",
      "t10"."period_key",
      "t10"."period_kind",
      "t10"."period_start",
      "t10"."period_end",
      "t10"."amount",
      "t10"."coverage",
      "t10"."rank",
      "t10"."state",
      "t11"."below",
      "t11"."below_state",
      "t11"."below_cover",
      "t11"."below_rank",
      "t11"."under_method"
    FROM (
      SELECT
        "t6"."method_id",
        "t6"."subject_id",
        "t6"."period_key",
        "t6"."period_kind",
        "t6"."period_start",
        "t6"."period_end",
        "t6"."amount",
        "t6"."coverage",
        "t6"."rank",
        CASE
          WHEN NOT (
            "t6"."wanting"
          )
          THEN 'ok'
          WHEN "t6"."amount" IS NOT NULL
          THEN 'partial'
          ELSE "t6"."worst"
        END AS "state"
      FROM (
        SELECT
          "t3"."method_id",
          "t3"."subject_id",
          "t3"."period_key",
          "t3"."period_kind",
          "t3"."period_start",
          "t3"."period_end",
          SUM("t3"."amount") AS "amount",
          MAX("t3"."state") AS "worst",
          BOOL_OR(CAST("t3"."state" <> 'ok' AS BOOLEAN)) AS "wanting",
          MIN("t3"."coverage") AS "coverage",
          MAX(
            CASE
              WHEN "t3"."confidence" = 'confirmed'
              THEN 0
              WHEN "t3"."confidence" = 'inferred'
              THEN 1
              WHEN "t3"."confidence" = 'unofficial'
              THEN 2
              WHEN "t3"."confidence" = 'recalled'
              THEN 3
              WHEN "t3"."confidence" = 'synthetic'
              THEN 4
              WHEN "t3"."confidence" = 'candidate'
              THEN 5
              ELSE 0
            END
          ) AS "rank"
        FROM (
          SELECT
            *
          FROM "totals" AS "t1"
          WHERE
            "t1"."measure" = 'co2' AND "t1"."level" = 'subtree'
        ) AS "t3"
        GROUP BY
          1,
          2,
          3,
          4,
          5,
          6
      ) AS "t6"
      WHERE
        "t6"."period_kind" = 'year'
    ) AS "t10"
    SEMI JOIN (
      SELECT
        "t0"."subject_id"
      FROM "subjects" AS "t0"
      WHERE
        "t0"."kind" = 'region'
    ) AS "t5"
      ON "t10"."subject_id" = "t5"."subject_id"
    LEFT OUTER JOIN (
      SELECT
        "t7"."subject_id",
        "t7"."period_key",
        "t7"."amount" AS "below",
        CASE
          WHEN NOT (
            "t7"."wanting"
          )
          THEN 'ok'
          WHEN "t7"."amount" IS NOT NULL
          THEN 'partial'
          ELSE "t7"."worst"
        END AS "below_state",
        "t7"."coverage" AS "below_cover",
        "t7"."rank" AS "below_rank",
        "t7"."method_id" AS "under_method"
      FROM (
        SELECT
          "t4"."method_id",
          "t4"."subject_id",
          "t4"."period_key",
          "t4"."period_kind",
          "t4"."period_start",
          "t4"."period_end",
          SUM("t4"."amount") AS "amount",
          MAX("t4"."state") AS "worst",
          BOOL_OR(CAST("t4"."state" <> 'ok' AS BOOLEAN)) AS "wanting",
          MIN("t4"."coverage") AS "coverage",
          MAX(
            CASE
              WHEN "t4"."confidence" = 'confirmed'
              THEN 0
              WHEN "t4"."confidence" = 'inferred'
              THEN 1
              WHEN "t4"."confidence" = 'unofficial'
              THEN 2
              WHEN "t4"."confidence" = 'recalled'
              THEN 3
              WHEN "t4"."confidence" = 'synthetic'
              THEN 4
              WHEN "t4"."confidence" = 'candidate'
              THEN 5
              ELSE 0
            END
          ) AS "rank"
        FROM (
          SELECT
            *
          FROM "totals" AS "t1"
          WHERE
            "t1"."measure" = 'gdp' AND "t1"."level" = 'subtree'
        ) AS "t4"
        GROUP BY
          1,
          2,
          3,
          4,
          5,
          6
      ) AS "t7"
    ) AS "t11"
      ON "t10"."subject_id" = "t11"."subject_id"
      AND "t10"."period_key" = "t11"."period_key"
  ) AS "t12"
) AS "t13"
