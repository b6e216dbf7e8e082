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
          'coal_total' AS "indicator_id",
          '' AS "base",
          "t0"."method_id",
          "t0"."subject_id",
          "t0"."period_key",
          "t0"."period_kind",
          "t0"."period_start",
          "t0"."period_end",
          "t0"."value",
          "t0"."over",
          "t0"."under",
          "t0"."state",
          "t0"."needs",
          "t0"."coverage",
          "t0"."rank"
        FROM "coal_total" AS "t0"
      ) AS "t17"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          'coal_share' AS "indicator_id",
          '' AS "base",
          "t1"."method_id",
          "t1"."subject_id",
          "t1"."period_key",
          "t1"."period_kind",
          "t1"."period_start",
          "t1"."period_end",
          "t1"."value",
          "t1"."over",
          "t1"."under",
          "t1"."state",
          "t1"."needs",
          "t1"."coverage",
          "t1"."rank"
        FROM "coal_share" AS "t1"
      ) AS "t18"
    ) AS "t34"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          'nonfossil_share' AS "indicator_id",
          '' AS "base",
          "t2"."method_id",
          "t2"."subject_id",
          "t2"."period_key",
          "t2"."period_kind",
          "t2"."period_start",
          "t2"."period_end",
          "t2"."value",
          "t2"."over",
          "t2"."under",
          "t2"."state",
          "t2"."needs",
          "t2"."coverage",
          "t2"."rank"
        FROM "nonfossil_share" AS "t2"
      ) AS "t19"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          'electricity_total' AS "indicator_id",
          '' AS "base",
          "t3"."method_id",
          "t3"."subject_id",
          "t3"."period_key",
          "t3"."period_kind",
          "t3"."period_start",
          "t3"."period_end",
          "t3"."value",
          "t3"."over",
          "t3"."under",
          "t3"."state",
          "t3"."needs",
          "t3"."coverage",
          "t3"."rank"
        FROM "electricity_total" AS "t3"
      ) AS "t20"
    ) AS "t35"
  ) AS "t42"
  UNION ALL
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
          'energy_per_gdp' AS "indicator_id",
          '' AS "base",
          "t4"."method_id",
          "t4"."subject_id",
          "t4"."period_key",
          "t4"."period_kind",
          "t4"."period_start",
          "t4"."period_end",
          "t4"."value",
          "t4"."over",
          "t4"."under",
          "t4"."state",
          "t4"."needs",
          "t4"."coverage",
          "t4"."rank"
        FROM "energy_per_gdp" AS "t4"
      ) AS "t21"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          'energy_per_industrial_value_added' AS "indicator_id",
          '' AS "base",
          "t5"."method_id",
          "t5"."subject_id",
          "t5"."period_key",
          "t5"."period_kind",
          "t5"."period_start",
          "t5"."period_end",
          "t5"."value",
          "t5"."over",
          "t5"."under",
          "t5"."state",
          "t5"."needs",
          "t5"."coverage",
          "t5"."rank"
        FROM "energy_per_industrial_value_added" AS "t5"
      ) AS "t22"
    ) AS "t36"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          'co2_total' AS "indicator_id",
          '' AS "base",
          "t6"."method_id",
          "t6"."subject_id",
          "t6"."period_key",
          "t6"."period_kind",
          "t6"."period_start",
          "t6"."period_end",
          "t6"."value",
          "t6"."over",
          "t6"."under",
          "t6"."state",
          "t6"."needs",
          "t6"."coverage",
          "t6"."rank"
        FROM "co2_total" AS "t6"
      ) AS "t23"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          'co2_per_gdp' AS "indicator_id",
          '' AS "base",
          "t7"."method_id",
          "t7"."subject_id",
          "t7"."period_key",
          "t7"."period_kind",
          "t7"."period_start",
          "t7"."period_end",
          "t7"."value",
          "t7"."over",
          "t7"."under",
          "t7"."state",
          "t7"."needs",
          "t7"."coverage",
          "t7"."rank"
        FROM "co2_per_gdp" AS "t7"
      ) AS "t24"
    ) AS "t37"
  ) AS "t43"
) AS "t46"
UNION ALL
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
          'product_energy_intensity' AS "indicator_id",
          '' AS "base",
          "t8"."method_id",
          "t8"."subject_id",
          "t8"."period_key",
          "t8"."period_kind",
          "t8"."period_start",
          "t8"."period_end",
          "t8"."value",
          "t8"."over",
          "t8"."under",
          "t8"."state",
          "t8"."needs",
          "t8"."coverage",
          "t8"."rank"
        FROM "product_energy_intensity" AS "t8"
      ) AS "t25"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          'cod_monitored' AS "indicator_id",
          '' AS "base",
          "t9"."method_id",
          "t9"."subject_id",
          "t9"."period_key",
          "t9"."period_kind",
          "t9"."period_start",
          "t9"."period_end",
          "t9"."value",
          "t9"."over",
          "t9"."under",
          "t9"."state",
          "t9"."needs",
          "t9"."coverage",
          "t9"."rank"
        FROM "cod_monitored" AS "t9"
      ) AS "t26"
    ) AS "t38"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          'ammonia_nitrogen_monitored' AS "indicator_id",
          '' AS "base",
          "t10"."method_id",
          "t10"."subject_id",
          "t10"."period_key",
          "t10"."period_kind",
          "t10"."period_start",
          "t10"."period_end",
          "t10"."value",
          "t10"."over",
          "t10"."under",
          "t10"."state",
          "t10"."needs",
          "t10"."coverage",
          "t10"."rank"
        FROM "ammonia_nitrogen_monitored" AS "t10"
      ) AS "t27"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          'nox_monitored' AS "indicator_id",
          '' AS "base",
          "t11"."method_id",
          "t11"."subject_id",
          "t11"."period_key",
          "t11"."period_kind",
          "t11"."period_start",
          "t11"."period_end",
          "t11"."value",
          "t11"."over",
          "t11"."under",
          "t11"."state",
          "t11"."needs",
          "t11"."coverage",
          "t11"."rank"
        FROM "nox_monitored" AS "t11"
      ) AS "t28"
    ) AS "t39"
  ) AS "t44"
  UNION ALL
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
          'so2_monitored' AS "indicator_id",
          '' AS "base",
          "t12"."method_id",
          "t12"."subject_id",
          "t12"."period_key",
          "t12"."period_kind",
          "t12"."period_start",
          "t12"."period_end",
          "t12"."value",
          "t12"."over",
          "t12"."under",
          "t12"."state",
          "t12"."needs",
          "t12"."coverage",
          "t12"."rank"
        FROM "so2_monitored" AS "t12"
      ) AS "t29"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          'particulates_monitored' AS "indicator_id",
          '' AS "base",
          "t13"."method_id",
          "t13"."subject_id",
          "t13"."period_key",
          "t13"."period_kind",
          "t13"."period_start",
          "t13"."period_end",
          "t13"."value",
          "t13"."over",
          "t13"."under",
          "t13"."state",
          "t13"."needs",
          "t13"."coverage",
          "t13"."rank"
        FROM "particulates_monitored" AS "t13"
      ) AS "t30"
    ) AS "t40"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          'voc_monitored' AS "indicator_id",
          '' AS "base",
          "t14"."method_id",
          "t14"."subject_id",
          "t14"."period_key",
          "t14"."period_kind",
          "t14"."period_start",
          "t14"."period_end",
          "t14"."value",
          "t14"."over",
          "t14"."under",
          "t14"."state",
          "t14"."needs",
          "t14"."coverage",
          "t14"."rank"
        FROM "voc_monitored" AS "t14"
      ) AS "t31"
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          *
        FROM (
          SELECT
            'energy_total' AS "indicator_id",
            '' AS "base",
            "t15"."method_id",
            "t15"."subject_id",
            "t15"."period_key",
            "t15"."period_kind",
            "t15"."period_start",
            "t15"."period_end",
            "t15"."value",
            "t15"."over",
            "t15"."under",
            "t15"."state",
            "t15"."needs",
            "t15"."coverage",
            "t15"."rank"
          FROM "energy_total" AS "t15"
        ) AS "t32"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            'energy_total_assessed' AS "indicator_id",
            '' AS "base",
            "t16"."method_id",
            "t16"."subject_id",
            "t16"."period_key",
            "t16"."period_kind",
            "t16"."period_start",
            "t16"."period_end",
            "t16"."value",
            "t16"."over",
            "t16"."under",
            "t16"."state",
            "t16"."needs",
            "t16"."coverage",
            "t16"."rank"
          FROM "energy_total_assessed" AS "t16"
        ) AS "t33"
      ) AS "t41"
    ) AS "t45"
  ) AS "t47"
) AS "t48"
