"""Testkit: worked cases (算例) in YAML, one entry one test, for the program's rules and for pack authors."""
