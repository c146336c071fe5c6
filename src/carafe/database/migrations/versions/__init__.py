"""One file a step, named by its revision; a step that was released never changes."""
