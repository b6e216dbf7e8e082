"""A made-up province that sends readings (合成数据模拟): for trials, demonstrations and load; never for figures."""
