"""Dual control (双控): targets shared out, watched through the year, flexed lawfully; for energy, coal and carbon."""
