"""What a death means: diagnose, bucket, confirm, minimize, write the standalone script."""
