WITH "t25" AS (
  SELECT
    "t15"."total_key",
    "t15"."method_id",
    "t15"."measure",
    "t15"."subject_id",
    "t15"."period_key",
    "t15"."period_kind",
    "t15"."period_start",
    "t15"."period_end",
    "t15"."part",
    "t15"."level",
    "t15"."amount",
    "t15"."unit",
    "t15"."state",
    "t15"."coverage",
    "t15"."expected",
    "t15"."known",
    "t15"."confidence",
    "t16"."gap"
  FROM (
    SELECT
      *
    FROM "totals" AS "t2"
    WHERE
      "t2"."level" = 'subtree' AND "t2"."period_kind" = 'year'
  ) AS "t15"
  LEFT OUTER JOIN (
    SELECT
      "t3"."method_id",
      "t3"."measure",
      "t3"."subject_id",
      "t3"."period_key",
      1 AS "gap"
    FROM "unknown_sums" AS "t3"
    WHERE
      "t3"."level" = 'subtree' AND "t3"."period_kind" = 'year'
  ) AS "t16"
    ON "t15"."method_id" = "t16"."method_id"
    AND "t15"."measure" = "t16"."measure"
    AND "t15"."subject_id" = "t16"."subject_id"
    AND "t15"."period_key" = "t16"."period_key"
), "t32" AS (
  SELECT
    "t27"."method_id",
    "t27"."subject_id",
    "t27"."period_key",
    "t27"."period_kind",
    "t27"."period_start",
    "t27"."period_end",
    SUM("t27"."amount") AS "gross",
    MAX(
      CASE
        WHEN (
          "t27"."amount" IS NULL
        ) OR (
          "t27"."gap" IS NOT NULL
        )
        THEN 1
        ELSE 0
      END
    ) AS "lacking",
    MAX(
      CASE
        WHEN "t27"."confidence" = 'confirmed'
        THEN 0
        WHEN "t27"."confidence" = 'inferred'
        THEN 1
        WHEN "t27"."confidence" = 'unofficial'
        THEN 2
        WHEN "t27"."confidence" = 'recalled'
        THEN 3
        WHEN "t27"."confidence" = 'synthetic'
        THEN 4
        WHEN "t27"."confidence" = 'candidate'
        THEN 5
        ELSE 0
      END
    ) AS "rank",
    MAX(CASE WHEN "t27"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
  FROM (
    SELECT
      *
    FROM "t25" AS "t26"
    WHERE
      "t26"."measure" = 'energy'
  ) AS "t27"
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    6
)
SELECT
  "t69"."method_id",
  "t69"."subject_id",
  "t69"."period_key",
  "t69"."period_kind",
  "t69"."period_start",
  "t69"."period_end",
  "t69"."side",
  "t69"."position",
  "t69"."step",
  "t69"."taken" AS "amount",
  CASE
    WHEN "t69"."open" = 1
    THEN CAST(NULL AS DECIMAL(38, 6))
    ELSE "t69"."gross" - "t69"."before"
  END AS "after",
  CASE WHEN "t69"."open" = 1 THEN 'deduction_open' ELSE "t69"."state" END AS "state",
  "t69"."parameter",
  CASE
    WHEN "t69"."worst" = 0
    THEN 'confirmed'
    WHEN "t69"."worst" = 1
    THEN 'inferred'
    WHEN "t69"."worst" = 2
    THEN 'unofficial'
    WHEN "t69"."worst" = 3
    THEN 'recalled'
    WHEN "t69"."worst" = 4
    THEN 'synthetic'
    WHEN "t69"."worst" = 5
    THEN 'candidate'
    ELSE 'confirmed'
  END AS "confidence"
FROM (
  SELECT
    "t68"."method_id",
    "t68"."subject_id",
    "t68"."period_key",
    "t68"."period_kind",
    "t68"."period_start",
    "t68"."period_end",
    "t68"."side",
    "t68"."step",
    "t68"."order",
    "t68"."gross",
    "t68"."taken",
    "t68"."state",
    "t68"."parameter",
    "t68"."rank",
    SUM("t68"."taken") OVER (
      PARTITION BY "t68"."method_id", "t68"."subject_id", "t68"."period_key", "t68"."side"
      ORDER BY "t68"."order" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "before",
    MAX("t68"."rank") OVER (
      PARTITION BY "t68"."method_id", "t68"."subject_id", "t68"."period_key", "t68"."side"
      ORDER BY "t68"."order" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "worst",
    MAX(CASE WHEN "t68"."taken" IS NULL THEN 1 ELSE 0 END) OVER (
      PARTITION BY "t68"."method_id", "t68"."subject_id", "t68"."period_key", "t68"."side"
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "open",
    ROW_NUMBER() OVER (
      PARTITION BY "t68"."method_id", "t68"."subject_id", "t68"."period_key", "t68"."side"
      ORDER BY "t68"."order" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) - 1 AS "position"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t37"."method_id",
          "t37"."subject_id",
          "t37"."period_key",
          "t37"."period_kind",
          "t37"."period_start",
          "t37"."period_end",
          'total' AS "side",
          'gross' AS "step",
          0 AS "order",
          "t37"."gross",
          CAST(0.000000 AS DECIMAL(38, 6)) AS "taken",
          CASE WHEN "t37"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
          CAST(NULL AS TEXT) AS "parameter",
          "t37"."rank"
        FROM "t32" AS "t37"
      ) AS "t42"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t37"."method_id",
          "t37"."subject_id",
          "t37"."period_key",
          "t37"."period_kind",
          "t37"."period_start",
          "t37"."period_end",
          'intensity' AS "side",
          'gross' AS "step",
          0 AS "order",
          "t37"."gross",
          CAST(0.000000 AS DECIMAL(38, 6)) AS "taken",
          CASE WHEN "t37"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
          CAST(NULL AS TEXT) AS "parameter",
          "t37"."rank"
        FROM "t32" AS "t37"
      ) AS "t43"
    ) AS "t49"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t63"."method_id",
          "t63"."subject_id",
          "t63"."period_key",
          "t63"."period_kind",
          "t63"."period_start",
          "t63"."period_end",
          "t63"."side",
          "t63"."step",
          "t63"."order",
          "t63"."gross",
          "t63"."taken",
          "t63"."state",
          "t63"."parameter",
          "t63"."rank"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t50"."method_id",
                "t50"."subject_id",
                "t50"."period_key",
                "t50"."period_kind",
                "t50"."period_start",
                "t50"."period_end",
                "t50"."gross",
                "t50"."state",
                "t17"."parameter",
                "t45"."taken",
                'total' AS "side",
                'new_renewable' AS "step",
                1 AS "order",
                GREATEST("t50"."rank", "t45"."part_rank", "t17"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t37"."method_id",
                  "t37"."subject_id",
                  "t37"."period_key",
                  "t37"."period_kind",
                  "t37"."period_start",
                  "t37"."period_end",
                  "t37"."gross",
                  CASE WHEN "t37"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t37"."rank"
                FROM "t32" AS "t37"
              ) AS "t50"
              INNER JOIN (
                SELECT
                  "t33"."method_id",
                  "t33"."subject_id",
                  "t33"."period_key",
                  CASE
                    WHEN "t33"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t33"."gross"
                  END AS "taken",
                  "t33"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t28"."method_id",
                    "t28"."subject_id",
                    "t28"."period_key",
                    "t28"."period_kind",
                    "t28"."period_start",
                    "t28"."period_end",
                    SUM("t28"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t28"."amount" IS NULL
                        ) OR (
                          "t28"."gap" IS NOT NULL
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t28"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t28"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t28"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t28"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t28"."confidence" = 'synthetic'
                        THEN 4
                        WHEN "t28"."confidence" = 'candidate'
                        THEN 5
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t28"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "t25" AS "t26"
                    WHERE
                      "t26"."measure" = 'energy_new_renewable'
                  ) AS "t28"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t33"
              ) AS "t45"
                ON "t50"."method_id" = "t45"."method_id"
                AND "t50"."subject_id" = "t45"."subject_id"
                AND "t50"."period_key" = "t45"."period_key"
              INNER JOIN (
                SELECT
                  "t1"."parameter",
                  "t1"."year" AS "period_key",
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
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t1"
                WHERE
                  "t1"."step" = 'new_renewable' AND "t1"."side" = 'total' AND "t1"."applies" = 1
              ) AS "t17"
                ON "t50"."period_key" = "t17"."period_key"
            ) AS "t51"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t50"."method_id",
                "t50"."subject_id",
                "t50"."period_key",
                "t50"."period_kind",
                "t50"."period_start",
                "t50"."period_end",
                "t50"."gross",
                "t50"."state",
                "t18"."parameter",
                "t46"."taken",
                'total' AS "side",
                'feedstock' AS "step",
                2 AS "order",
                GREATEST("t50"."rank", "t46"."part_rank", "t18"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t37"."method_id",
                  "t37"."subject_id",
                  "t37"."period_key",
                  "t37"."period_kind",
                  "t37"."period_start",
                  "t37"."period_end",
                  "t37"."gross",
                  CASE WHEN "t37"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t37"."rank"
                FROM "t32" AS "t37"
              ) AS "t50"
              INNER JOIN (
                SELECT
                  "t34"."method_id",
                  "t34"."subject_id",
                  "t34"."period_key",
                  CASE
                    WHEN "t34"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t34"."gross"
                  END AS "taken",
                  "t34"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t29"."method_id",
                    "t29"."subject_id",
                    "t29"."period_key",
                    "t29"."period_kind",
                    "t29"."period_start",
                    "t29"."period_end",
                    SUM("t29"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t29"."amount" IS NULL
                        ) OR (
                          "t29"."gap" IS NOT NULL
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t29"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t29"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t29"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t29"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t29"."confidence" = 'synthetic'
                        THEN 4
                        WHEN "t29"."confidence" = 'candidate'
                        THEN 5
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t29"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "t25" AS "t26"
                    WHERE
                      "t26"."measure" = 'energy_feedstock'
                  ) AS "t29"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t34"
              ) AS "t46"
                ON "t50"."method_id" = "t46"."method_id"
                AND "t50"."subject_id" = "t46"."subject_id"
                AND "t50"."period_key" = "t46"."period_key"
              INNER JOIN (
                SELECT
                  "t1"."parameter",
                  "t1"."year" AS "period_key",
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
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t1"
                WHERE
                  "t1"."step" = 'feedstock' AND "t1"."side" = 'total' AND "t1"."applies" = 1
              ) AS "t18"
                ON "t50"."period_key" = "t18"."period_key"
            ) AS "t52"
          ) AS "t59"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t50"."method_id",
                "t50"."subject_id",
                "t50"."period_key",
                "t50"."period_kind",
                "t50"."period_start",
                "t50"."period_end",
                "t50"."gross",
                "t50"."state",
                "t19"."parameter",
                "t47"."taken",
                'total' AS "side",
                'major_project' AS "step",
                3 AS "order",
                GREATEST("t50"."rank", "t47"."part_rank", "t19"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t37"."method_id",
                  "t37"."subject_id",
                  "t37"."period_key",
                  "t37"."period_kind",
                  "t37"."period_start",
                  "t37"."period_end",
                  "t37"."gross",
                  CASE WHEN "t37"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t37"."rank"
                FROM "t32" AS "t37"
              ) AS "t50"
              INNER JOIN (
                SELECT
                  "t35"."method_id",
                  "t35"."subject_id",
                  "t35"."period_key",
                  CASE
                    WHEN "t35"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t35"."gross"
                  END AS "taken",
                  "t35"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t30"."method_id",
                    "t30"."subject_id",
                    "t30"."period_key",
                    "t30"."period_kind",
                    "t30"."period_start",
                    "t30"."period_end",
                    SUM("t30"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t30"."amount" IS NULL
                        ) OR (
                          "t30"."gap" IS NOT NULL
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t30"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t30"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t30"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t30"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t30"."confidence" = 'synthetic'
                        THEN 4
                        WHEN "t30"."confidence" = 'candidate'
                        THEN 5
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t30"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "t25" AS "t26"
                    WHERE
                      "t26"."measure" = 'energy_major_project'
                  ) AS "t30"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t35"
              ) AS "t47"
                ON "t50"."method_id" = "t47"."method_id"
                AND "t50"."subject_id" = "t47"."subject_id"
                AND "t50"."period_key" = "t47"."period_key"
              INNER JOIN (
                SELECT
                  "t1"."parameter",
                  "t1"."year" AS "period_key",
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
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t1"
                WHERE
                  "t1"."step" = 'major_project' AND "t1"."side" = 'total' AND "t1"."applies" = 1
              ) AS "t19"
                ON "t50"."period_key" = "t19"."period_key"
            ) AS "t53"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t50"."method_id",
                "t50"."subject_id",
                "t50"."period_key",
                "t50"."period_kind",
                "t50"."period_start",
                "t50"."period_end",
                "t50"."gross",
                "t50"."state",
                "t20"."parameter",
                CASE
                  WHEN "t48"."taken" IS NULL
                  THEN CAST(NULL AS DECIMAL(38, 6))
                  ELSE LEAST("t48"."taken", COALESCE("t4"."cap", CAST(0.000000 AS DECIMAL(38, 6))))
                END AS "taken",
                'total' AS "side",
                'certificate' AS "step",
                4 AS "order",
                GREATEST("t50"."rank", "t48"."part_rank", "t20"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t37"."method_id",
                  "t37"."subject_id",
                  "t37"."period_key",
                  "t37"."period_kind",
                  "t37"."period_start",
                  "t37"."period_end",
                  "t37"."gross",
                  CASE WHEN "t37"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t37"."rank"
                FROM "t32" AS "t37"
              ) AS "t50"
              INNER JOIN (
                SELECT
                  "t36"."method_id",
                  "t36"."subject_id",
                  "t36"."period_key",
                  CASE
                    WHEN "t36"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t36"."gross"
                  END AS "taken",
                  "t36"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t31"."method_id",
                    "t31"."subject_id",
                    "t31"."period_key",
                    "t31"."period_kind",
                    "t31"."period_start",
                    "t31"."period_end",
                    SUM("t31"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t31"."amount" IS NULL
                        ) OR (
                          "t31"."gap" IS NOT NULL
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t31"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t31"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t31"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t31"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t31"."confidence" = 'synthetic'
                        THEN 4
                        WHEN "t31"."confidence" = 'candidate'
                        THEN 5
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t31"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "t25" AS "t26"
                    WHERE
                      "t26"."measure" = 'energy_certificate'
                  ) AS "t31"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t36"
              ) AS "t48"
                ON "t50"."method_id" = "t48"."method_id"
                AND "t50"."subject_id" = "t48"."subject_id"
                AND "t50"."period_key" = "t48"."period_key"
              INNER JOIN (
                SELECT
                  "t1"."parameter",
                  "t1"."year" AS "period_key",
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
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t1"
                WHERE
                  "t1"."step" = 'certificate' AND "t1"."side" = 'total' AND "t1"."applies" = 1
              ) AS "t20"
                ON "t50"."period_key" = "t20"."period_key"
              LEFT OUTER JOIN "certificate_caps" AS "t4"
                ON "t50"."method_id" = "t4"."method_id"
                AND "t50"."subject_id" = "t4"."subject_id"
                AND "t50"."period_key" = "t4"."period_key"
            ) AS "t54"
          ) AS "t60"
        ) AS "t63"
      ) AS "t65"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t64"."method_id",
          "t64"."subject_id",
          "t64"."period_key",
          "t64"."period_kind",
          "t64"."period_start",
          "t64"."period_end",
          "t64"."side",
          "t64"."step",
          "t64"."order",
          "t64"."gross",
          "t64"."taken",
          "t64"."state",
          "t64"."parameter",
          "t64"."rank"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t50"."method_id",
                "t50"."subject_id",
                "t50"."period_key",
                "t50"."period_kind",
                "t50"."period_start",
                "t50"."period_end",
                "t50"."gross",
                "t50"."state",
                "t21"."parameter",
                "t45"."taken",
                'intensity' AS "side",
                'new_renewable' AS "step",
                1 AS "order",
                GREATEST("t50"."rank", "t45"."part_rank", "t21"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t37"."method_id",
                  "t37"."subject_id",
                  "t37"."period_key",
                  "t37"."period_kind",
                  "t37"."period_start",
                  "t37"."period_end",
                  "t37"."gross",
                  CASE WHEN "t37"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t37"."rank"
                FROM "t32" AS "t37"
              ) AS "t50"
              INNER JOIN (
                SELECT
                  "t33"."method_id",
                  "t33"."subject_id",
                  "t33"."period_key",
                  CASE
                    WHEN "t33"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t33"."gross"
                  END AS "taken",
                  "t33"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t28"."method_id",
                    "t28"."subject_id",
                    "t28"."period_key",
                    "t28"."period_kind",
                    "t28"."period_start",
                    "t28"."period_end",
                    SUM("t28"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t28"."amount" IS NULL
                        ) OR (
                          "t28"."gap" IS NOT NULL
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t28"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t28"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t28"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t28"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t28"."confidence" = 'synthetic'
                        THEN 4
                        WHEN "t28"."confidence" = 'candidate'
                        THEN 5
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t28"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "t25" AS "t26"
                    WHERE
                      "t26"."measure" = 'energy_new_renewable'
                  ) AS "t28"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t33"
              ) AS "t45"
                ON "t50"."method_id" = "t45"."method_id"
                AND "t50"."subject_id" = "t45"."subject_id"
                AND "t50"."period_key" = "t45"."period_key"
              INNER JOIN (
                SELECT
                  "t1"."parameter",
                  "t1"."year" AS "period_key",
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
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t1"
                WHERE
                  "t1"."step" = 'new_renewable' AND "t1"."side" = 'intensity' AND "t1"."applies" = 1
              ) AS "t21"
                ON "t50"."period_key" = "t21"."period_key"
            ) AS "t55"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t50"."method_id",
                "t50"."subject_id",
                "t50"."period_key",
                "t50"."period_kind",
                "t50"."period_start",
                "t50"."period_end",
                "t50"."gross",
                "t50"."state",
                "t22"."parameter",
                "t46"."taken",
                'intensity' AS "side",
                'feedstock' AS "step",
                2 AS "order",
                GREATEST("t50"."rank", "t46"."part_rank", "t22"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t37"."method_id",
                  "t37"."subject_id",
                  "t37"."period_key",
                  "t37"."period_kind",
                  "t37"."period_start",
                  "t37"."period_end",
                  "t37"."gross",
                  CASE WHEN "t37"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t37"."rank"
                FROM "t32" AS "t37"
              ) AS "t50"
              INNER JOIN (
                SELECT
                  "t34"."method_id",
                  "t34"."subject_id",
                  "t34"."period_key",
                  CASE
                    WHEN "t34"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t34"."gross"
                  END AS "taken",
                  "t34"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t29"."method_id",
                    "t29"."subject_id",
                    "t29"."period_key",
                    "t29"."period_kind",
                    "t29"."period_start",
                    "t29"."period_end",
                    SUM("t29"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t29"."amount" IS NULL
                        ) OR (
                          "t29"."gap" IS NOT NULL
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t29"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t29"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t29"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t29"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t29"."confidence" = 'synthetic'
                        THEN 4
                        WHEN "t29"."confidence" = 'candidate'
                        THEN 5
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t29"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "t25" AS "t26"
                    WHERE
                      "t26"."measure" = 'energy_feedstock'
                  ) AS "t29"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t34"
              ) AS "t46"
                ON "t50"."method_id" = "t46"."method_id"
                AND "t50"."subject_id" = "t46"."subject_id"
                AND "t50"."period_key" = "t46"."period_key"
              INNER JOIN (
                SELECT
                  "t1"."parameter",
                  "t1"."year" AS "period_key",
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
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t1"
                WHERE
                  "t1"."step" = 'feedstock' AND "t1"."side" = 'intensity' AND "t1"."applies" = 1
              ) AS "t22"
                ON "t50"."period_key" = "t22"."period_key"
            ) AS "t56"
          ) AS "t61"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t50"."method_id",
                "t50"."subject_id",
                "t50"."period_key",
                "t50"."period_kind",
                "t50"."period_start",
                "t50"."period_end",
                "t50"."gross",
                "t50"."state",
                "t23"."parameter",
                "t47"."taken",
                'intensity' AS "side",
                'major_project' AS "step",
                3 AS "order",
                GREATEST("t50"."rank", "t47"."part_rank", "t23"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t37"."method_id",
                  "t37"."subject_id",
                  "t37"."period_key",
                  "t37"."period_kind",
                  "t37"."period_start",
                  "t37"."period_end",
                  "t37"."gross",
                  CASE WHEN "t37"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t37"."rank"
                FROM "t32" AS "t37"
              ) AS "t50"
              INNER JOIN (
                SELECT
                  "t35"."method_id",
                  "t35"."subject_id",
                  "t35"."period_key",
                  CASE
                    WHEN "t35"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t35"."gross"
                  END AS "taken",
                  "t35"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t30"."method_id",
                    "t30"."subject_id",
                    "t30"."period_key",
                    "t30"."period_kind",
                    "t30"."period_start",
                    "t30"."period_end",
                    SUM("t30"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t30"."amount" IS NULL
                        ) OR (
                          "t30"."gap" IS NOT NULL
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t30"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t30"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t30"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t30"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t30"."confidence" = 'synthetic'
                        THEN 4
                        WHEN "t30"."confidence" = 'candidate'
                        THEN 5
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t30"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "t25" AS "t26"
                    WHERE
                      "t26"."measure" = 'energy_major_project'
                  ) AS "t30"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t35"
              ) AS "t47"
                ON "t50"."method_id" = "t47"."method_id"
                AND "t50"."subject_id" = "t47"."subject_id"
                AND "t50"."period_key" = "t47"."period_key"
              INNER JOIN (
                SELECT
                  "t1"."parameter",
                  "t1"."year" AS "period_key",
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
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t1"
                WHERE
                  "t1"."step" = 'major_project' AND "t1"."side" = 'intensity' AND "t1"."applies" = 1
              ) AS "t23"
                ON "t50"."period_key" = "t23"."period_key"
            ) AS "t57"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t50"."method_id",
                "t50"."subject_id",
                "t50"."period_key",
                "t50"."period_kind",
                "t50"."period_start",
                "t50"."period_end",
                "t50"."gross",
                "t50"."state",
                "t24"."parameter",
                CASE
                  WHEN "t48"."taken" IS NULL
                  THEN CAST(NULL AS DECIMAL(38, 6))
                  ELSE LEAST("t48"."taken", COALESCE("t4"."cap", CAST(0.000000 AS DECIMAL(38, 6))))
                END AS "taken",
                'intensity' AS "side",
                'certificate' AS "step",
                4 AS "order",
                GREATEST("t50"."rank", "t48"."part_rank", "t24"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t37"."method_id",
                  "t37"."subject_id",
                  "t37"."period_key",
                  "t37"."period_kind",
                  "t37"."period_start",
                  "t37"."period_end",
                  "t37"."gross",
                  CASE WHEN "t37"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t37"."rank"
                FROM "t32" AS "t37"
              ) AS "t50"
              INNER JOIN (
                SELECT
                  "t36"."method_id",
                  "t36"."subject_id",
                  "t36"."period_key",
                  CASE
                    WHEN "t36"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t36"."gross"
                  END AS "taken",
                  "t36"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t31"."method_id",
                    "t31"."subject_id",
                    "t31"."period_key",
                    "t31"."period_kind",
                    "t31"."period_start",
                    "t31"."period_end",
                    SUM("t31"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t31"."amount" IS NULL
                        ) OR (
                          "t31"."gap" IS NOT NULL
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t31"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t31"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t31"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t31"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t31"."confidence" = 'synthetic'
                        THEN 4
                        WHEN "t31"."confidence" = 'candidate'
                        THEN 5
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t31"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "t25" AS "t26"
                    WHERE
                      "t26"."measure" = 'energy_certificate'
                  ) AS "t31"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t36"
              ) AS "t48"
                ON "t50"."method_id" = "t48"."method_id"
                AND "t50"."subject_id" = "t48"."subject_id"
                AND "t50"."period_key" = "t48"."period_key"
              INNER JOIN (
                SELECT
                  "t1"."parameter",
                  "t1"."year" AS "period_key",
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
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t1"
                WHERE
                  "t1"."step" = 'certificate' AND "t1"."side" = 'intensity' AND "t1"."applies" = 1
              ) AS "t24"
                ON "t50"."period_key" = "t24"."period_key"
              LEFT OUTER JOIN "certificate_caps" AS "t4"
                ON "t50"."method_id" = "t4"."method_id"
                AND "t50"."subject_id" = "t4"."subject_id"
                AND "t50"."period_key" = "t4"."period_key"
            ) AS "t58"
          ) AS "t62"
        ) AS "t64"
      ) AS "t66"
    ) AS "t67"
  ) AS "t68"
) AS "t69"
