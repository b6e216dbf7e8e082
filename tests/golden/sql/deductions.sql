WITH "t26" AS (
  SELECT
    "t16"."total_key",
    "t16"."method_id",
    "t16"."measure",
    "t16"."subject_id",
    "t16"."period_key",
    "t16"."period_kind",
    "t16"."period_start",
    "t16"."period_end",
    "t16"."part",
    "t16"."level",
    "t16"."amount",
    "t16"."unit",
    "t16"."state",
    "t16"."coverage",
    "t16"."expected",
    "t16"."known",
    "t16"."confidence",
    "t17"."gap"
  FROM (
    SELECT
      *
    FROM "totals" AS "t2"
    WHERE
      "t2"."level" = 'subtree' AND "t2"."period_kind" = 'year'
  ) AS "t16"
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
  ) AS "t17"
    ON "t16"."method_id" = "t17"."method_id"
    AND "t16"."measure" = "t17"."measure"
    AND "t16"."subject_id" = "t17"."subject_id"
    AND "t16"."period_key" = "t17"."period_key"
), "t33" AS (
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
    FROM "t26" AS "t27"
    WHERE
      "t27"."measure" = 'energy'
  ) AS "t28"
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    6
)
SELECT
  "t70"."method_id",
  "t70"."subject_id",
  "t70"."period_key",
  "t70"."period_kind",
  "t70"."period_start",
  "t70"."period_end",
  "t70"."side",
  "t70"."position",
  "t70"."step",
  "t70"."taken" AS "amount",
  CASE
    WHEN "t70"."open" = 1
    THEN CAST(NULL AS DECIMAL(38, 6))
    ELSE "t70"."gross" - "t70"."before"
  END AS "after",
  CASE WHEN "t70"."open" = 1 THEN 'deduction_open' ELSE "t70"."state" END AS "state",
  "t70"."parameter",
  CASE
    WHEN "t70"."worst" = 0
    THEN 'confirmed'
    WHEN "t70"."worst" = 1
    THEN 'inferred'
    WHEN "t70"."worst" = 2
    THEN 'unofficial'
    WHEN "t70"."worst" = 3
    THEN 'recalled'
    WHEN "t70"."worst" = 4
    THEN 'synthetic'
    WHEN "t70"."worst" = 5
    THEN 'candidate'
    ELSE 'confirmed'
  END AS "confidence"
FROM (
  SELECT
    "t69"."method_id",
    "t69"."subject_id",
    "t69"."period_key",
    "t69"."period_kind",
    "t69"."period_start",
    "t69"."period_end",
    "t69"."side",
    "t69"."step",
    "t69"."order",
    "t69"."gross",
    "t69"."taken",
    "t69"."state",
    "t69"."parameter",
    "t69"."rank",
    SUM("t69"."taken") OVER (
      PARTITION BY "t69"."method_id", "t69"."subject_id", "t69"."period_key", "t69"."side"
      ORDER BY "t69"."order" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "before",
    MAX("t69"."rank") OVER (
      PARTITION BY "t69"."method_id", "t69"."subject_id", "t69"."period_key", "t69"."side"
      ORDER BY "t69"."order" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "worst",
    MAX(CASE WHEN "t69"."taken" IS NULL THEN 1 ELSE 0 END) OVER (
      PARTITION BY "t69"."method_id", "t69"."subject_id", "t69"."period_key", "t69"."side"
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "open",
    ROW_NUMBER() OVER (
      PARTITION BY "t69"."method_id", "t69"."subject_id", "t69"."period_key", "t69"."side"
      ORDER BY "t69"."order" ASC
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
          "t38"."method_id",
          "t38"."subject_id",
          "t38"."period_key",
          "t38"."period_kind",
          "t38"."period_start",
          "t38"."period_end",
          'total' AS "side",
          'gross' AS "step",
          0 AS "order",
          "t38"."gross",
          CAST(0.000000 AS DECIMAL(38, 6)) AS "taken",
          CASE WHEN "t38"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
          CAST(NULL AS TEXT) AS "parameter",
          "t38"."rank"
        FROM "t33" AS "t38"
      ) AS "t43"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t38"."method_id",
          "t38"."subject_id",
          "t38"."period_key",
          "t38"."period_kind",
          "t38"."period_start",
          "t38"."period_end",
          'intensity' AS "side",
          'gross' AS "step",
          0 AS "order",
          "t38"."gross",
          CAST(0.000000 AS DECIMAL(38, 6)) AS "taken",
          CASE WHEN "t38"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
          CAST(NULL AS TEXT) AS "parameter",
          "t38"."rank"
        FROM "t33" AS "t38"
      ) AS "t44"
    ) AS "t50"
    UNION ALL
    SELECT
      *
    FROM (
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
                "t51"."method_id",
                "t51"."subject_id",
                "t51"."period_key",
                "t51"."period_kind",
                "t51"."period_start",
                "t51"."period_end",
                "t51"."gross",
                "t51"."state",
                "t18"."parameter",
                "t46"."taken",
                'total' AS "side",
                'new_renewable' AS "step",
                1 AS "order",
                GREATEST("t51"."rank", "t46"."part_rank", "t18"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t38"."method_id",
                  "t38"."subject_id",
                  "t38"."period_key",
                  "t38"."period_kind",
                  "t38"."period_start",
                  "t38"."period_end",
                  "t38"."gross",
                  CASE WHEN "t38"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t38"."rank"
                FROM "t33" AS "t38"
              ) AS "t51"
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
                    FROM "t26" AS "t27"
                    WHERE
                      "t27"."measure" = 'energy_new_renewable'
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
                ON "t51"."method_id" = "t46"."method_id"
                AND "t51"."subject_id" = "t46"."subject_id"
                AND "t51"."period_key" = "t46"."period_key"
              INNER JOIN (
                SELECT
                  "t0"."parameter",
                  "t0"."year" AS "period_key",
                  CASE
                    WHEN "t0"."confidence" = 'confirmed'
                    THEN 0
                    WHEN "t0"."confidence" = 'inferred'
                    THEN 1
                    WHEN "t0"."confidence" = 'unofficial'
                    THEN 2
                    WHEN "t0"."confidence" = 'recalled'
                    THEN 3
                    WHEN "t0"."confidence" = 'synthetic'
                    THEN 4
                    WHEN "t0"."confidence" = 'candidate'
                    THEN 5
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t0"
                WHERE
                  "t0"."step" = 'new_renewable' AND "t0"."side" = 'total' AND "t0"."applies" = 1
              ) AS "t18"
                ON "t51"."period_key" = "t18"."period_key"
            ) AS "t52"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t51"."method_id",
                "t51"."subject_id",
                "t51"."period_key",
                "t51"."period_kind",
                "t51"."period_start",
                "t51"."period_end",
                "t51"."gross",
                "t51"."state",
                "t19"."parameter",
                "t47"."taken",
                'total' AS "side",
                'feedstock' AS "step",
                2 AS "order",
                GREATEST("t51"."rank", "t47"."part_rank", "t19"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t38"."method_id",
                  "t38"."subject_id",
                  "t38"."period_key",
                  "t38"."period_kind",
                  "t38"."period_start",
                  "t38"."period_end",
                  "t38"."gross",
                  CASE WHEN "t38"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t38"."rank"
                FROM "t33" AS "t38"
              ) AS "t51"
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
                    FROM "t26" AS "t27"
                    WHERE
                      "t27"."measure" = 'energy_feedstock'
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
                ON "t51"."method_id" = "t47"."method_id"
                AND "t51"."subject_id" = "t47"."subject_id"
                AND "t51"."period_key" = "t47"."period_key"
              INNER JOIN (
                SELECT
                  "t0"."parameter",
                  "t0"."year" AS "period_key",
                  CASE
                    WHEN "t0"."confidence" = 'confirmed'
                    THEN 0
                    WHEN "t0"."confidence" = 'inferred'
                    THEN 1
                    WHEN "t0"."confidence" = 'unofficial'
                    THEN 2
                    WHEN "t0"."confidence" = 'recalled'
                    THEN 3
                    WHEN "t0"."confidence" = 'synthetic'
                    THEN 4
                    WHEN "t0"."confidence" = 'candidate'
                    THEN 5
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t0"
                WHERE
                  "t0"."step" = 'feedstock' AND "t0"."side" = 'total' AND "t0"."applies" = 1
              ) AS "t19"
                ON "t51"."period_key" = "t19"."period_key"
            ) AS "t53"
          ) AS "t58"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t51"."method_id",
                "t51"."subject_id",
                "t51"."period_key",
                "t51"."period_kind",
                "t51"."period_start",
                "t51"."period_end",
                "t51"."gross",
                "t51"."state",
                "t20"."parameter",
                "t48"."taken",
                'total' AS "side",
                'major_project' AS "step",
                3 AS "order",
                GREATEST("t51"."rank", "t48"."part_rank", "t20"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t38"."method_id",
                  "t38"."subject_id",
                  "t38"."period_key",
                  "t38"."period_kind",
                  "t38"."period_start",
                  "t38"."period_end",
                  "t38"."gross",
                  CASE WHEN "t38"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t38"."rank"
                FROM "t33" AS "t38"
              ) AS "t51"
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
                    FROM "t26" AS "t27"
                    WHERE
                      "t27"."measure" = 'energy_major_project'
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
                ON "t51"."method_id" = "t48"."method_id"
                AND "t51"."subject_id" = "t48"."subject_id"
                AND "t51"."period_key" = "t48"."period_key"
              INNER JOIN (
                SELECT
                  "t0"."parameter",
                  "t0"."year" AS "period_key",
                  CASE
                    WHEN "t0"."confidence" = 'confirmed'
                    THEN 0
                    WHEN "t0"."confidence" = 'inferred'
                    THEN 1
                    WHEN "t0"."confidence" = 'unofficial'
                    THEN 2
                    WHEN "t0"."confidence" = 'recalled'
                    THEN 3
                    WHEN "t0"."confidence" = 'synthetic'
                    THEN 4
                    WHEN "t0"."confidence" = 'candidate'
                    THEN 5
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t0"
                WHERE
                  "t0"."step" = 'major_project' AND "t0"."side" = 'total' AND "t0"."applies" = 1
              ) AS "t20"
                ON "t51"."period_key" = "t20"."period_key"
            ) AS "t54"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t51"."method_id",
                "t51"."subject_id",
                "t51"."period_key",
                "t51"."period_kind",
                "t51"."period_start",
                "t51"."period_end",
                "t51"."gross",
                "t51"."state",
                "t21"."parameter",
                CASE
                  WHEN (
                    "t49"."taken" IS NULL
                  )
                  OR (
                    (
                      "t5"."bound" IS NOT NULL
                    )
                    AND (
                      "t5"."cap" IS NULL
                    )
                    AND (
                      "t49"."taken" <> CAST(0.000000 AS DECIMAL(38, 6))
                    )
                  )
                  THEN CAST(NULL AS DECIMAL(38, 6))
                  ELSE LEAST("t49"."taken", COALESCE("t5"."cap", CAST(0.000000 AS DECIMAL(38, 6))))
                END AS "taken",
                'total' AS "side",
                'certificate' AS "step",
                4 AS "order",
                GREATEST("t51"."rank", "t49"."part_rank", "t21"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t38"."method_id",
                  "t38"."subject_id",
                  "t38"."period_key",
                  "t38"."period_kind",
                  "t38"."period_start",
                  "t38"."period_end",
                  "t38"."gross",
                  CASE WHEN "t38"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t38"."rank"
                FROM "t33" AS "t38"
              ) AS "t51"
              INNER JOIN (
                SELECT
                  "t37"."method_id",
                  "t37"."subject_id",
                  "t37"."period_key",
                  CASE
                    WHEN "t37"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t37"."gross"
                  END AS "taken",
                  "t37"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t32"."method_id",
                    "t32"."subject_id",
                    "t32"."period_key",
                    "t32"."period_kind",
                    "t32"."period_start",
                    "t32"."period_end",
                    SUM("t32"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t32"."amount" IS NULL
                        ) OR (
                          "t32"."gap" IS NOT NULL
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t32"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t32"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t32"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t32"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t32"."confidence" = 'synthetic'
                        THEN 4
                        WHEN "t32"."confidence" = 'candidate'
                        THEN 5
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t32"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "t26" AS "t27"
                    WHERE
                      "t27"."measure" = 'energy_certificate'
                  ) AS "t32"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t37"
              ) AS "t49"
                ON "t51"."method_id" = "t49"."method_id"
                AND "t51"."subject_id" = "t49"."subject_id"
                AND "t51"."period_key" = "t49"."period_key"
              INNER JOIN (
                SELECT
                  "t0"."parameter",
                  "t0"."year" AS "period_key",
                  CASE
                    WHEN "t0"."confidence" = 'confirmed'
                    THEN 0
                    WHEN "t0"."confidence" = 'inferred'
                    THEN 1
                    WHEN "t0"."confidence" = 'unofficial'
                    THEN 2
                    WHEN "t0"."confidence" = 'recalled'
                    THEN 3
                    WHEN "t0"."confidence" = 'synthetic'
                    THEN 4
                    WHEN "t0"."confidence" = 'candidate'
                    THEN 5
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t0"
                WHERE
                  "t0"."step" = 'certificate' AND "t0"."side" = 'total' AND "t0"."applies" = 1
              ) AS "t21"
                ON "t51"."period_key" = "t21"."period_key"
              LEFT OUTER JOIN (
                SELECT
                  "t1"."method_id",
                  "t1"."subject_id",
                  "t1"."period_key",
                  "t1"."cap",
                  1 AS "bound"
                FROM "certificate_caps" AS "t1"
              ) AS "t5"
                ON "t51"."method_id" = "t5"."method_id"
                AND "t51"."subject_id" = "t5"."subject_id"
                AND "t51"."period_key" = "t5"."period_key"
            ) AS "t60"
          ) AS "t62"
        ) AS "t64"
      ) AS "t66"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t65"."method_id",
          "t65"."subject_id",
          "t65"."period_key",
          "t65"."period_kind",
          "t65"."period_start",
          "t65"."period_end",
          "t65"."side",
          "t65"."step",
          "t65"."order",
          "t65"."gross",
          "t65"."taken",
          "t65"."state",
          "t65"."parameter",
          "t65"."rank"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t51"."method_id",
                "t51"."subject_id",
                "t51"."period_key",
                "t51"."period_kind",
                "t51"."period_start",
                "t51"."period_end",
                "t51"."gross",
                "t51"."state",
                "t22"."parameter",
                "t46"."taken",
                'intensity' AS "side",
                'new_renewable' AS "step",
                1 AS "order",
                GREATEST("t51"."rank", "t46"."part_rank", "t22"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t38"."method_id",
                  "t38"."subject_id",
                  "t38"."period_key",
                  "t38"."period_kind",
                  "t38"."period_start",
                  "t38"."period_end",
                  "t38"."gross",
                  CASE WHEN "t38"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t38"."rank"
                FROM "t33" AS "t38"
              ) AS "t51"
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
                    FROM "t26" AS "t27"
                    WHERE
                      "t27"."measure" = 'energy_new_renewable'
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
                ON "t51"."method_id" = "t46"."method_id"
                AND "t51"."subject_id" = "t46"."subject_id"
                AND "t51"."period_key" = "t46"."period_key"
              INNER JOIN (
                SELECT
                  "t0"."parameter",
                  "t0"."year" AS "period_key",
                  CASE
                    WHEN "t0"."confidence" = 'confirmed'
                    THEN 0
                    WHEN "t0"."confidence" = 'inferred'
                    THEN 1
                    WHEN "t0"."confidence" = 'unofficial'
                    THEN 2
                    WHEN "t0"."confidence" = 'recalled'
                    THEN 3
                    WHEN "t0"."confidence" = 'synthetic'
                    THEN 4
                    WHEN "t0"."confidence" = 'candidate'
                    THEN 5
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t0"
                WHERE
                  "t0"."step" = 'new_renewable' AND "t0"."side" = 'intensity' AND "t0"."applies" = 1
              ) AS "t22"
                ON "t51"."period_key" = "t22"."period_key"
            ) AS "t55"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t51"."method_id",
                "t51"."subject_id",
                "t51"."period_key",
                "t51"."period_kind",
                "t51"."period_start",
                "t51"."period_end",
                "t51"."gross",
                "t51"."state",
                "t23"."parameter",
                "t47"."taken",
                'intensity' AS "side",
                'feedstock' AS "step",
                2 AS "order",
                GREATEST("t51"."rank", "t47"."part_rank", "t23"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t38"."method_id",
                  "t38"."subject_id",
                  "t38"."period_key",
                  "t38"."period_kind",
                  "t38"."period_start",
                  "t38"."period_end",
                  "t38"."gross",
                  CASE WHEN "t38"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t38"."rank"
                FROM "t33" AS "t38"
              ) AS "t51"
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
                    FROM "t26" AS "t27"
                    WHERE
                      "t27"."measure" = 'energy_feedstock'
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
                ON "t51"."method_id" = "t47"."method_id"
                AND "t51"."subject_id" = "t47"."subject_id"
                AND "t51"."period_key" = "t47"."period_key"
              INNER JOIN (
                SELECT
                  "t0"."parameter",
                  "t0"."year" AS "period_key",
                  CASE
                    WHEN "t0"."confidence" = 'confirmed'
                    THEN 0
                    WHEN "t0"."confidence" = 'inferred'
                    THEN 1
                    WHEN "t0"."confidence" = 'unofficial'
                    THEN 2
                    WHEN "t0"."confidence" = 'recalled'
                    THEN 3
                    WHEN "t0"."confidence" = 'synthetic'
                    THEN 4
                    WHEN "t0"."confidence" = 'candidate'
                    THEN 5
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t0"
                WHERE
                  "t0"."step" = 'feedstock' AND "t0"."side" = 'intensity' AND "t0"."applies" = 1
              ) AS "t23"
                ON "t51"."period_key" = "t23"."period_key"
            ) AS "t56"
          ) AS "t59"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t51"."method_id",
                "t51"."subject_id",
                "t51"."period_key",
                "t51"."period_kind",
                "t51"."period_start",
                "t51"."period_end",
                "t51"."gross",
                "t51"."state",
                "t24"."parameter",
                "t48"."taken",
                'intensity' AS "side",
                'major_project' AS "step",
                3 AS "order",
                GREATEST("t51"."rank", "t48"."part_rank", "t24"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t38"."method_id",
                  "t38"."subject_id",
                  "t38"."period_key",
                  "t38"."period_kind",
                  "t38"."period_start",
                  "t38"."period_end",
                  "t38"."gross",
                  CASE WHEN "t38"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t38"."rank"
                FROM "t33" AS "t38"
              ) AS "t51"
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
                    FROM "t26" AS "t27"
                    WHERE
                      "t27"."measure" = 'energy_major_project'
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
                ON "t51"."method_id" = "t48"."method_id"
                AND "t51"."subject_id" = "t48"."subject_id"
                AND "t51"."period_key" = "t48"."period_key"
              INNER JOIN (
                SELECT
                  "t0"."parameter",
                  "t0"."year" AS "period_key",
                  CASE
                    WHEN "t0"."confidence" = 'confirmed'
                    THEN 0
                    WHEN "t0"."confidence" = 'inferred'
                    THEN 1
                    WHEN "t0"."confidence" = 'unofficial'
                    THEN 2
                    WHEN "t0"."confidence" = 'recalled'
                    THEN 3
                    WHEN "t0"."confidence" = 'synthetic'
                    THEN 4
                    WHEN "t0"."confidence" = 'candidate'
                    THEN 5
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t0"
                WHERE
                  "t0"."step" = 'major_project' AND "t0"."side" = 'intensity' AND "t0"."applies" = 1
              ) AS "t24"
                ON "t51"."period_key" = "t24"."period_key"
            ) AS "t57"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t51"."method_id",
                "t51"."subject_id",
                "t51"."period_key",
                "t51"."period_kind",
                "t51"."period_start",
                "t51"."period_end",
                "t51"."gross",
                "t51"."state",
                "t25"."parameter",
                CASE
                  WHEN (
                    "t49"."taken" IS NULL
                  )
                  OR (
                    (
                      "t5"."bound" IS NOT NULL
                    )
                    AND (
                      "t5"."cap" IS NULL
                    )
                    AND (
                      "t49"."taken" <> CAST(0.000000 AS DECIMAL(38, 6))
                    )
                  )
                  THEN CAST(NULL AS DECIMAL(38, 6))
                  ELSE LEAST("t49"."taken", COALESCE("t5"."cap", CAST(0.000000 AS DECIMAL(38, 6))))
                END AS "taken",
                'intensity' AS "side",
                'certificate' AS "step",
                4 AS "order",
                GREATEST("t51"."rank", "t49"."part_rank", "t25"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t38"."method_id",
                  "t38"."subject_id",
                  "t38"."period_key",
                  "t38"."period_kind",
                  "t38"."period_start",
                  "t38"."period_end",
                  "t38"."gross",
                  CASE WHEN "t38"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t38"."rank"
                FROM "t33" AS "t38"
              ) AS "t51"
              INNER JOIN (
                SELECT
                  "t37"."method_id",
                  "t37"."subject_id",
                  "t37"."period_key",
                  CASE
                    WHEN "t37"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t37"."gross"
                  END AS "taken",
                  "t37"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t32"."method_id",
                    "t32"."subject_id",
                    "t32"."period_key",
                    "t32"."period_kind",
                    "t32"."period_start",
                    "t32"."period_end",
                    SUM("t32"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t32"."amount" IS NULL
                        ) OR (
                          "t32"."gap" IS NOT NULL
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t32"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t32"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t32"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t32"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t32"."confidence" = 'synthetic'
                        THEN 4
                        WHEN "t32"."confidence" = 'candidate'
                        THEN 5
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t32"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "t26" AS "t27"
                    WHERE
                      "t27"."measure" = 'energy_certificate'
                  ) AS "t32"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t37"
              ) AS "t49"
                ON "t51"."method_id" = "t49"."method_id"
                AND "t51"."subject_id" = "t49"."subject_id"
                AND "t51"."period_key" = "t49"."period_key"
              INNER JOIN (
                SELECT
                  "t0"."parameter",
                  "t0"."year" AS "period_key",
                  CASE
                    WHEN "t0"."confidence" = 'confirmed'
                    THEN 0
                    WHEN "t0"."confidence" = 'inferred'
                    THEN 1
                    WHEN "t0"."confidence" = 'unofficial'
                    THEN 2
                    WHEN "t0"."confidence" = 'recalled'
                    THEN 3
                    WHEN "t0"."confidence" = 'synthetic'
                    THEN 4
                    WHEN "t0"."confidence" = 'candidate'
                    THEN 5
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t0"
                WHERE
                  "t0"."step" = 'certificate' AND "t0"."side" = 'intensity' AND "t0"."applies" = 1
              ) AS "t25"
                ON "t51"."period_key" = "t25"."period_key"
              LEFT OUTER JOIN (
                SELECT
                  "t1"."method_id",
                  "t1"."subject_id",
                  "t1"."period_key",
                  "t1"."cap",
                  1 AS "bound"
                FROM "certificate_caps" AS "t1"
              ) AS "t5"
                ON "t51"."method_id" = "t5"."method_id"
                AND "t51"."subject_id" = "t5"."subject_id"
                AND "t51"."period_key" = "t5"."period_key"
            ) AS "t61"
          ) AS "t63"
        ) AS "t65"
      ) AS "t67"
    ) AS "t68"
  ) AS "t69"
) AS "t70"
