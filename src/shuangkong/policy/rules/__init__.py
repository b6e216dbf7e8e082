"""Rules as decision tables (决策表): expressions, cells, the model of a table, and its checks."""
