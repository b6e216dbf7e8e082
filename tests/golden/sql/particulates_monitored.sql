SELECT
  "t2"."method_id",
  "t2"."subject_id",
  "t2"."period_key",
  "t2"."period_kind",
  "t2"."period_start",
  "t2"."period_end",
  CASE
    WHEN NOT (
      "t2"."wanting"
    )
    THEN 'ok'
    WHEN "t2"."amount" IS NOT NULL
    THEN 'partial'
    ELSE "t2"."worst"
  END AS "state",
  "t2"."coverage",
  "t2"."rank",
  "t2"."amount" AS "value",
  "t2"."amount" AS "over",
  CAST(NULL AS DECIMAL(38, 6)) AS "under",
  CASE
    WHEN "t2"."amount" IS NULL
    THEN 'flow and concentration at the outlets 排口流量与浓度'
    ELSE CAST(NULL AS TEXT)
  END AS "needs"
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
      "t0"."measure" = 'pollutant_particulates' AND "t0"."level" = 'subtree'
  ) AS "t1"
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    6
) AS "t2"
