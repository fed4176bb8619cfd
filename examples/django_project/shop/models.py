"""The tables of the shop."""

from __future__ import annotations

from django.db import models


class Item(models.Model):
    """Something to sell, and how many are left."""

    name = models.CharField(max_length=100, unique=True)
    left = models.PositiveIntegerField()


class Order(models.Model):
    """One order of one item."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    email = models.EmailField()
    receipt_sent = models.BooleanField(default=False)
