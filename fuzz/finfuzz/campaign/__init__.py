"""Run programs for a while: engine, worker, supervisor, screen."""
