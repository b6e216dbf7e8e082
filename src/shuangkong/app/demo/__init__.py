"""The demo: carried real figures, the synthetic city 示范市（合成）, and the steps that load them."""
