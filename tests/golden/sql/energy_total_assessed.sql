WITH "t5" AS (
  SELECT
    *
  FROM "deductions" AS "t2"
  WHERE
    "t2"."side" = 'total'
)
SELECT
  "t18"."method_id",
  "t18"."subject_id",
  "t18"."period_key",
  "t18"."period_kind",
  "t18"."period_start",
  "t18"."period_end",
  "t18"."state",
  "t18"."coverage",
  "t18"."rank",
  "t18"."amount" AS "value",
  "t18"."amount" AS "over",
  CAST(NULL AS DECIMAL(38, 6)) AS "under",
  CASE
    WHEN "t18"."amount" IS NULL
    THEN 'energy consumption by carrier 分品种能源消费量'
    ELSE CAST(NULL AS TEXT)
  END AS "needs"
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t14"."method_id",
      "t14"."subject_id",
      "t14"."period_key",
      "t14"."period_kind",
      "t14"."period_start",
      "t14"."period_end",
      "t14"."coverage",
      GREATEST("t14"."rank", "t15"."deducted_rank") AS "rank",
      "t15"."after" AS "amount",
      CASE WHEN "t15"."deducted" = 'ok' THEN "t14"."state" ELSE "t15"."deducted" END AS "state"
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
        CASE
          WHEN NOT (
            "t10"."wanting"
          )
          THEN 'ok'
          WHEN "t10"."amount" IS NOT NULL
          THEN 'partial'
          ELSE "t10"."worst"
        END AS "state"
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
            "t1"."measure" = 'energy' AND "t1"."level" = 'subtree'
        ) AS "t4"
        GROUP BY
          1,
          2,
          3,
          4,
          5,
          6
      ) AS "t10"
    ) AS "t14"
    INNER JOIN (
      SELECT
        "t8"."method_id",
        "t8"."subject_id",
        "t8"."period_key",
        "t8"."after",
        "t8"."state" AS "deducted",
        CASE
          WHEN "t8"."confidence" = 'confirmed'
          THEN 0
          WHEN "t8"."confidence" = 'inferred'
          THEN 1
          WHEN "t8"."confidence" = 'unofficial'
          THEN 2
          WHEN "t8"."confidence" = 'recalled'
          THEN 3
          WHEN "t8"."confidence" = 'synthetic'
          THEN 4
          WHEN "t8"."confidence" = 'candidate'
          THEN 5
          ELSE 0
        END AS "deducted_rank"
      FROM "t5" AS "t8"
      INNER JOIN (
        SELECT
          "t7"."method_id",
          "t7"."subject_id",
          "t7"."period_key",
          MAX("t7"."position") AS "position"
        FROM "t5" AS "t7"
        GROUP BY
          1,
          2,
          3
      ) AS "t11"
        ON "t8"."method_id" = "t11"."method_id"
        AND "t8"."subject_id" = "t11"."subject_id"
        AND "t8"."period_key" = "t11"."period_key"
        AND "t8"."position" = "t11"."position"
    ) AS "t15"
      ON "t14"."method_id" = "t15"."method_id"
      AND "t14"."subject_id" = "t15"."subject_id"
      AND "t14"."period_key" = "t15"."period_key"
  ) AS "t16"
  WHERE
    "t16"."period_kind" = 'year'
) AS "t18"
SEMI JOIN (
  SELECT
    "t0"."subject_id"
  FROM "subjects" AS "t0"
  WHERE
    "t0"."kind" = 'region'
) AS "t6"
  ON "t18"."subject_id" = "t6"."subject_id"
