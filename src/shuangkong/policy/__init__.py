"""Policy documents as data: packs (规则包) of clauses, targets and dated parameters, and what is in force."""
