"""Registry (主体名录): regions, units, sites, parks and products, their codes and parenthood over time."""
