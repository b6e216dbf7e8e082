WITH "t8" AS (
  SELECT
    "t0"."method_id",
    "t0"."measure",
    "t0"."unit",
    "t0"."subject_id",
    "t0"."period_key",
    "t0"."period_kind",
    "t0"."period_start",
    "t0"."period_end",
    "t0"."extent",
    "t0"."year_key",
    MIN(
      CASE
        WHEN (
          "t0"."entries_known" < "t0"."entries"
        )
        OR (
          "t0"."measured" < CAST(1.000000 AS DECIMAL(38, 6))
        )
        THEN 0
        ELSE 1
      END
    ) AS "have",
    MAX("t0"."rank") AS "rank",
    BOOL_OR(CAST("t0"."counts_in_year" AS BOOLEAN)) AS "counts_in_year",
    MIN(
      CASE
        WHEN "t0"."entries_known" < "t0"."entries"
        THEN CAST(0.000000 AS DECIMAL(38, 6))
        ELSE "t0"."measured"
      END
    ) AS "share"
  FROM "leaves" AS "t0"
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10
), "t15" AS (
  SELECT
    "t2"."method_id",
    "t2"."measure",
    "t2"."unit",
    "t2"."subject_id",
    "t2"."period_key",
    "t2"."period_kind",
    "t2"."period_start",
    "t2"."period_end"
  FROM "expected_returns" AS "t2"
  ANTI JOIN "t8" AS "t12"
    ON "t2"."method_id" = "t12"."method_id"
    AND "t2"."measure" = "t12"."measure"
    AND "t2"."subject_id" = "t12"."subject_id"
    AND "t2"."period_key" = "t12"."period_key"
), "t18" AS (
  SELECT
    "t16"."method_id",
    "t16"."subject_id",
    "t16"."period_key",
    "t16"."period_kind",
    "t16"."period_start",
    "t16"."period_end",
    'own' AS "extent"
  FROM "t15" AS "t16"
  WHERE
    "t16"."measure" = 'energy'
)
SELECT
  "t28"."method_id",
  "t28"."measure",
  "t28"."unit",
  "t28"."subject_id",
  "t28"."period_key",
  "t28"."period_kind",
  "t28"."period_start",
  "t28"."period_end",
  "t28"."extent",
  "t28"."year_key",
  "t28"."counts_in_year",
  "t28"."have",
  "t28"."rank",
  "t28"."share",
  1 AS "due"
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t10"."method_id",
      "t10"."measure",
      "t10"."unit",
      "t10"."subject_id",
      "t10"."period_key",
      "t10"."period_kind",
      "t10"."period_start",
      "t10"."period_end",
      "t10"."extent",
      "t10"."year_key",
      "t10"."counts_in_year",
      CAST("t10"."have" AS BIGINT) AS "have",
      CAST("t10"."rank" AS BIGINT) AS "rank",
      "t10"."share"
    FROM "t8" AS "t10"
  ) AS "t14"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t26"."method_id",
      "t26"."measure",
      "t26"."unit",
      "t26"."subject_id",
      "t26"."period_key",
      "t26"."period_kind",
      "t26"."period_start",
      "t26"."period_end",
      "t26"."extent",
      CAST(EXTRACT(year FROM "t26"."period_start") AS TEXT) AS "year_key",
      TRUE AS "counts_in_year",
      CAST(0 AS BIGINT) AS "have",
      CAST(0 AS BIGINT) AS "rank",
      CAST(0.000000 AS DECIMAL(38, 6)) AS "share"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t22"."method_id",
          "t5"."measure",
          "t5"."unit",
          "t22"."subject_id",
          "t22"."period_key",
          "t22"."period_kind",
          "t22"."period_start",
          "t22"."period_end",
          "t22"."extent"
        FROM (
          SELECT
            *
          FROM "t18" AS "t19"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              "t10"."method_id",
              "t10"."subject_id",
              "t10"."period_key",
              "t10"."period_kind",
              "t10"."period_start",
              "t10"."period_end",
              "t10"."extent"
            FROM "t8" AS "t10"
            WHERE
              "t10"."measure" = 'energy'
          ) AS "t13"
        ) AS "t22"
        INNER JOIN (
          SELECT DISTINCT
            "t0"."method_id",
            "t0"."measure",
            "t0"."unit",
            "t0"."subject_id",
            "t0"."period_kind"
          FROM "leaves" AS "t0"
          WHERE
            "t0"."measure" IN ('energy_industry', 'co2_industry')
        ) AS "t5"
          ON "t22"."method_id" = "t5"."method_id"
          AND "t22"."subject_id" = "t5"."subject_id"
          AND "t22"."period_kind" = "t5"."period_kind"
        ANTI JOIN "t8" AS "t11"
          ON "t22"."method_id" = "t11"."method_id"
          AND "t5"."measure" = "t11"."measure"
          AND "t22"."subject_id" = "t11"."subject_id"
          AND "t22"."period_key" = "t11"."period_key"
      ) AS "t24"
      UNION
      SELECT
        *
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t16"."method_id",
            "t16"."measure",
            "t16"."unit",
            "t16"."subject_id",
            "t16"."period_key",
            "t16"."period_kind",
            "t16"."period_start",
            "t16"."period_end",
            'own' AS "extent"
          FROM "t15" AS "t16"
        ) AS "t17"
        UNION
        SELECT
          *
        FROM (
          SELECT
            "t21"."method_id",
            "t9"."measure",
            "t9"."unit",
            "t21"."subject_id",
            "t21"."period_key",
            "t21"."period_kind",
            "t21"."period_start",
            "t21"."period_end",
            "t21"."extent"
          FROM "t18" AS "t21"
          INNER JOIN (
            SELECT DISTINCT
              *
            FROM (
              SELECT
                "t4".*
                EXCLUDE ("period_kind")
              FROM (
                SELECT DISTINCT
                  "t0"."method_id",
                  "t0"."measure",
                  "t0"."unit",
                  "t0"."subject_id",
                  "t0"."period_kind"
                FROM "leaves" AS "t0"
                WHERE
                  "t0"."measure" IN (
                    'electricity',
                    'energy_feedstock',
                    'energy_new_renewable',
                    'energy_major_project',
                    'energy_certificate',
                    'energy_nonfossil'
                  )
              ) AS "t4"
            ) AS "t6"
          ) AS "t9"
            ON "t21"."method_id" = "t9"."method_id" AND "t21"."subject_id" = "t9"."subject_id"
        ) AS "t23"
      ) AS "t25"
    ) AS "t26"
  ) AS "t27"
) AS "t28"
