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
    THEN 'non-fossil of-which rows 非化石能源消费量'
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
    "t7"."method_id",
    "t7"."subject_id",
    "t7"."period_key",
    "t7"."period_kind",
    "t7"."period_start",
    "t7"."period_end",
    "t7"."amount",
    "t7"."coverage",
    "t7"."rank",
    "t7"."state",
    "t8"."below",
    "t8"."below_state",
    "t8"."below_cover",
    "t8"."below_rank",
    "t8"."under_method"
  FROM (
    SELECT
      "t3"."method_id",
      "t3"."subject_id",
      "t3"."period_key",
      "t3"."period_kind",
      "t3"."period_start",
      "t3"."period_end",
      "t3"."amount",
      "t3"."coverage",
      "t3"."rank",
      CASE
        WHEN NOT (
          "t3"."wanting"
        )
        THEN 'ok'
        WHEN "t3"."amount" IS NOT NULL
        THEN 'partial'
        ELSE "t3"."worst"
      END AS "state"
    FROM (
      SELECT
        "t1"."method_id",
        "t1"."subject_id",
        "t1"."period_key",
        "t1"."period_kind",
        "t1"."period_start",
        "t1"."period_end",
        SUM("t1"."amount") AS "amount",
        MAX("t1"."state") AS "worst",
        BOOL_OR(CAST("t1"."state" <> 'ok' AS BOOLEAN)) AS "wanting",
        MIN("t1"."coverage") AS "coverage",
        MAX(
          CASE
            WHEN "t1"."confidence" = 'confirmed'
            THEN 0
            WHEN "t1"."confidence" = 'inferred'
            THEN 1
            WHEN "t1"."confidence" = 'unofficial'
            THEN 2
            WHEN "t1"."confidence" = 'recalled'
            THEN 3
            WHEN "t1"."confidence" = 'synthetic'
            THEN 4
            WHEN "t1"."confidence" = 'candidate'
            THEN 5
            ELSE 0
          END
        ) AS "rank"
      FROM (
        SELECT
          *
        FROM "totals" AS "t0"
        WHERE
          "t0"."measure" = 'energy_nonfossil' AND "t0"."level" = 'subtree'
      ) AS "t1"
      GROUP BY
        1,
        2,
        3,
        4,
        5,
        6
    ) AS "t3"
  ) AS "t7"
  LEFT OUTER JOIN (
    SELECT
      "t4"."method_id",
      "t4"."subject_id",
      "t4"."period_key",
      "t4"."amount" AS "below",
      CASE
        WHEN NOT (
          "t4"."wanting"
        )
        THEN 'ok'
        WHEN "t4"."amount" IS NOT NULL
        THEN 'partial'
        ELSE "t4"."worst"
      END AS "below_state",
      "t4"."coverage" AS "below_cover",
      "t4"."rank" AS "below_rank",
      "t4"."method_id" AS "under_method"
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
      FROM (
        SELECT
          *
        FROM "totals" AS "t0"
        WHERE
          "t0"."measure" = 'energy' AND "t0"."level" = 'subtree'
      ) AS "t2"
      GROUP BY
        1,
        2,
        3,
        4,
        5,
        6
    ) AS "t4"
  ) AS "t8"
    ON "t7"."method_id" = "t8"."method_id"
    AND "t7"."subject_id" = "t8"."subject_id"
    AND "t7"."period_key" = "t8"."period_key"
) AS "t9"
