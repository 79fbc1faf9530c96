"""The sweep: all small programs, smallest first, each once."""
