"""What the user can do, a method a command: its declaration is all that a new one needs."""
