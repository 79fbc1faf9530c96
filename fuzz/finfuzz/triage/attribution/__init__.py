"""Find the owner of a defect from the controls."""
