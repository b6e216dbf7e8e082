SELECT
  *
FROM (
  SELECT
    "t8"."entry_id",
    "t3"."method_id",
    "t3"."measure",
    "t8"."subject_id",
    "t8"."period_key",
    "t8"."period_kind",
    "t8"."period_start",
    "t8"."period_end",
    "t3"."part",
    "t8"."extent",
    CAST("t8"."quantity" * "t3"."factor" AS DECIMAL(38, 6)) AS "amount",
    "t3"."measure_unit" AS "unit",
    CASE
      WHEN "t8"."quantity" IS NULL
      THEN "t8"."state"
      WHEN "t3"."factor" IS NULL
      THEN "t3"."factor_state"
      WHEN "t8"."measured" IS NOT NULL
      THEN 'partial'
      ELSE 'ok'
    END AS "state",
    "t3"."factor_key",
    CASE
      WHEN GREATEST(
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
        END,
        CASE
          WHEN "t3"."factor_confidence" = 'confirmed'
          THEN 0
          WHEN "t3"."factor_confidence" = 'inferred'
          THEN 1
          WHEN "t3"."factor_confidence" = 'unofficial'
          THEN 2
          WHEN "t3"."factor_confidence" = 'recalled'
          THEN 3
          WHEN "t3"."factor_confidence" = 'synthetic'
          THEN 4
          WHEN "t3"."factor_confidence" = 'candidate'
          THEN 5
          ELSE 0
        END
      ) = 0
      THEN 'confirmed'
      WHEN GREATEST(
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
        END,
        CASE
          WHEN "t3"."factor_confidence" = 'confirmed'
          THEN 0
          WHEN "t3"."factor_confidence" = 'inferred'
          THEN 1
          WHEN "t3"."factor_confidence" = 'unofficial'
          THEN 2
          WHEN "t3"."factor_confidence" = 'recalled'
          THEN 3
          WHEN "t3"."factor_confidence" = 'synthetic'
          THEN 4
          WHEN "t3"."factor_confidence" = 'candidate'
          THEN 5
          ELSE 0
        END
      ) = 1
      THEN 'inferred'
      WHEN GREATEST(
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
        END,
        CASE
          WHEN "t3"."factor_confidence" = 'confirmed'
          THEN 0
          WHEN "t3"."factor_confidence" = 'inferred'
          THEN 1
          WHEN "t3"."factor_confidence" = 'unofficial'
          THEN 2
          WHEN "t3"."factor_confidence" = 'recalled'
          THEN 3
          WHEN "t3"."factor_confidence" = 'synthetic'
          THEN 4
          WHEN "t3"."factor_confidence" = 'candidate'
          THEN 5
          ELSE 0
        END
      ) = 2
      THEN 'unofficial'
      WHEN GREATEST(
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
        END,
        CASE
          WHEN "t3"."factor_confidence" = 'confirmed'
          THEN 0
          WHEN "t3"."factor_confidence" = 'inferred'
          THEN 1
          WHEN "t3"."factor_confidence" = 'unofficial'
          THEN 2
          WHEN "t3"."factor_confidence" = 'recalled'
          THEN 3
          WHEN "t3"."factor_confidence" = 'synthetic'
          THEN 4
          WHEN "t3"."factor_confidence" = 'candidate'
          THEN 5
          ELSE 0
        END
      ) = 3
      THEN 'recalled'
      WHEN GREATEST(
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
        END,
        CASE
          WHEN "t3"."factor_confidence" = 'confirmed'
          THEN 0
          WHEN "t3"."factor_confidence" = 'inferred'
          THEN 1
          WHEN "t3"."factor_confidence" = 'unofficial'
          THEN 2
          WHEN "t3"."factor_confidence" = 'recalled'
          THEN 3
          WHEN "t3"."factor_confidence" = 'synthetic'
          THEN 4
          WHEN "t3"."factor_confidence" = 'candidate'
          THEN 5
          ELSE 0
        END
      ) = 4
      THEN 'synthetic'
      WHEN GREATEST(
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
        END,
        CASE
          WHEN "t3"."factor_confidence" = 'confirmed'
          THEN 0
          WHEN "t3"."factor_confidence" = 'inferred'
          THEN 1
          WHEN "t3"."factor_confidence" = 'unofficial'
          THEN 2
          WHEN "t3"."factor_confidence" = 'recalled'
          THEN 3
          WHEN "t3"."factor_confidence" = 'synthetic'
          THEN 4
          WHEN "t3"."factor_confidence" = 'candidate'
          THEN 5
          ELSE 0
        END
      ) = 5
      THEN 'candidate'
      ELSE 'confirmed'
    END AS "confidence",
    "t8"."measured"
  FROM (
    SELECT
      "t6"."entry_id",
      "t6"."book",
      "t6"."subject_id",
      "t6"."period_key",
      "t6"."period_kind",
      "t6"."period_start",
      "t6"."period_end",
      "t6"."item",
      "t6"."role",
      "t6"."extent",
      "t6"."quantity",
      "t6"."unit",
      "t6"."basis",
      "t6"."price_base",
      "t6"."state",
      "t6"."use",
      "t6"."source_id",
      "t6"."source_row",
      "t6"."known_on",
      "t6"."recorded_at",
      "t6"."corrects",
      "t6"."confidence",
      "t6"."measured",
      "t6"."subject_id_right",
      COALESCE("t6"."area", '') AS "area",
      "t6"."sector",
      CAST(EXTRACT(year FROM "t6"."period_start") AS BIGINT) AS "year",
      COALESCE("t6"."sector", '') AS "sector_of",
      COALESCE("t6"."basis", "t6"."price_base", '') AS "stated"
    FROM (
      SELECT
        "t4"."entry_id",
        "t4"."book",
        "t4"."subject_id",
        "t4"."period_key",
        "t4"."period_kind",
        "t4"."period_start",
        "t4"."period_end",
        "t4"."item",
        "t4"."role",
        "t4"."extent",
        "t4"."quantity",
        "t4"."unit",
        "t4"."basis",
        "t4"."price_base",
        "t4"."state",
        "t4"."use",
        "t4"."source_id",
        "t4"."source_row",
        "t4"."known_on",
        "t4"."recorded_at",
        "t4"."corrects",
        "t4"."confidence",
        "t4"."measured",
        "t5"."subject_id" AS "subject_id_right",
        "t5"."area",
        "t5"."sector"
      FROM "book_entries" AS "t4"
      LEFT OUTER JOIN "areas" AS "t5"
        ON "t4"."subject_id" = "t5"."subject_id"
    ) AS "t6"
  ) AS "t8"
  INNER JOIN "factors" AS "t3"
    ON "t8"."book" = "t3"."book"
    AND "t8"."item" = "t3"."item"
    AND "t8"."role" = "t3"."role"
    AND "t8"."unit" = "t3"."entry_unit"
    AND "t8"."year" = "t3"."factor_year"
    AND "t8"."area" = "t3"."factor_area"
    AND "t8"."stated" = "t3"."stated_basis"
    AND (
      (
        "t3"."sector" = ''
      ) OR (
        "t3"."sector" = "t8"."sector_of"
      )
    )
) AS "t9"
