"""What is measured, a subject in each module: an asynchronous generator that yields the figures of one round."""
