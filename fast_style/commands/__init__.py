"""The commands: flags in, a call of the library, lines out."""
