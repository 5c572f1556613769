"""The ways in beside the queue: each brings what it finds to the queue as events, and forgets it only afterwards."""
