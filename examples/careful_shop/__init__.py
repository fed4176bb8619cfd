"""Handlers that bear what goes wrong: a run that fails halfway, a service that is down, hostile input, a timeout.

In the folder above:  hexjobs worker --config careful_shop/hexjobs.yaml
and:                  hexjobs submit order '{"amount": 5, "email": "ada@example.com"}' --config careful_shop/hexjobs.yaml
"""
