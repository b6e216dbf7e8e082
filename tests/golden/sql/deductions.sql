WITH "t25" AS (
  SELECT
    "t4"."method_id",
    "t4"."subject_id",
    "t4"."period_key",
    "t4"."period_kind",
    "t4"."period_start",
    "t4"."period_end",
    SUM("t4"."amount") AS "gross",
    MAX(
      CASE
        WHEN (
          "t4"."amount" IS NULL
        ) OR (
          "t4"."state" <> 'ok'
        )
        THEN 1
        ELSE 0
      END
    ) AS "lacking",
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
        ELSE 0
      END
    ) AS "rank",
    MAX(CASE WHEN "t4"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
  FROM (
    SELECT
      *
    FROM "totals" AS "t0"
    WHERE
      "t0"."level" = 'subtree'
      AND "t0"."period_kind" = 'year'
      AND "t0"."measure" = 'energy'
  ) AS "t4"
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    6
)
SELECT
  "t62"."method_id",
  "t62"."subject_id",
  "t62"."period_key",
  "t62"."period_kind",
  "t62"."period_start",
  "t62"."period_end",
  "t62"."side",
  "t62"."position",
  "t62"."step",
  "t62"."taken" AS "amount",
  CASE
    WHEN "t62"."open" = 1
    THEN CAST(NULL AS DECIMAL(38, 6))
    ELSE "t62"."gross" - "t62"."before"
  END AS "after",
  CASE WHEN "t62"."open" = 1 THEN 'deduction_open' ELSE "t62"."state" END AS "state",
  "t62"."parameter",
  CASE
    WHEN "t62"."worst" = 0
    THEN 'confirmed'
    WHEN "t62"."worst" = 1
    THEN 'inferred'
    WHEN "t62"."worst" = 2
    THEN 'unofficial'
    WHEN "t62"."worst" = 3
    THEN 'recalled'
    WHEN "t62"."worst" = 4
    THEN 'synthetic'
    ELSE 'confirmed'
  END AS "confidence"
FROM (
  SELECT
    "t61"."method_id",
    "t61"."subject_id",
    "t61"."period_key",
    "t61"."period_kind",
    "t61"."period_start",
    "t61"."period_end",
    "t61"."side",
    "t61"."step",
    "t61"."order",
    "t61"."gross",
    "t61"."taken",
    "t61"."state",
    "t61"."parameter",
    "t61"."rank",
    SUM("t61"."taken") OVER (
      PARTITION BY "t61"."method_id", "t61"."subject_id", "t61"."period_key", "t61"."side"
      ORDER BY "t61"."order" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "before",
    MAX("t61"."rank") OVER (
      PARTITION BY "t61"."method_id", "t61"."subject_id", "t61"."period_key", "t61"."side"
      ORDER BY "t61"."order" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "worst",
    MAX(CASE WHEN "t61"."taken" IS NULL THEN 1 ELSE 0 END) OVER (
      PARTITION BY "t61"."method_id", "t61"."subject_id", "t61"."period_key", "t61"."side"
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "open",
    ROW_NUMBER() OVER (
      PARTITION BY "t61"."method_id", "t61"."subject_id", "t61"."period_key", "t61"."side"
      ORDER BY "t61"."order" ASC
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
          "t30"."method_id",
          "t30"."subject_id",
          "t30"."period_key",
          "t30"."period_kind",
          "t30"."period_start",
          "t30"."period_end",
          'total' AS "side",
          'gross' AS "step",
          0 AS "order",
          "t30"."gross",
          CAST(0.000000 AS DECIMAL(38, 6)) AS "taken",
          CASE WHEN "t30"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
          CAST(NULL AS TEXT) AS "parameter",
          "t30"."rank"
        FROM "t25" AS "t30"
      ) AS "t35"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t30"."method_id",
          "t30"."subject_id",
          "t30"."period_key",
          "t30"."period_kind",
          "t30"."period_start",
          "t30"."period_end",
          'intensity' AS "side",
          'gross' AS "step",
          0 AS "order",
          "t30"."gross",
          CAST(0.000000 AS DECIMAL(38, 6)) AS "taken",
          CASE WHEN "t30"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
          CAST(NULL AS TEXT) AS "parameter",
          "t30"."rank"
        FROM "t25" AS "t30"
      ) AS "t36"
    ) AS "t42"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t56"."method_id",
          "t56"."subject_id",
          "t56"."period_key",
          "t56"."period_kind",
          "t56"."period_start",
          "t56"."period_end",
          "t56"."side",
          "t56"."step",
          "t56"."order",
          "t56"."gross",
          "t56"."taken",
          "t56"."state",
          "t56"."parameter",
          "t56"."rank"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t43"."method_id",
                "t43"."subject_id",
                "t43"."period_key",
                "t43"."period_kind",
                "t43"."period_start",
                "t43"."period_end",
                "t43"."gross",
                "t43"."state",
                "t17"."parameter",
                "t38"."taken",
                'total' AS "side",
                'new_renewable' AS "step",
                1 AS "order",
                GREATEST("t43"."rank", "t38"."part_rank", "t17"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t30"."method_id",
                  "t30"."subject_id",
                  "t30"."period_key",
                  "t30"."period_kind",
                  "t30"."period_start",
                  "t30"."period_end",
                  "t30"."gross",
                  CASE WHEN "t30"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t30"."rank"
                FROM "t25" AS "t30"
              ) AS "t43"
              INNER JOIN (
                SELECT
                  "t26"."method_id",
                  "t26"."subject_id",
                  "t26"."period_key",
                  CASE
                    WHEN "t26"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t26"."gross"
                  END AS "taken",
                  "t26"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t5"."method_id",
                    "t5"."subject_id",
                    "t5"."period_key",
                    "t5"."period_kind",
                    "t5"."period_start",
                    "t5"."period_end",
                    SUM("t5"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t5"."amount" IS NULL
                        ) OR (
                          "t5"."state" <> 'ok'
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
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
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t5"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "totals" AS "t0"
                    WHERE
                      "t0"."level" = 'subtree'
                      AND "t0"."period_kind" = 'year'
                      AND "t0"."measure" = 'energy_new_renewable'
                  ) AS "t5"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t26"
              ) AS "t38"
                ON "t43"."method_id" = "t38"."method_id"
                AND "t43"."subject_id" = "t38"."subject_id"
                AND "t43"."period_key" = "t38"."period_key"
              INNER JOIN (
                SELECT
                  "t2"."parameter",
                  "t2"."year" AS "period_key",
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
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t2"
                WHERE
                  "t2"."step" = 'new_renewable' AND "t2"."side" = 'total' AND "t2"."applies" = 1
              ) AS "t17"
                ON "t43"."period_key" = "t17"."period_key"
            ) AS "t44"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t43"."method_id",
                "t43"."subject_id",
                "t43"."period_key",
                "t43"."period_kind",
                "t43"."period_start",
                "t43"."period_end",
                "t43"."gross",
                "t43"."state",
                "t18"."parameter",
                "t39"."taken",
                'total' AS "side",
                'feedstock' AS "step",
                2 AS "order",
                GREATEST("t43"."rank", "t39"."part_rank", "t18"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t30"."method_id",
                  "t30"."subject_id",
                  "t30"."period_key",
                  "t30"."period_kind",
                  "t30"."period_start",
                  "t30"."period_end",
                  "t30"."gross",
                  CASE WHEN "t30"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t30"."rank"
                FROM "t25" AS "t30"
              ) AS "t43"
              INNER JOIN (
                SELECT
                  "t27"."method_id",
                  "t27"."subject_id",
                  "t27"."period_key",
                  CASE
                    WHEN "t27"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t27"."gross"
                  END AS "taken",
                  "t27"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t6"."method_id",
                    "t6"."subject_id",
                    "t6"."period_key",
                    "t6"."period_kind",
                    "t6"."period_start",
                    "t6"."period_end",
                    SUM("t6"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t6"."amount" IS NULL
                        ) OR (
                          "t6"."state" <> 'ok'
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t6"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t6"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t6"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t6"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t6"."confidence" = 'synthetic'
                        THEN 4
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t6"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "totals" AS "t0"
                    WHERE
                      "t0"."level" = 'subtree'
                      AND "t0"."period_kind" = 'year'
                      AND "t0"."measure" = 'energy_feedstock'
                  ) AS "t6"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t27"
              ) AS "t39"
                ON "t43"."method_id" = "t39"."method_id"
                AND "t43"."subject_id" = "t39"."subject_id"
                AND "t43"."period_key" = "t39"."period_key"
              INNER JOIN (
                SELECT
                  "t2"."parameter",
                  "t2"."year" AS "period_key",
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
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t2"
                WHERE
                  "t2"."step" = 'feedstock' AND "t2"."side" = 'total' AND "t2"."applies" = 1
              ) AS "t18"
                ON "t43"."period_key" = "t18"."period_key"
            ) AS "t45"
          ) AS "t52"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t43"."method_id",
                "t43"."subject_id",
                "t43"."period_key",
                "t43"."period_kind",
                "t43"."period_start",
                "t43"."period_end",
                "t43"."gross",
                "t43"."state",
                "t19"."parameter",
                "t40"."taken",
                'total' AS "side",
                'major_project' AS "step",
                3 AS "order",
                GREATEST("t43"."rank", "t40"."part_rank", "t19"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t30"."method_id",
                  "t30"."subject_id",
                  "t30"."period_key",
                  "t30"."period_kind",
                  "t30"."period_start",
                  "t30"."period_end",
                  "t30"."gross",
                  CASE WHEN "t30"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t30"."rank"
                FROM "t25" AS "t30"
              ) AS "t43"
              INNER JOIN (
                SELECT
                  "t28"."method_id",
                  "t28"."subject_id",
                  "t28"."period_key",
                  CASE
                    WHEN "t28"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t28"."gross"
                  END AS "taken",
                  "t28"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t7"."method_id",
                    "t7"."subject_id",
                    "t7"."period_key",
                    "t7"."period_kind",
                    "t7"."period_start",
                    "t7"."period_end",
                    SUM("t7"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t7"."amount" IS NULL
                        ) OR (
                          "t7"."state" <> 'ok'
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t7"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t7"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t7"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t7"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t7"."confidence" = 'synthetic'
                        THEN 4
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t7"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "totals" AS "t0"
                    WHERE
                      "t0"."level" = 'subtree'
                      AND "t0"."period_kind" = 'year'
                      AND "t0"."measure" = 'energy_major_project'
                  ) AS "t7"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t28"
              ) AS "t40"
                ON "t43"."method_id" = "t40"."method_id"
                AND "t43"."subject_id" = "t40"."subject_id"
                AND "t43"."period_key" = "t40"."period_key"
              INNER JOIN (
                SELECT
                  "t2"."parameter",
                  "t2"."year" AS "period_key",
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
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t2"
                WHERE
                  "t2"."step" = 'major_project' AND "t2"."side" = 'total' AND "t2"."applies" = 1
              ) AS "t19"
                ON "t43"."period_key" = "t19"."period_key"
            ) AS "t46"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t43"."method_id",
                "t43"."subject_id",
                "t43"."period_key",
                "t43"."period_kind",
                "t43"."period_start",
                "t43"."period_end",
                "t43"."gross",
                "t43"."state",
                "t20"."parameter",
                CASE
                  WHEN "t41"."taken" IS NULL
                  THEN CAST(NULL AS DECIMAL(38, 6))
                  ELSE LEAST("t41"."taken", COALESCE("t3"."cap", CAST(0.000000 AS DECIMAL(38, 6))))
                END AS "taken",
                'total' AS "side",
                'certificate' AS "step",
                4 AS "order",
                GREATEST("t43"."rank", "t41"."part_rank", "t20"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t30"."method_id",
                  "t30"."subject_id",
                  "t30"."period_key",
                  "t30"."period_kind",
                  "t30"."period_start",
                  "t30"."period_end",
                  "t30"."gross",
                  CASE WHEN "t30"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t30"."rank"
                FROM "t25" AS "t30"
              ) AS "t43"
              INNER JOIN (
                SELECT
                  "t29"."method_id",
                  "t29"."subject_id",
                  "t29"."period_key",
                  CASE
                    WHEN "t29"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t29"."gross"
                  END AS "taken",
                  "t29"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t8"."method_id",
                    "t8"."subject_id",
                    "t8"."period_key",
                    "t8"."period_kind",
                    "t8"."period_start",
                    "t8"."period_end",
                    SUM("t8"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t8"."amount" IS NULL
                        ) OR (
                          "t8"."state" <> 'ok'
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
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
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t8"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "totals" AS "t0"
                    WHERE
                      "t0"."level" = 'subtree'
                      AND "t0"."period_kind" = 'year'
                      AND "t0"."measure" = 'energy_certificate'
                  ) AS "t8"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t29"
              ) AS "t41"
                ON "t43"."method_id" = "t41"."method_id"
                AND "t43"."subject_id" = "t41"."subject_id"
                AND "t43"."period_key" = "t41"."period_key"
              INNER JOIN (
                SELECT
                  "t2"."parameter",
                  "t2"."year" AS "period_key",
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
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t2"
                WHERE
                  "t2"."step" = 'certificate' AND "t2"."side" = 'total' AND "t2"."applies" = 1
              ) AS "t20"
                ON "t43"."period_key" = "t20"."period_key"
              LEFT OUTER JOIN "certificate_caps" AS "t3"
                ON "t43"."method_id" = "t3"."method_id"
                AND "t43"."subject_id" = "t3"."subject_id"
                AND "t43"."period_key" = "t3"."period_key"
            ) AS "t47"
          ) AS "t53"
        ) AS "t56"
      ) AS "t58"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t57"."method_id",
          "t57"."subject_id",
          "t57"."period_key",
          "t57"."period_kind",
          "t57"."period_start",
          "t57"."period_end",
          "t57"."side",
          "t57"."step",
          "t57"."order",
          "t57"."gross",
          "t57"."taken",
          "t57"."state",
          "t57"."parameter",
          "t57"."rank"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t43"."method_id",
                "t43"."subject_id",
                "t43"."period_key",
                "t43"."period_kind",
                "t43"."period_start",
                "t43"."period_end",
                "t43"."gross",
                "t43"."state",
                "t21"."parameter",
                "t38"."taken",
                'intensity' AS "side",
                'new_renewable' AS "step",
                1 AS "order",
                GREATEST("t43"."rank", "t38"."part_rank", "t21"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t30"."method_id",
                  "t30"."subject_id",
                  "t30"."period_key",
                  "t30"."period_kind",
                  "t30"."period_start",
                  "t30"."period_end",
                  "t30"."gross",
                  CASE WHEN "t30"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t30"."rank"
                FROM "t25" AS "t30"
              ) AS "t43"
              INNER JOIN (
                SELECT
                  "t26"."method_id",
                  "t26"."subject_id",
                  "t26"."period_key",
                  CASE
                    WHEN "t26"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t26"."gross"
                  END AS "taken",
                  "t26"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t5"."method_id",
                    "t5"."subject_id",
                    "t5"."period_key",
                    "t5"."period_kind",
                    "t5"."period_start",
                    "t5"."period_end",
                    SUM("t5"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t5"."amount" IS NULL
                        ) OR (
                          "t5"."state" <> 'ok'
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
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
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t5"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "totals" AS "t0"
                    WHERE
                      "t0"."level" = 'subtree'
                      AND "t0"."period_kind" = 'year'
                      AND "t0"."measure" = 'energy_new_renewable'
                  ) AS "t5"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t26"
              ) AS "t38"
                ON "t43"."method_id" = "t38"."method_id"
                AND "t43"."subject_id" = "t38"."subject_id"
                AND "t43"."period_key" = "t38"."period_key"
              INNER JOIN (
                SELECT
                  "t2"."parameter",
                  "t2"."year" AS "period_key",
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
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t2"
                WHERE
                  "t2"."step" = 'new_renewable' AND "t2"."side" = 'intensity' AND "t2"."applies" = 1
              ) AS "t21"
                ON "t43"."period_key" = "t21"."period_key"
            ) AS "t48"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t43"."method_id",
                "t43"."subject_id",
                "t43"."period_key",
                "t43"."period_kind",
                "t43"."period_start",
                "t43"."period_end",
                "t43"."gross",
                "t43"."state",
                "t22"."parameter",
                "t39"."taken",
                'intensity' AS "side",
                'feedstock' AS "step",
                2 AS "order",
                GREATEST("t43"."rank", "t39"."part_rank", "t22"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t30"."method_id",
                  "t30"."subject_id",
                  "t30"."period_key",
                  "t30"."period_kind",
                  "t30"."period_start",
                  "t30"."period_end",
                  "t30"."gross",
                  CASE WHEN "t30"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t30"."rank"
                FROM "t25" AS "t30"
              ) AS "t43"
              INNER JOIN (
                SELECT
                  "t27"."method_id",
                  "t27"."subject_id",
                  "t27"."period_key",
                  CASE
                    WHEN "t27"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t27"."gross"
                  END AS "taken",
                  "t27"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t6"."method_id",
                    "t6"."subject_id",
                    "t6"."period_key",
                    "t6"."period_kind",
                    "t6"."period_start",
                    "t6"."period_end",
                    SUM("t6"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t6"."amount" IS NULL
                        ) OR (
                          "t6"."state" <> 'ok'
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t6"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t6"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t6"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t6"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t6"."confidence" = 'synthetic'
                        THEN 4
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t6"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "totals" AS "t0"
                    WHERE
                      "t0"."level" = 'subtree'
                      AND "t0"."period_kind" = 'year'
                      AND "t0"."measure" = 'energy_feedstock'
                  ) AS "t6"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t27"
              ) AS "t39"
                ON "t43"."method_id" = "t39"."method_id"
                AND "t43"."subject_id" = "t39"."subject_id"
                AND "t43"."period_key" = "t39"."period_key"
              INNER JOIN (
                SELECT
                  "t2"."parameter",
                  "t2"."year" AS "period_key",
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
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t2"
                WHERE
                  "t2"."step" = 'feedstock' AND "t2"."side" = 'intensity' AND "t2"."applies" = 1
              ) AS "t22"
                ON "t43"."period_key" = "t22"."period_key"
            ) AS "t49"
          ) AS "t54"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t43"."method_id",
                "t43"."subject_id",
                "t43"."period_key",
                "t43"."period_kind",
                "t43"."period_start",
                "t43"."period_end",
                "t43"."gross",
                "t43"."state",
                "t23"."parameter",
                "t40"."taken",
                'intensity' AS "side",
                'major_project' AS "step",
                3 AS "order",
                GREATEST("t43"."rank", "t40"."part_rank", "t23"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t30"."method_id",
                  "t30"."subject_id",
                  "t30"."period_key",
                  "t30"."period_kind",
                  "t30"."period_start",
                  "t30"."period_end",
                  "t30"."gross",
                  CASE WHEN "t30"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t30"."rank"
                FROM "t25" AS "t30"
              ) AS "t43"
              INNER JOIN (
                SELECT
                  "t28"."method_id",
                  "t28"."subject_id",
                  "t28"."period_key",
                  CASE
                    WHEN "t28"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t28"."gross"
                  END AS "taken",
                  "t28"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t7"."method_id",
                    "t7"."subject_id",
                    "t7"."period_key",
                    "t7"."period_kind",
                    "t7"."period_start",
                    "t7"."period_end",
                    SUM("t7"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t7"."amount" IS NULL
                        ) OR (
                          "t7"."state" <> 'ok'
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
                      CASE
                        WHEN "t7"."confidence" = 'confirmed'
                        THEN 0
                        WHEN "t7"."confidence" = 'inferred'
                        THEN 1
                        WHEN "t7"."confidence" = 'unofficial'
                        THEN 2
                        WHEN "t7"."confidence" = 'recalled'
                        THEN 3
                        WHEN "t7"."confidence" = 'synthetic'
                        THEN 4
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t7"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "totals" AS "t0"
                    WHERE
                      "t0"."level" = 'subtree'
                      AND "t0"."period_kind" = 'year'
                      AND "t0"."measure" = 'energy_major_project'
                  ) AS "t7"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t28"
              ) AS "t40"
                ON "t43"."method_id" = "t40"."method_id"
                AND "t43"."subject_id" = "t40"."subject_id"
                AND "t43"."period_key" = "t40"."period_key"
              INNER JOIN (
                SELECT
                  "t2"."parameter",
                  "t2"."year" AS "period_key",
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
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t2"
                WHERE
                  "t2"."step" = 'major_project' AND "t2"."side" = 'intensity' AND "t2"."applies" = 1
              ) AS "t23"
                ON "t43"."period_key" = "t23"."period_key"
            ) AS "t50"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t43"."method_id",
                "t43"."subject_id",
                "t43"."period_key",
                "t43"."period_kind",
                "t43"."period_start",
                "t43"."period_end",
                "t43"."gross",
                "t43"."state",
                "t24"."parameter",
                CASE
                  WHEN "t41"."taken" IS NULL
                  THEN CAST(NULL AS DECIMAL(38, 6))
                  ELSE LEAST("t41"."taken", COALESCE("t3"."cap", CAST(0.000000 AS DECIMAL(38, 6))))
                END AS "taken",
                'intensity' AS "side",
                'certificate' AS "step",
                4 AS "order",
                GREATEST("t43"."rank", "t41"."part_rank", "t24"."rule_rank") AS "rank"
              FROM (
                SELECT
                  "t30"."method_id",
                  "t30"."subject_id",
                  "t30"."period_key",
                  "t30"."period_kind",
                  "t30"."period_start",
                  "t30"."period_end",
                  "t30"."gross",
                  CASE WHEN "t30"."empty" = 1 THEN 'no_data' ELSE 'ok' END AS "state",
                  "t30"."rank"
                FROM "t25" AS "t30"
              ) AS "t43"
              INNER JOIN (
                SELECT
                  "t29"."method_id",
                  "t29"."subject_id",
                  "t29"."period_key",
                  CASE
                    WHEN "t29"."lacking" = 1
                    THEN CAST(NULL AS DECIMAL(38, 6))
                    ELSE "t29"."gross"
                  END AS "taken",
                  "t29"."rank" AS "part_rank"
                FROM (
                  SELECT
                    "t8"."method_id",
                    "t8"."subject_id",
                    "t8"."period_key",
                    "t8"."period_kind",
                    "t8"."period_start",
                    "t8"."period_end",
                    SUM("t8"."amount") AS "gross",
                    MAX(
                      CASE
                        WHEN (
                          "t8"."amount" IS NULL
                        ) OR (
                          "t8"."state" <> 'ok'
                        )
                        THEN 1
                        ELSE 0
                      END
                    ) AS "lacking",
                    MAX(
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
                        ELSE 0
                      END
                    ) AS "rank",
                    MAX(CASE WHEN "t8"."amount" IS NULL THEN 1 ELSE 0 END) AS "empty"
                  FROM (
                    SELECT
                      *
                    FROM "totals" AS "t0"
                    WHERE
                      "t0"."level" = 'subtree'
                      AND "t0"."period_kind" = 'year'
                      AND "t0"."measure" = 'energy_certificate'
                  ) AS "t8"
                  GROUP BY
                    1,
                    2,
                    3,
                    4,
                    5,
                    6
                ) AS "t29"
              ) AS "t41"
                ON "t43"."method_id" = "t41"."method_id"
                AND "t43"."subject_id" = "t41"."subject_id"
                AND "t43"."period_key" = "t41"."period_key"
              INNER JOIN (
                SELECT
                  "t2"."parameter",
                  "t2"."year" AS "period_key",
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
                    ELSE 0
                  END AS "rule_rank"
                FROM "deduction_rules" AS "t2"
                WHERE
                  "t2"."step" = 'certificate' AND "t2"."side" = 'intensity' AND "t2"."applies" = 1
              ) AS "t24"
                ON "t43"."period_key" = "t24"."period_key"
              LEFT OUTER JOIN "certificate_caps" AS "t3"
                ON "t43"."method_id" = "t3"."method_id"
                AND "t43"."subject_id" = "t3"."subject_id"
                AND "t43"."period_key" = "t3"."period_key"
            ) AS "t51"
          ) AS "t55"
        ) AS "t57"
      ) AS "t59"
    ) AS "t60"
  ) AS "t61"
) AS "t62"
