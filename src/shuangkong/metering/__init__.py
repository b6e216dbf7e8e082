"""Metering (计量): readings in, none lost and none invented; flaws beside them; physical quantities rolled up."""
