"""Files of arrays that others wrote, read for their numbers alone: nothing in them is executed."""
