"""The instants of a recurrence, reckoned with cronsim, and its plain-language description."""
