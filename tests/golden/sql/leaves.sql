WITH "t1" AS (
  SELECT
    "t0"."method_id",
    "t0"."measure",
    "t0"."unit",
    "t0"."subject_id",
    "t0"."period_key",
    "t0"."period_kind",
    "t0"."period_start",
    "t0"."period_end",
    "t0"."part",
    "t0"."extent",
    SUM("t0"."amount") FILTER(WHERE
      "t0"."state" IN ('ok', 'partial')) AS "amount",
    COUNT("t0"."entry_id") AS "entries",
    COUNT("t0"."entry_id") FILTER(WHERE
      "t0"."state" IN ('ok', 'partial')) AS "entries_known",
    MAX(
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
      END
    ) AS "rank",
    MAX("t0"."state") FILTER(WHERE
      NOT (
        "t0"."state" IN ('ok', 'partial')
      )) AS "trouble",
    COALESCE(
      MIN(COALESCE("t0"."measured", CAST(1.000000 AS DECIMAL(38, 6)))) FILTER(WHERE
        "t0"."state" IN ('ok', 'partial')),
      CAST(0.000000 AS DECIMAL(38, 6))
    ) AS "measured"
  FROM "amounts" AS "t0"
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
)
SELECT
  "t9".*
  EXCLUDE ("has_year")
FROM (
  SELECT
    "t8"."method_id",
    "t8"."measure",
    "t8"."unit",
    "t8"."subject_id",
    "t8"."period_key",
    "t8"."period_kind",
    "t8"."period_start",
    "t8"."period_end",
    "t8"."part",
    "t8"."extent",
    "t8"."amount",
    "t8"."entries",
    "t8"."entries_known",
    "t8"."rank",
    "t8"."trouble",
    "t8"."measured",
    "t8"."year_key",
    "t8"."has_year",
    (
      "t8"."period_kind" = 'year'
    ) OR NOT (
      "t8"."has_year"
    ) AS "counts_in_year"
  FROM (
    SELECT
      "t5"."method_id",
      "t5"."measure",
      "t5"."unit",
      "t5"."subject_id",
      "t5"."period_key",
      "t5"."period_kind",
      "t5"."period_start",
      "t5"."period_end",
      "t5"."part",
      "t5"."extent",
      "t5"."amount",
      "t5"."entries",
      "t5"."entries_known",
      "t5"."rank",
      "t5"."trouble",
      "t5"."measured",
      "t5"."year_key",
      COALESCE("t7"."has_year", FALSE) AS "has_year"
    FROM (
      SELECT
        "t2"."method_id",
        "t2"."measure",
        "t2"."unit",
        "t2"."subject_id",
        "t2"."period_key",
        "t2"."period_kind",
        "t2"."period_start",
        "t2"."period_end",
        "t2"."part",
        "t2"."extent",
        "t2"."amount",
        "t2"."entries",
        "t2"."entries_known",
        "t2"."rank",
        "t2"."trouble",
        "t2"."measured",
        CAST(EXTRACT(year FROM "t2"."period_start") AS TEXT) AS "year_key"
      FROM "t1" AS "t2"
    ) AS "t5"
    LEFT OUTER JOIN (
      SELECT
        "t4"."method_id",
        "t4"."measure",
        "t4"."subject_id",
        "t4"."year_key",
        "t4"."extent",
        "t4"."part",
        TRUE AS "has_year"
      FROM (
        SELECT DISTINCT
          "t2"."method_id",
          "t2"."measure",
          "t2"."subject_id",
          CAST(EXTRACT(year FROM "t2"."period_start") AS TEXT) AS "year_key",
          "t2"."extent",
          "t2"."part"
        FROM "t1" AS "t2"
        WHERE
          "t2"."period_kind" = 'year' AND "t2"."entries_known" > 0
      ) AS "t4"
    ) AS "t7"
      ON "t5"."method_id" = "t7"."method_id"
      AND "t5"."measure" = "t7"."measure"
      AND "t5"."subject_id" = "t7"."subject_id"
      AND "t5"."year_key" = "t7"."year_key"
      AND "t5"."extent" = "t7"."extent"
      AND "t5"."part" = "t7"."part"
  ) AS "t8"
) AS "t9"
