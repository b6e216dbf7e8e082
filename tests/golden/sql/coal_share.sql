WITH "t1" AS (
  SELECT
    *
  FROM "totals" AS "t0"
  WHERE
    "t0"."measure" = 'energy' AND "t0"."level" = 'subtree'
)
SELECT
  "t9"."method_id",
  "t9"."subject_id",
  "t9"."period_key",
  "t9"."period_kind",
  "t9"."period_start",
  "t9"."period_end",
  EXACT_RATIO("t9"."amount" * CAST(100.000000 AS DECIMAL(38, 6)), "t9"."below") AS "value",
  "t9"."amount" AS "over",
  "t9"."below" AS "under",
  CASE
    WHEN "t9"."amount" IS NULL
    THEN "t9"."state"
    WHEN "t9"."below" IS NULL
    THEN 'no_denominator'
    WHEN (
      "t9"."state" = 'ok'
    ) AND (
      "t9"."below_state" = 'ok'
    )
    THEN 'ok'
    ELSE 'partial'
  END AS "state",
  CASE
    WHEN "t9"."amount" IS NULL
    THEN 'energy consumption by carrier 分品种能源消费量'
    WHEN "t9"."below" IS NULL
    THEN 'energy consumption by carrier 分品种能源消费量'
    ELSE CAST(NULL AS TEXT)
  END AS "needs",
  CASE
    WHEN "t9"."below_cover" IS NULL
    THEN CAST(0.000000 AS DECIMAL(38, 6))
    ELSE LEAST("t9"."coverage", "t9"."below_cover")
  END AS "coverage",
  GREATEST("t9"."rank", COALESCE("t9"."below_rank", 0)) AS "rank"
FROM (
  SELECT
    "t8"."method_id",
    "t8"."subject_id",
    "t8"."period_key",
    "t8"."period_kind",
    "t8"."period_start",
    "t8"."period_end",
    "t8"."amount",
    "t8"."coverage",
    "t8"."rank",
    "t8"."state",
    "t7"."below",
    "t7"."below_state",
    "t7"."below_cover",
    "t7"."below_rank",
    "t7"."under_method"
  FROM (
    SELECT
      "t4"."method_id",
      "t4"."subject_id",
      "t4"."period_key",
      "t4"."period_kind",
      "t4"."period_start",
      "t4"."period_end",
      "t4"."amount",
      "t4"."coverage",
      "t4"."rank",
      CASE
        WHEN NOT (
          "t4"."wanting"
        )
        THEN 'ok'
        WHEN "t4"."amount" IS NOT NULL
        THEN 'partial'
        ELSE "t4"."worst"
      END AS "state"
    FROM (
      SELECT
        "t2"."method_id",
        "t2"."subject_id",
        "t2"."period_key",
        "t2"."period_kind",
        "t2"."period_start",
        "t2"."period_end",
        SUM(
          CASE
            WHEN "t2"."part" IN ('coal')
            THEN "t2"."amount"
            ELSE CASE
              WHEN "t2"."amount" IS NULL
              THEN CAST(NULL AS DECIMAL(38, 6))
              ELSE CAST(0.000000 AS DECIMAL(38, 6))
            END
          END
        ) AS "amount",
        MAX("t2"."state") AS "worst",
        BOOL_OR(CAST("t2"."state" <> 'ok' AS BOOLEAN)) AS "wanting",
        MIN("t2"."coverage") AS "coverage",
        MAX(
          CASE
            WHEN "t2"."confidence" = 'confirmed'
            THEN 0
            WHEN "t2"."confidence" = 'inferred'
            THEN 1
            WHEN "t2"."confidence" = 'unofficial'
            THEN 2
            WHEN "t2"."confidence" = 'recalled'
            THEN 3
            WHEN "t2"."confidence" = 'synthetic'
            THEN 4
            WHEN "t2"."confidence" = 'candidate'
            THEN 5
            ELSE 0
          END
        ) AS "rank"
      FROM "t1" AS "t2"
      GROUP BY
        1,
        2,
        3,
        4,
        5,
        6
    ) AS "t4"
  ) AS "t8"
  LEFT OUTER JOIN (
    SELECT
      "t3"."method_id",
      "t3"."subject_id",
      "t3"."period_key",
      "t3"."amount" AS "below",
      CASE
        WHEN NOT (
          "t3"."wanting"
        )
        THEN 'ok'
        WHEN "t3"."amount" IS NOT NULL
        THEN 'partial'
        ELSE "t3"."worst"
      END AS "below_state",
      "t3"."coverage" AS "below_cover",
      "t3"."rank" AS "below_rank",
      "t3"."method_id" AS "under_method"
    FROM (
      SELECT
        "t2"."method_id",
        "t2"."subject_id",
        "t2"."period_key",
        "t2"."period_kind",
        "t2"."period_start",
        "t2"."period_end",
        SUM("t2"."amount") AS "amount",
        MAX("t2"."state") AS "worst",
        BOOL_OR(CAST("t2"."state" <> 'ok' AS BOOLEAN)) AS "wanting",
        MIN("t2"."coverage") AS "coverage",
        MAX(
          CASE
            WHEN "t2"."confidence" = 'confirmed'
            THEN 0
            WHEN "t2"."confidence" = 'inferred'
            THEN 1
            WHEN "t2"."confidence" = 'unofficial'
            THEN 2
            WHEN "t2"."confidence" = 'recalled'
            THEN 3
            WHEN "t2"."confidence" = 'synthetic'
            THEN 4
            WHEN "t2"."confidence" = 'candidate'
            THEN 5
            ELSE 0
          END
        ) AS "rank"
      FROM "t1" AS "t2"
      GROUP BY
        1,
        2,
        3,
        4,
        5,
        6
    ) AS "t3"
  ) AS "t7"
    ON "t8"."method_id" = "t7"."method_id"
    AND "t8"."subject_id" = "t7"."subject_id"
    AND "t8"."period_key" = "t7"."period_key"
) AS "t9"
