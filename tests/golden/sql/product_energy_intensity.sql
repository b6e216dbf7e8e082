WITH "t2" AS (
  SELECT
    *
  FROM "totals" AS "t0"
  WHERE
    "t0"."measure" = 'output' AND "t0"."level" = 'subtree'
)
SELECT
  "t18"."method_id",
  "t18"."subject_id",
  "t18"."period_key",
  "t18"."period_kind",
  "t18"."period_start",
  "t18"."period_end",
  "t18"."coverage",
  "t18"."rank",
  "t18"."over",
  "t18"."under",
  CASE
    WHEN COALESCE("t8"."products", 0) > 1
    THEN CAST(NULL AS DECIMAL(38, 6))
    ELSE "t18"."value"
  END AS "value",
  CASE
    WHEN COALESCE("t8"."products", 0) > 1
    THEN 'several_products'
    ELSE "t18"."state"
  END AS "state",
  CASE
    WHEN COALESCE("t8"."products", 0) > 1
    THEN 'energy by product 分产品能耗'
    ELSE "t18"."needs"
  END AS "needs"
FROM (
  SELECT
    "t16"."method_id",
    "t16"."subject_id",
    "t16"."period_key",
    "t16"."period_kind",
    "t16"."period_start",
    "t16"."period_end",
    EXACT_RATIO("t16"."amount" * CAST(1000.000000 AS DECIMAL(38, 6)), "t16"."below") AS "value",
    "t16"."amount" AS "over",
    "t16"."below" AS "under",
    CASE
      WHEN "t16"."amount" IS NULL
      THEN "t16"."state"
      WHEN "t16"."below" IS NULL
      THEN 'no_denominator'
      WHEN (
        "t16"."state" = 'ok'
      ) AND (
        "t16"."below_state" = 'ok'
      )
      THEN 'ok'
      ELSE 'partial'
    END AS "state",
    CASE
      WHEN "t16"."amount" IS NULL
      THEN 'energy consumption by carrier 分品种能源消费量'
      WHEN "t16"."below" IS NULL
      THEN 'output of the product 产品产量'
      ELSE CAST(NULL AS TEXT)
    END AS "needs",
    CASE
      WHEN "t16"."below_cover" IS NULL
      THEN CAST(0.000000 AS DECIMAL(38, 6))
      ELSE LEAST("t16"."coverage", "t16"."below_cover")
    END AS "coverage",
    GREATEST("t16"."rank", COALESCE("t16"."below_rank", 0)) AS "rank"
  FROM (
    SELECT
      CASE
        WHEN COALESCE("t15"."under_method", '') = ''
        THEN "t15"."method_id"
        ELSE "t15"."method_id" || '/' || COALESCE("t15"."under_method", '')
      END AS "method_id",
      "t15"."subject_id",
      "t15"."period_key",
      "t15"."period_kind",
      "t15"."period_start",
      "t15"."period_end",
      "t15"."amount",
      "t15"."coverage",
      "t15"."rank",
      "t15"."state",
      "t15"."below",
      "t15"."below_state",
      "t15"."below_cover",
      "t15"."below_rank",
      "t15"."under_method"
    FROM (
      SELECT
        "t13"."method_id",
        "t13"."subject_id",
        "t13"."period_key",
        "t13"."period_kind",
        "t13"."period_start",
        "t13"."period_end",
        "t13"."amount",
        "t13"."coverage",
        "t13"."rank",
        "t13"."state",
        "t14"."below",
        "t14"."below_state",
        "t14"."below_cover",
        "t14"."below_rank",
        "t14"."under_method"
      FROM (
        SELECT
          "t9"."method_id",
          "t9"."subject_id",
          "t9"."period_key",
          "t9"."period_kind",
          "t9"."period_start",
          "t9"."period_end",
          "t9"."amount",
          "t9"."coverage",
          "t9"."rank",
          CASE
            WHEN NOT (
              "t9"."wanting"
            )
            THEN 'ok'
            WHEN "t9"."amount" IS NOT NULL
            THEN 'partial'
            ELSE "t9"."worst"
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
            FROM "totals" AS "t0"
            WHERE
              "t0"."measure" = 'energy' AND "t0"."level" = 'subtree'
          ) AS "t3"
          GROUP BY
            1,
            2,
            3,
            4,
            5,
            6
        ) AS "t9"
      ) AS "t13"
      SEMI JOIN (
        SELECT
          "t1"."subject_id"
        FROM "subjects" AS "t1"
        WHERE
          "t1"."kind" = 'unit'
      ) AS "t6"
        ON "t13"."subject_id" = "t6"."subject_id"
      LEFT OUTER JOIN (
        SELECT
          "t10"."subject_id",
          "t10"."period_key",
          "t10"."amount" AS "below",
          CASE
            WHEN NOT (
              "t10"."wanting"
            )
            THEN 'ok'
            WHEN "t10"."amount" IS NOT NULL
            THEN 'partial'
            ELSE "t10"."worst"
          END AS "below_state",
          "t10"."coverage" AS "below_cover",
          "t10"."rank" AS "below_rank",
          "t10"."method_id" AS "under_method"
        FROM (
          SELECT
            "t5"."method_id",
            "t5"."subject_id",
            "t5"."period_key",
            "t5"."period_kind",
            "t5"."period_start",
            "t5"."period_end",
            SUM("t5"."amount") AS "amount",
            MAX("t5"."state") AS "worst",
            BOOL_OR(CAST("t5"."state" <> 'ok' AS BOOLEAN)) AS "wanting",
            MIN("t5"."coverage") AS "coverage",
            MAX(
              CASE
                WHEN "t5"."confidence" = 'confirmed'
                THEN 0
                WHEN "t5"."confidence" = 'inferred'
                THEN 1
                WHEN "t5"."confidence" = 'unofficial'
                THEN 2
                WHEN "t5"."confidence" = 'recalled'
                THEN 3
                WHEN "t5"."confidence" = 'synthetic'
                THEN 4
                WHEN "t5"."confidence" = 'candidate'
                THEN 5
                ELSE 0
              END
            ) AS "rank"
          FROM "t2" AS "t5"
          GROUP BY
            1,
            2,
            3,
            4,
            5,
            6
        ) AS "t10"
      ) AS "t14"
        ON "t13"."subject_id" = "t14"."subject_id"
        AND "t13"."period_key" = "t14"."period_key"
    ) AS "t15"
  ) AS "t16"
) AS "t18"
LEFT OUTER JOIN (
  SELECT
    "t5"."subject_id",
    "t5"."period_key",
    COUNT(DISTINCT "t5"."part") AS "products"
  FROM "t2" AS "t5"
  GROUP BY
    1,
    2
) AS "t8"
  ON "t18"."subject_id" = "t8"."subject_id" AND "t18"."period_key" = "t8"."period_key"
