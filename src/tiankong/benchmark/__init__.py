"""Trains our systems and their alternatives on one prepared corpus and compares them."""
