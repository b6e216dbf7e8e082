"""The engine: table contracts, the lake, the registry database, expressions and executors, runs."""
