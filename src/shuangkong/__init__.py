"""Shuangkong (双控): a government's plan for saving energy and cutting emissions, as something that runs."""

__version__ = "0.5.0"
