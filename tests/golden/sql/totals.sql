SELECT
  "t21"."total_key",
  "t21"."method_id",
  "t21"."measure",
  "t21"."subject_id",
  "t21"."period_key",
  "t21"."period_kind",
  "t21"."period_start",
  "t21"."period_end",
  "t21"."part",
  "t21"."level",
  "t21"."amount",
  "t21"."unit",
  "t21"."state",
  "t21"."coverage",
  "t21"."expected",
  "t21"."known",
  "t21"."confidence"
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
    "t20"."level",
    "t20"."part",
    "t20"."amount",
    "t20"."expected",
    "t20"."known",
    "t20"."measure" || '|' || "t20"."part" || '|' || "t20"."level" || '|' || "t20"."subject_id" || '|' || "t20"."period_key" || '|' || "t20"."method_id" AS "total_key",
    CASE
      WHEN "t20"."known" = "t20"."expected"
      THEN 'ok'
      WHEN "t20"."entries" > 0
      THEN 'partial'
      ELSE COALESCE("t20"."trouble", 'no_data')
    END AS "state",
    COALESCE(
      EXACT_RATIO("t20"."share", CAST("t20"."expected" AS DECIMAL(38, 6))),
      CAST(0.000000 AS DECIMAL(38, 6))
    ) AS "coverage",
    CASE
      WHEN "t20"."rank" = 0
      THEN 'confirmed'
      WHEN "t20"."rank" = 1
      THEN 'inferred'
      WHEN "t20"."rank" = 2
      THEN 'unofficial'
      WHEN "t20"."rank" = 3
      THEN 'recalled'
      WHEN "t20"."rank" = 4
      THEN 'synthetic'
      WHEN "t20"."rank" = 5
      THEN 'candidate'
      ELSE 'confirmed'
    END AS "confidence"
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
      "t18"."level",
      "t18"."part",
      "t18"."amount",
      "t18"."rank",
      "t18"."trouble",
      "t18"."entries",
      "t19"."expected",
      "t19"."known",
      "t19"."share"
    FROM (
      SELECT
        "t14"."method_id",
        "t14"."measure",
        "t14"."unit",
        "t14"."subject_id",
        "t14"."period_key",
        "t14"."period_kind",
        "t14"."period_start",
        "t14"."period_end",
        "t14"."level",
        "t14"."part",
        SUM("t14"."amount") AS "amount",
        MAX("t14"."rank") AS "rank",
        MAX("t14"."trouble") AS "trouble",
        SUM("t14"."entries_known") AS "entries"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            *
          FROM "leaf_levels" AS "t0"
          WHERE
            "t0"."extent" = 'whole'
        ) AS "t2"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            "t9"."method_id",
            "t9"."measure",
            "t9"."unit",
            "t9"."subject_id",
            "t9"."period_key",
            "t9"."period_kind",
            "t9"."period_start",
            "t9"."period_end",
            "t9"."part",
            "t9"."extent",
            "t9"."amount",
            "t9"."entries",
            "t9"."entries_known",
            "t9"."rank",
            "t9"."trouble",
            "t9"."measured",
            "t9"."year_key",
            "t9"."counts_in_year",
            "t9"."level"
          FROM (
            SELECT
              *
            FROM "leaf_levels" AS "t0"
            WHERE
              "t0"."extent" = 'own'
          ) AS "t9"
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
          ) AS "t8"
            ON "t9"."method_id" = "t8"."method_id"
            AND "t9"."measure" = "t8"."measure"
            AND "t9"."unit" = "t8"."unit"
            AND "t9"."subject_id" = "t8"."subject_id"
            AND "t9"."period_key" = "t8"."period_key"
            AND "t9"."period_kind" = "t8"."period_kind"
            AND "t9"."period_start" = "t8"."period_start"
            AND "t9"."period_end" = "t8"."period_end"
            AND "t9"."level" = "t8"."level"
        ) AS "t12"
      ) AS "t14"
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
    ) AS "t18"
    LEFT OUTER JOIN (
      SELECT
        "t15"."method_id",
        "t15"."measure",
        "t15"."unit",
        "t15"."subject_id",
        "t15"."period_key",
        "t15"."period_kind",
        "t15"."period_start",
        "t15"."period_end",
        "t15"."level",
        SUM("t15"."due") AS "expected",
        SUM("t15"."have") AS "known",
        SUM("t15"."share") AS "share"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            *
          FROM "return_levels" AS "t1"
          WHERE
            "t1"."extent" = 'whole'
        ) AS "t5"
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
            "t11"."extent",
            "t11"."year_key",
            "t11"."counts_in_year",
            "t11"."have",
            "t11"."rank",
            "t11"."share",
            "t11"."due",
            "t11"."level"
          FROM (
            SELECT
              *
            FROM "return_levels" AS "t1"
            WHERE
              "t1"."extent" = 'own'
          ) AS "t11"
          ANTI JOIN (
            SELECT DISTINCT
              "t1"."method_id",
              "t1"."measure",
              "t1"."unit",
              "t1"."subject_id",
              "t1"."period_key",
              "t1"."period_kind",
              "t1"."period_start",
              "t1"."period_end",
              "t1"."level"
            FROM "return_levels" AS "t1"
            WHERE
              "t1"."extent" = 'whole'
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
        ) AS "t13"
      ) AS "t15"
      GROUP BY
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9
    ) AS "t19"
      ON "t18"."method_id" = "t19"."method_id"
      AND "t18"."measure" = "t19"."measure"
      AND "t18"."unit" = "t19"."unit"
      AND "t18"."subject_id" = "t19"."subject_id"
      AND "t18"."period_key" = "t19"."period_key"
      AND "t18"."period_kind" = "t19"."period_kind"
      AND "t18"."period_start" = "t19"."period_start"
      AND "t18"."period_end" = "t19"."period_end"
      AND "t18"."level" = "t19"."level"
  ) AS "t20"
) AS "t21"
