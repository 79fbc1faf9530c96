"""What is fuzzed: target specs, interpreters found, builds kept in a cache."""
