"""Tests of the shop: python manage.py test"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from django.test import TestCase

from hexjobs.testing import TestJobs
from shop import views
from shop.models import Item, Order


class OrderTest(TestCase):
    """The handlers run in the test's own thread, so they see the rows of its transaction."""

    def setUp(self) -> None:
        self.jobs = self.enterContext(TestJobs(handlers=["config.jobs", "shop.jobs"]))
        self.enterContext(patch.object(views, "jobs", self.jobs.service))

    def order_a_book(self, left: int) -> Any:
        Item.objects.create(name="book", left=left)
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post("/orders/", {"item": "book", "email": "ada@example.com"})

    def test_an_order_gets_its_receipt(self) -> None:
        answer = self.order_a_book(left=1)
        self.jobs.assert_submitted("send_receipt", order_id=answer.json()["order_id"])
        self.jobs.drain(raise_errors=True)
        assert Order.objects.get().receipt_sent

    def test_an_order_that_is_rolled_back_leaves_no_job(self) -> None:
        answer = self.order_a_book(left=0)
        assert answer.status_code == 409
        self.jobs.assert_not_submitted("send_receipt")
