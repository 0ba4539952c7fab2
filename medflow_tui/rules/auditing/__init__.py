"""What may stand in the audit, whether its chain holds, and what a review of it shows: pure."""
