"""When we look: the schedule, the threads that read, and the snapshot they keep."""
