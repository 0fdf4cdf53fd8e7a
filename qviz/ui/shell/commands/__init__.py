"""What the user can do: a class for each menu, a method for each command; its declaration is all it needs."""
