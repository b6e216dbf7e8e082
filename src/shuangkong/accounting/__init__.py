"""Accounting (核算): books of energy, output, value and carbon; tce, CO2, deductions and indicators."""
