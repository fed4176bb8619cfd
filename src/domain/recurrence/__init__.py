"""When a schedule is due: Recurrence, cron expressions and their errors, and what a clock change does."""
