"""Judgement (判定): clauses × indicators → findings; decision tables; differences between runs; why."""
