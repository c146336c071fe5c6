"""From a table and a recipe to an evaluated model."""
