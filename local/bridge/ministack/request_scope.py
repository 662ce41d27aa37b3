"""The account and the region by which ministack finds what belongs to a request."""

import contextlib
import importlib


@contextlib.contextmanager
def request_scope(account, region):
    responses = importlib.import_module("ministack.core.responses")
    account_token = responses._request_account_id.set(account)
    region_token = responses._request_region.set(region)
    try:
        yield
    finally:
        responses._request_region.reset(region_token)
        responses._request_account_id.reset(account_token)
