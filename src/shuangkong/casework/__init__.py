"""Casework (督办): measures being carried out, each with a person, a deadline, a paper, evidence and its history."""
