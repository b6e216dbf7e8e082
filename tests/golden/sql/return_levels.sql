WITH "t17" AS (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM "returns" AS "t1"
    WHERE
      "t1"."extent" = 'whole' AND "t1"."period_kind" <> 'year'
  ) AS "t10"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t1"."method_id",
      "t1"."measure",
      "t1"."unit",
      "t1"."subject_id",
      "t1"."year_key" AS "period_key",
      'year' AS "period_kind",
      MAKE_DATE(CAST("t1"."year_key" AS BIGINT), 1, 1) AS "period_start",
      MAKE_DATE(CAST("t1"."year_key" AS BIGINT) + 1, 1, 1) AS "period_end",
      "t1"."extent",
      "t1"."year_key",
      "t1"."counts_in_year",
      "t1"."have",
      "t1"."rank",
      "t1"."share",
      "t1"."due"
    FROM "returns" AS "t1"
    WHERE
      "t1"."extent" = 'whole' AND "t1"."counts_in_year"
  ) AS "t16"
), "t19" AS (
  SELECT
    "t14"."method_id",
    "t14"."measure",
    "t14"."unit",
    "t14"."subject_id",
    "t14"."period_key",
    "t14"."period_kind",
    "t14"."period_start",
    "t14"."period_end",
    "t14"."extent",
    "t14"."year_key",
    "t14"."counts_in_year",
    "t14"."have",
    "t14"."rank",
    "t14"."share",
    "t14"."due"
  FROM (
    SELECT
      *
    FROM "returns" AS "t1"
    WHERE
      "t1"."extent" = 'own'
  ) AS "t14"
  SEMI JOIN (
    SELECT DISTINCT
      "t0"."ancestor_id" AS "subject_id"
    FROM "subject_closure" AS "t0"
    WHERE
      "t0"."depth" > 0
  ) AS "t13"
    ON "t14"."subject_id" = "t13"."subject_id"
), "t22" AS (
  SELECT
    "t11"."method_id",
    "t11"."measure",
    "t11"."unit",
    "t7"."subject_id",
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
    "t11"."due"
  FROM (
    SELECT
      "t1"."method_id",
      "t1"."measure",
      "t1"."unit",
      "t1"."subject_id" AS "inner_id",
      "t1"."period_key",
      "t1"."period_kind",
      "t1"."period_start",
      "t1"."period_end",
      "t1"."extent",
      "t1"."year_key",
      "t1"."counts_in_year",
      "t1"."have",
      "t1"."rank",
      "t1"."share",
      "t1"."due"
    FROM "returns" AS "t1"
  ) AS "t11"
  INNER JOIN (
    SELECT
      "t0"."ancestor_id" AS "subject_id",
      "t0"."subject_id" AS "inner_id",
      "t0"."valid_from",
      "t0"."valid_to",
      "t0"."depth"
    FROM "subject_closure" AS "t0"
  ) AS "t7"
    ON "t11"."inner_id" = "t7"."inner_id"
    AND "t7"."valid_from" < "t11"."period_end"
    AND "t11"."period_end" <= "t7"."valid_to"
    AND (
      (
        "t11"."extent" = 'own'
      ) OR (
        "t7"."depth" = 0
      )
    )
), "t36" AS (
  SELECT
    "t15"."method_id",
    "t15"."measure",
    "t15"."unit",
    "t15"."inner_id",
    "t15"."period_key",
    "t15"."period_kind",
    "t15"."period_start",
    "t15"."period_end",
    "t15"."extent",
    "t15"."year_key",
    "t15"."counts_in_year",
    "t15"."have",
    "t15"."rank",
    "t15"."share",
    "t15"."due",
    "t32"."ancestor_id",
    "t32"."inner_id" AS "inner_id_right",
    "t32"."valid_from",
    "t32"."valid_to",
    "t32"."depth"
  FROM (
    SELECT
      "t1"."method_id",
      "t1"."measure",
      "t1"."unit",
      "t1"."subject_id" AS "inner_id",
      "t1"."period_key",
      "t1"."period_kind",
      "t1"."period_start",
      "t1"."period_end",
      "t1"."extent",
      "t1"."year_key",
      "t1"."counts_in_year",
      "t1"."have",
      "t1"."rank",
      "t1"."share",
      "t1"."due"
    FROM "returns" AS "t1"
    WHERE
      "t1"."extent" = 'own'
  ) AS "t15"
  INNER JOIN (
    SELECT
      "t26"."ancestor_id",
      "t26"."subject_id" AS "inner_id",
      "t26"."valid_from",
      "t26"."valid_to",
      "t26"."depth"
    FROM (
      SELECT
        "t2"."ancestor_id",
        "t2"."subject_id",
        "t2"."valid_from",
        "t2"."valid_to",
        "t2"."depth"
      FROM "subject_closure" AS "t2"
      SEMI JOIN "t17" AS "t21"
        ON "t2"."ancestor_id" = "t21"."subject_id"
    ) AS "t26"
  ) AS "t32"
    ON "t15"."inner_id" = "t32"."inner_id"
    AND "t32"."valid_from" < "t15"."period_end"
    AND "t15"."period_end" <= "t32"."valid_to"
)
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t23"."method_id",
          "t23"."measure",
          "t23"."unit",
          "t23"."subject_id",
          "t23"."period_key",
          "t23"."period_kind",
          "t23"."period_start",
          "t23"."period_end",
          "t23"."extent",
          "t23"."year_key",
          "t23"."counts_in_year",
          "t23"."have",
          "t23"."rank",
          "t23"."share",
          "t23"."due",
          'own' AS "level"
        FROM "t19" AS "t23"
        WHERE
          "t23"."period_kind" <> 'year'
      ) AS "t25"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t23"."method_id",
          "t23"."measure",
          "t23"."unit",
          "t23"."subject_id",
          "t23"."year_key" AS "period_key",
          'year' AS "period_kind",
          MAKE_DATE(CAST("t23"."year_key" AS BIGINT), 1, 1) AS "period_start",
          MAKE_DATE(CAST("t23"."year_key" AS BIGINT) + 1, 1, 1) AS "period_end",
          "t23"."extent",
          "t23"."year_key",
          "t23"."counts_in_year",
          "t23"."have",
          "t23"."rank",
          "t23"."share",
          "t23"."due",
          'own' AS "level"
        FROM "t19" AS "t23"
        WHERE
          "t23"."counts_in_year"
      ) AS "t28"
    ) AS "t31"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t24"."method_id",
          "t24"."measure",
          "t24"."unit",
          "t24"."subject_id",
          "t24"."period_key",
          "t24"."period_kind",
          "t24"."period_start",
          "t24"."period_end",
          "t24"."extent",
          "t24"."year_key",
          "t24"."counts_in_year",
          "t24"."have",
          "t24"."rank",
          "t24"."share",
          "t24"."due",
          'subtree' AS "level"
        FROM "t22" AS "t24"
        WHERE
          "t24"."period_kind" <> 'year'
      ) AS "t27"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          "t24"."method_id",
          "t24"."measure",
          "t24"."unit",
          "t24"."subject_id",
          "t24"."year_key" AS "period_key",
          'year' AS "period_kind",
          MAKE_DATE(CAST("t24"."year_key" AS BIGINT), 1, 1) AS "period_start",
          MAKE_DATE(CAST("t24"."year_key" AS BIGINT) + 1, 1, 1) AS "period_end",
          "t24"."extent",
          "t24"."year_key",
          "t24"."counts_in_year",
          "t24"."have",
          "t24"."rank",
          "t24"."share",
          "t24"."due",
          'subtree' AS "level"
        FROM "t22" AS "t24"
        WHERE
          "t24"."counts_in_year"
      ) AS "t30"
    ) AS "t33"
  ) AS "t34"
) AS "t35"
UNION ALL
SELECT
  *
FROM (
  SELECT
    "t45"."method_id",
    "t45"."measure",
    "t45"."unit",
    "t45"."subject_id",
    "t45"."period_key",
    "t45"."period_kind",
    "t45"."period_start",
    "t45"."period_end",
    'own' AS "extent",
    "t45"."year_key",
    "t45"."counts_in_year",
    0 AS "have",
    "t45"."rank",
    CAST(0.000000 AS DECIMAL(38, 6)) AS "share",
    "t45"."due",
    'subtree' AS "level"
  FROM (
    SELECT
      "t44"."method_id",
      "t44"."measure",
      "t44"."unit",
      "t12"."subject_id",
      "t44"."period_key",
      "t44"."period_kind",
      "t44"."period_start",
      "t44"."period_end",
      "t44"."extent",
      "t44"."year_key",
      "t44"."counts_in_year",
      "t44"."have",
      "t44"."rank",
      "t44"."share",
      "t44"."due"
    FROM (
      SELECT
        "t42"."method_id",
        "t42"."measure",
        "t42"."unit",
        "t42"."subject_id" AS "inner_id",
        "t42"."period_key",
        "t42"."period_kind",
        "t42"."period_start",
        "t42"."period_end",
        "t42"."extent",
        "t42"."year_key",
        "t42"."counts_in_year",
        "t42"."have",
        "t42"."rank",
        "t42"."share",
        "t42"."due"
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
          "t20"."extent",
          "t20"."year_key",
          "t20"."counts_in_year",
          "t20"."have",
          "t20"."rank",
          "t20"."share",
          "t20"."due"
        FROM "t17" AS "t20"
        ANTI JOIN (
          SELECT
            *
          FROM (
            SELECT
              "t37"."method_id",
              "t37"."measure",
              "t37"."unit",
              "t37"."ancestor_id" AS "subject_id",
              "t37"."period_key",
              "t37"."period_kind",
              "t37"."period_start",
              "t37"."period_end",
              "t37"."extent",
              "t37"."year_key",
              "t37"."counts_in_year",
              "t37"."have",
              "t37"."rank",
              "t37"."share",
              "t37"."due"
            FROM "t36" AS "t37"
            WHERE
              "t37"."period_kind" <> 'year'
          ) AS "t38"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              "t37"."method_id",
              "t37"."measure",
              "t37"."unit",
              "t37"."ancestor_id" AS "subject_id",
              "t37"."year_key" AS "period_key",
              'year' AS "period_kind",
              MAKE_DATE(CAST("t37"."year_key" AS BIGINT), 1, 1) AS "period_start",
              MAKE_DATE(CAST("t37"."year_key" AS BIGINT) + 1, 1, 1) AS "period_end",
              "t37"."extent",
              "t37"."year_key",
              "t37"."counts_in_year",
              "t37"."have",
              "t37"."rank",
              "t37"."share",
              "t37"."due"
            FROM "t36" AS "t37"
            WHERE
              "t37"."counts_in_year"
          ) AS "t39"
        ) AS "t41"
          ON "t20"."method_id" = "t41"."method_id"
          AND "t20"."measure" = "t41"."measure"
          AND "t20"."subject_id" = "t41"."subject_id"
          AND "t20"."period_key" = "t41"."period_key"
      ) AS "t42"
    ) AS "t44"
    INNER JOIN (
      SELECT
        "t0"."ancestor_id" AS "subject_id",
        "t0"."subject_id" AS "inner_id",
        "t0"."valid_from",
        "t0"."valid_to",
        "t0"."depth"
      FROM "subject_closure" AS "t0"
      WHERE
        "t0"."depth" > 0
    ) AS "t12"
      ON "t44"."inner_id" = "t12"."inner_id"
      AND "t12"."valid_from" < "t44"."period_end"
      AND "t44"."period_end" <= "t12"."valid_to"
  ) AS "t45"
) AS "t46"
