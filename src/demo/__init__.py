"""`hexjobs demo`: real jobs of every kind on real servers, each effect checked. `run_demo.py` is the place to begin."""
