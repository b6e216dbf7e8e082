WITH "t15" AS (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM "returns" AS "t2"
    WHERE
      "t2"."extent" = 'whole' AND "t2"."period_kind" <> 'year'
  ) AS "t8"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t2"."method_id",
      "t2"."measure",
      "t2"."unit",
      "t2"."subject_id",
      "t2"."year_key" AS "period_key",
      'year' AS "period_kind",
      MAKE_DATE(CAST("t2"."year_key" AS BIGINT), 1, 1) AS "period_start",
      MAKE_DATE(CAST("t2"."year_key" AS BIGINT) + 1, 1, 1) AS "period_end",
      "t2"."extent",
      "t2"."year_key",
      "t2"."counts_in_year",
      "t2"."have",
      "t2"."rank",
      "t2"."share",
      "t2"."due"
    FROM "returns" AS "t2"
    WHERE
      "t2"."extent" = 'whole' AND "t2"."counts_in_year"
  ) AS "t14"
), "t25" AS (
  SELECT
    "t13"."method_id",
    "t13"."measure",
    "t13"."unit",
    "t13"."inner_id",
    "t13"."period_key",
    "t13"."period_kind",
    "t13"."period_start",
    "t13"."period_end",
    "t13"."extent",
    "t13"."year_key",
    "t13"."counts_in_year",
    "t13"."have",
    "t13"."rank",
    "t13"."share",
    "t13"."due",
    "t24"."ancestor_id",
    "t24"."inner_id" AS "inner_id_right",
    "t24"."valid_from",
    "t24"."valid_to",
    "t24"."depth"
  FROM (
    SELECT
      "t2"."method_id",
      "t2"."measure",
      "t2"."unit",
      "t2"."subject_id" AS "inner_id",
      "t2"."period_key",
      "t2"."period_kind",
      "t2"."period_start",
      "t2"."period_end",
      "t2"."extent",
      "t2"."year_key",
      "t2"."counts_in_year",
      "t2"."have",
      "t2"."rank",
      "t2"."share",
      "t2"."due"
    FROM "returns" AS "t2"
    WHERE
      "t2"."extent" = 'own'
  ) AS "t13"
  INNER JOIN (
    SELECT
      "t21"."ancestor_id",
      "t21"."subject_id" AS "inner_id",
      "t21"."valid_from",
      "t21"."valid_to",
      "t21"."depth"
    FROM (
      SELECT
        "t3"."ancestor_id",
        "t3"."subject_id",
        "t3"."valid_from",
        "t3"."valid_to",
        "t3"."depth"
      FROM "subject_closure" AS "t3"
      SEMI JOIN "t15" AS "t19"
        ON "t3"."ancestor_id" = "t19"."subject_id"
    ) AS "t21"
  ) AS "t24"
    ON "t13"."inner_id" = "t24"."inner_id"
    AND "t24"."valid_from" < "t13"."period_end"
    AND "t13"."period_end" <= "t24"."valid_to"
)
SELECT
  *
FROM (
  SELECT
    "t20"."method_id",
    "t20"."measure",
    "t20"."unit",
    "t20"."subject_id",
    "t20"."period_key",
    "t20"."period_kind",
    "t20"."period_start",
    "t20"."period_end",
    "t20"."level"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        *
      FROM "leaf_levels" AS "t0"
      WHERE
        "t0"."extent" = 'whole'
    ) AS "t4"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t11"."method_id",
        "t11"."measure",
        "t11"."unit",
        "t11"."subject_id",
        "t11"."period_key",
        "t11"."period_kind",
        "t11"."period_start",
        "t11"."period_end",
        "t11"."part",
        "t11"."extent",
        "t11"."amount",
        "t11"."entries",
        "t11"."entries_known",
        "t11"."rank",
        "t11"."trouble",
        "t11"."measured",
        "t11"."year_key",
        "t11"."counts_in_year",
        "t11"."level"
      FROM (
        SELECT
          *
        FROM "leaf_levels" AS "t0"
        WHERE
          "t0"."extent" = 'own'
      ) AS "t11"
      ANTI JOIN (
        SELECT DISTINCT
          "t0"."method_id",
          "t0"."measure",
          "t0"."unit",
          "t0"."subject_id",
          "t0"."period_key",
          "t0"."period_kind",
          "t0"."period_start",
          "t0"."period_end",
          "t0"."level"
        FROM "leaf_levels" AS "t0"
        WHERE
          "t0"."extent" = 'whole'
      ) AS "t10"
        ON "t11"."method_id" = "t10"."method_id"
        AND "t11"."measure" = "t10"."measure"
        AND "t11"."unit" = "t10"."unit"
        AND "t11"."subject_id" = "t10"."subject_id"
        AND "t11"."period_key" = "t10"."period_key"
        AND "t11"."period_kind" = "t10"."period_kind"
        AND "t11"."period_start" = "t10"."period_start"
        AND "t11"."period_end" = "t10"."period_end"
        AND "t11"."level" = "t10"."level"
    ) AS "t17"
  ) AS "t20"
  WHERE
    (
      "t20"."entries_known" < "t20"."entries"
    )
    OR (
      "t20"."measured" < CAST(1.000000 AS DECIMAL(38, 6))
    )
) AS "t22"
UNION
SELECT
  *
FROM (
  SELECT
    "t39"."method_id",
    "t39"."measure",
    "t39"."unit",
    "t39"."subject_id",
    "t39"."period_key",
    "t39"."period_kind",
    "t39"."period_start",
    "t39"."period_end",
    "t39"."level"
  FROM (
    SELECT
      "t37"."method_id",
      "t37"."measure",
      "t37"."unit",
      "t37"."subject_id",
      "t37"."period_key",
      "t37"."period_kind",
      "t37"."period_start",
      "t37"."period_end",
      'subtree' AS "level"
    FROM (
      SELECT
        "t36"."method_id",
        "t36"."measure",
        "t36"."unit",
        "t12"."subject_id",
        "t36"."period_key",
        "t36"."period_kind",
        "t36"."period_start",
        "t36"."period_end",
        "t36"."extent",
        "t36"."year_key",
        "t36"."counts_in_year",
        "t36"."have",
        "t36"."rank",
        "t36"."share",
        "t36"."due"
      FROM (
        SELECT
          "t34"."method_id",
          "t34"."measure",
          "t34"."unit",
          "t34"."subject_id" AS "inner_id",
          "t34"."period_key",
          "t34"."period_kind",
          "t34"."period_start",
          "t34"."period_end",
          "t34"."extent",
          "t34"."year_key",
          "t34"."counts_in_year",
          "t34"."have",
          "t34"."rank",
          "t34"."share",
          "t34"."due"
        FROM (
          SELECT
            "t18"."method_id",
            "t18"."measure",
            "t18"."unit",
            "t18"."subject_id",
            "t18"."period_key",
            "t18"."period_kind",
            "t18"."period_start",
            "t18"."period_end",
            "t18"."extent",
            "t18"."year_key",
            "t18"."counts_in_year",
            "t18"."have",
            "t18"."rank",
            "t18"."share",
            "t18"."due"
          FROM "t15" AS "t18"
          ANTI JOIN (
            SELECT
              *
            FROM (
              SELECT
                "t26"."method_id",
                "t26"."measure",
                "t26"."unit",
                "t26"."ancestor_id" AS "subject_id",
                "t26"."period_key",
                "t26"."period_kind",
                "t26"."period_start",
                "t26"."period_end",
                "t26"."extent",
                "t26"."year_key",
                "t26"."counts_in_year",
                "t26"."have",
                "t26"."rank",
                "t26"."share",
                "t26"."due"
              FROM "t25" AS "t26"
              WHERE
                "t26"."period_kind" <> 'year'
            ) AS "t27"
            UNION ALL
            SELECT
              *
            FROM (
              SELECT
                "t26"."method_id",
                "t26"."measure",
                "t26"."unit",
                "t26"."ancestor_id" AS "subject_id",
                "t26"."year_key" AS "period_key",
                'year' AS "period_kind",
                MAKE_DATE(CAST("t26"."year_key" AS BIGINT), 1, 1) AS "period_start",
                MAKE_DATE(CAST("t26"."year_key" AS BIGINT) + 1, 1, 1) AS "period_end",
                "t26"."extent",
                "t26"."year_key",
                "t26"."counts_in_year",
                "t26"."have",
                "t26"."rank",
                "t26"."share",
                "t26"."due"
              FROM "t25" AS "t26"
              WHERE
                "t26"."counts_in_year"
            ) AS "t28"
          ) AS "t30"
            ON "t18"."method_id" = "t30"."method_id"
            AND "t18"."measure" = "t30"."measure"
            AND "t18"."subject_id" = "t30"."subject_id"
            AND "t18"."period_key" = "t30"."period_key"
          ANTI JOIN (
            SELECT
              *
            FROM (
              SELECT
                "t18"."method_id",
                "t18"."measure",
                "t18"."unit",
                "t18"."subject_id",
                "t18"."period_key",
                "t18"."period_kind",
                "t18"."period_start",
                "t18"."period_end",
                "t18"."extent",
                "t18"."year_key",
                "t18"."counts_in_year",
                "t18"."have",
                "t18"."rank",
                "t18"."share",
                "t18"."due"
              FROM "t15" AS "t18"
              ANTI JOIN (
                SELECT
                  *
                FROM (
                  SELECT
                    "t26"."method_id",
                    "t26"."measure",
                    "t26"."unit",
                    "t26"."ancestor_id" AS "subject_id",
                    "t26"."period_key",
                    "t26"."period_kind",
                    "t26"."period_start",
                    "t26"."period_end",
                    "t26"."extent",
                    "t26"."year_key",
                    "t26"."counts_in_year",
                    "t26"."have",
                    "t26"."rank",
                    "t26"."share",
                    "t26"."due"
                  FROM "t25" AS "t26"
                  WHERE
                    "t26"."period_kind" <> 'year'
                ) AS "t27"
                UNION ALL
                SELECT
                  *
                FROM (
                  SELECT
                    "t26"."method_id",
                    "t26"."measure",
                    "t26"."unit",
                    "t26"."ancestor_id" AS "subject_id",
                    "t26"."year_key" AS "period_key",
                    'year' AS "period_kind",
                    MAKE_DATE(CAST("t26"."year_key" AS BIGINT), 1, 1) AS "period_start",
                    MAKE_DATE(CAST("t26"."year_key" AS BIGINT) + 1, 1, 1) AS "period_end",
                    "t26"."extent",
                    "t26"."year_key",
                    "t26"."counts_in_year",
                    "t26"."have",
                    "t26"."rank",
                    "t26"."share",
                    "t26"."due"
                  FROM "t25" AS "t26"
                  WHERE
                    "t26"."counts_in_year"
                ) AS "t28"
              ) AS "t30"
                ON "t18"."method_id" = "t30"."method_id"
                AND "t18"."measure" = "t30"."measure"
                AND "t18"."subject_id" = "t30"."subject_id"
                AND "t18"."period_key" = "t30"."period_key"
            ) AS "t31"
            WHERE
              "t31"."measure" = 'energy'
          ) AS "t33"
            ON "t18"."method_id" = "t33"."method_id"
            AND "t18"."subject_id" = "t33"."subject_id"
            AND "t18"."period_key" = "t33"."period_key"
        ) AS "t34"
      ) AS "t36"
      INNER JOIN (
        SELECT
          "t1"."ancestor_id" AS "subject_id",
          "t1"."subject_id" AS "inner_id",
          "t1"."valid_from",
          "t1"."valid_to",
          "t1"."depth"
        FROM "subject_closure" AS "t1"
        WHERE
          "t1"."depth" > 0
      ) AS "t12"
        ON "t36"."inner_id" = "t12"."inner_id"
        AND "t12"."valid_from" < "t36"."period_end"
        AND "t36"."period_end" <= "t12"."valid_to"
    ) AS "t37"
  ) AS "t39"
  ANTI JOIN (
    SELECT DISTINCT
      "t0"."method_id",
      "t0"."measure",
      "t0"."unit",
      "t0"."subject_id",
      "t0"."period_key",
      "t0"."period_kind",
      "t0"."period_start",
      "t0"."period_end",
      "t0"."level"
    FROM "leaf_levels" AS "t0"
    WHERE
      "t0"."extent" = 'whole'
  ) AS "t10"
    ON "t39"."method_id" = "t10"."method_id"
    AND "t39"."measure" = "t10"."measure"
    AND "t39"."unit" = "t10"."unit"
    AND "t39"."subject_id" = "t10"."subject_id"
    AND "t39"."period_key" = "t10"."period_key"
    AND "t39"."period_kind" = "t10"."period_kind"
    AND "t39"."period_start" = "t10"."period_start"
    AND "t39"."period_end" = "t10"."period_end"
    AND "t39"."level" = "t10"."level"
) AS "t40"
