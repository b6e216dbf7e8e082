WITH "t6" AS (
  SELECT
    *
  FROM "deductions" AS "t2"
  WHERE
    "t2"."side" = 'intensity'
)
SELECT
  "t24"."method_id",
  "t24"."subject_id",
  "t24"."period_key",
  "t24"."period_kind",
  "t24"."period_start",
  "t24"."period_end",
  EXACT_RATIO("t24"."amount" * CAST(10000.000000 AS DECIMAL(38, 6)), "t24"."below") AS "value",
  "t24"."amount" AS "over",
  "t24"."below" AS "under",
  CASE
    WHEN "t24"."amount" IS NULL
    THEN "t24"."state"
    WHEN "t24"."below" IS NULL
    THEN 'no_denominator'
    WHEN (
      "t24"."state" = 'ok'
    ) AND (
      "t24"."below_state" = 'ok'
    )
    THEN 'ok'
    ELSE 'partial'
  END AS "state",
  CASE
    WHEN "t24"."amount" IS NULL
    THEN 'energy consumption by carrier 分品种能源消费量'
    WHEN "t24"."below" IS NULL
    THEN 'GDP at constant prices of a stated base year 不变价地区生产总值'
    ELSE CAST(NULL AS TEXT)
  END AS "needs",
  CASE
    WHEN "t24"."below_cover" IS NULL
    THEN CAST(0.000000 AS DECIMAL(38, 6))
    ELSE LEAST("t24"."coverage", "t24"."below_cover")
  END AS "coverage",
  GREATEST("t24"."rank", COALESCE("t24"."below_rank", 0)) AS "rank"
FROM (
  SELECT
    CASE
      WHEN COALESCE("t23"."under_method", '') = ''
      THEN "t23"."method_id"
      ELSE "t23"."method_id" || '/' || COALESCE("t23"."under_method", '')
    END AS "method_id",
    "t23"."subject_id",
    "t23"."period_key",
    "t23"."period_kind",
    "t23"."period_start",
    "t23"."period_end",
    "t23"."coverage",
    "t23"."rank",
    "t23"."amount",
    "t23"."state",
    "t23"."below",
    "t23"."below_state",
    "t23"."below_cover",
    "t23"."below_rank",
    "t23"."under_method"
  FROM (
    SELECT
      "t22"."method_id",
      "t22"."subject_id",
      "t22"."period_key",
      "t22"."period_kind",
      "t22"."period_start",
      "t22"."period_end",
      "t22"."coverage",
      "t22"."rank",
      "t22"."amount",
      "t22"."state",
      "t17"."below",
      "t17"."below_state",
      "t17"."below_cover",
      "t17"."below_rank",
      "t17"."under_method"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t18"."method_id",
          "t18"."subject_id",
          "t18"."period_key",
          "t18"."period_kind",
          "t18"."period_start",
          "t18"."period_end",
          "t18"."coverage",
          GREATEST("t18"."rank", "t19"."deducted_rank") AS "rank",
          "t19"."after" AS "amount",
          CASE WHEN "t19"."deducted" = 'ok' THEN "t18"."state" ELSE "t19"."deducted" END AS "state"
        FROM (
          SELECT
            "t12"."method_id",
            "t12"."subject_id",
            "t12"."period_key",
            "t12"."period_kind",
            "t12"."period_start",
            "t12"."period_end",
            "t12"."amount",
            "t12"."coverage",
            "t12"."rank",
            CASE
              WHEN NOT (
                "t12"."wanting"
              )
              THEN 'ok'
              WHEN "t12"."amount" IS NOT NULL
              THEN 'partial'
              ELSE "t12"."worst"
            END AS "state"
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
            FROM (
              SELECT
                *
              FROM "totals" AS "t1"
              WHERE
                "t1"."measure" = 'energy' AND "t1"."level" = 'subtree'
            ) AS "t5"
            GROUP BY
              1,
              2,
              3,
              4,
              5,
              6
          ) AS "t12"
        ) AS "t18"
        INNER JOIN (
          SELECT
            "t9"."method_id",
            "t9"."subject_id",
            "t9"."period_key",
            "t9"."after",
            "t9"."state" AS "deducted",
            CASE
              WHEN "t9"."confidence" = 'confirmed'
              THEN 0
              WHEN "t9"."confidence" = 'inferred'
              THEN 1
              WHEN "t9"."confidence" = 'unofficial'
              THEN 2
              WHEN "t9"."confidence" = 'recalled'
              THEN 3
              WHEN "t9"."confidence" = 'synthetic'
              THEN 4
              WHEN "t9"."confidence" = 'candidate'
              THEN 5
              ELSE 0
            END AS "deducted_rank"
          FROM "t6" AS "t9"
          INNER JOIN (
            SELECT
              "t8"."method_id",
              "t8"."subject_id",
              "t8"."period_key",
              MAX("t8"."position") AS "position"
            FROM "t6" AS "t8"
            GROUP BY
              1,
              2,
              3
          ) AS "t13"
            ON "t9"."method_id" = "t13"."method_id"
            AND "t9"."subject_id" = "t13"."subject_id"
            AND "t9"."period_key" = "t13"."period_key"
            AND "t9"."position" = "t13"."position"
        ) AS "t19"
          ON "t18"."method_id" = "t19"."method_id"
          AND "t18"."subject_id" = "t19"."subject_id"
          AND "t18"."period_key" = "t19"."period_key"
      ) AS "t20"
      WHERE
        "t20"."period_kind" = 'year'
    ) AS "t22"
    SEMI JOIN (
      SELECT
        "t0"."subject_id"
      FROM "subjects" AS "t0"
      WHERE
        "t0"."kind" = 'region'
    ) AS "t7"
      ON "t22"."subject_id" = "t7"."subject_id"
    LEFT OUTER JOIN (
      SELECT
        "t11"."subject_id",
        "t11"."period_key",
        "t11"."amount" AS "below",
        CASE
          WHEN NOT (
            "t11"."wanting"
          )
          THEN 'ok'
          WHEN "t11"."amount" IS NOT NULL
          THEN 'partial'
          ELSE "t11"."worst"
        END AS "below_state",
        "t11"."coverage" AS "below_cover",
        "t11"."rank" AS "below_rank",
        "t11"."method_id" AS "under_method"
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
      ) AS "t11"
    ) AS "t17"
      ON "t22"."subject_id" = "t17"."subject_id"
      AND "t22"."period_key" = "t17"."period_key"
  ) AS "t23"
) AS "t24"
