"""Spreadsheets (表格) in and out: reading, column mapping, checking in one pass, templates. No database."""
