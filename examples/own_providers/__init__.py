"""Adapters, hooks and observers of your own, without touching the package.

In the folder above:  hexjobs worker --config own_providers/hexjobs.yaml
and:                  hexjobs submit book_payment '{"amount": 5}' --config own_providers/hexjobs.yaml
"""
