"""Write a finding as a script: plain Python and one C++ file, nothing of finfuzz."""
