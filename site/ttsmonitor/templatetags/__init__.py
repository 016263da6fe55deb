"""What templates of both sites load."""
