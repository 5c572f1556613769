"""A page, and one that somebody has signed in to."""

import pytest
import redis
from support.web_page import Page


@pytest.fixture
def page(redis_client: redis.Redis, redis_prefix: str) -> Page:
    return Page(redis_client, redis_prefix)


@pytest.fixture
def signed_in(page: Page) -> Page:
    page.fill()
    page.sign_in()
    return page
