"""The check of the store, stage by stage: small scripts that look at a part each, and what ties them together."""
