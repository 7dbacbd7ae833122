"""What the conversations of every account are doing, whether we started them or not."""
