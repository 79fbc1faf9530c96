"""Care of a folder of programs: the smallest set that covers as much, import, what is in it."""
