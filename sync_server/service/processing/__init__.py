"""Does the ops: units of work, their results, and recovery after a failed commit."""
