"""The web pages, the command line and the wiring: the one slice that may import all the others."""
