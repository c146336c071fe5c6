"""What is measured, one file a part, in the order in which the suite measures."""
