"""What this process may take of the machine: memory and processors."""
