"""The views of the shop."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config.jobs import jobs
from shop.jobs import Receipt, send_receipt
from shop.models import Item, Order


class SoldOut(Exception):
    """Rolls the order back."""


def take_one(item: Item) -> None:
    """Take an item from the shelf; SoldOut where there is none."""
    if not Item.objects.filter(pk=item.pk, left__gt=0).update(left=F("left") - 1):
        raise SoldOut


@csrf_exempt
@require_POST
def place_order(request: HttpRequest) -> JsonResponse:
    """Take an order. Its job is submitted when the order is there to stay, and not at all when it is rolled back."""
    item = get_object_or_404(Item, name=request.POST["item"])
    try:
        with transaction.atomic():
            order = Order.objects.create(item=item, email=request.POST["email"])
            transaction.on_commit(partial(jobs.submit_job, send_receipt, Receipt(order_id=order.pk)))
            take_one(item)
    except SoldOut:
        return JsonResponse({"error": "sold out"}, status=409)
    return JsonResponse({"order_id": order.pk}, status=202)
