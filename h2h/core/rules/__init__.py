"""What is checked of payments and statements. `table` lists the rules; `judge` keeps what they find, and waives."""
