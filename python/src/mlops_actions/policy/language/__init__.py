"""What a rule asks: its text, read into values that can be judged; nothing is evaluated."""
