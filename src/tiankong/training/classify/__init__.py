"""Training a classifier, whatever its labels are."""
