"""Commands of the program by area; each module has `add(app)`."""
