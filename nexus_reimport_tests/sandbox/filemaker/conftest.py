"""The stand-in's application, asked without a network in between."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from nexus_reimport.sandbox.filemaker import FaultPlan, create_app

BASE = "http://sandbox/fmi/odata/v4/Clinic/"
AUTH = ("importer", "only-for-these-tests")
Ask = Callable[..., httpx.Response]


@pytest.fixture
def opened() -> Callable[..., Ask]:
    """Open a stand-in of five clinics and no events; return a function that asks it."""

    def start(*faults: Any, page_size: int = 10, **figures: Any) -> Ask:
        rows = [
            {"id": f"ID-{letter}", "Name": name, "SMS Toggle": flag, "id_key": None, "amount": amount}
            for letter, name, flag, amount in [
                ("C", "North Shore", 1, 10),
                ("A", "O'Hara's", None, 9),
                ("B", "east", 1, 9.5),
                ("E", None, 0, 2),
                ("D", "West", None, None),
            ]
        ]
        app = create_app(
            {"API_Clinic_Name": rows, "API_event": [], "API_Docs": [{"id": "1", "Type": "ERF"}]},
            database="Clinic",
            username=AUTH[0],
            password=AUTH[1],
            fmid_tokens=["good-token"],
            page_size=page_size,
            plan=FaultPlan(faults, **figures),
        )
        transport = httpx.ASGITransport(app=app)

        def ask(path: str, method: str = "GET", auth: Any = AUTH, fmid: str | None = None) -> httpx.Response:
            headers = {} if fmid is None else {"Authorization": f"FMID {fmid}"}

            async def send() -> httpx.Response:
                async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                    return await client.request(method, path, auth=None if fmid else auth, headers=headers)

            return asyncio.run(send())

        return ask

    return start


@pytest.fixture
def ask(opened: Callable[..., Ask]) -> Ask:
    """Ask a stand-in without faults, with a page size of ten."""
    return opened()
