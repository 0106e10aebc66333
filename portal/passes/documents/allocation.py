"""The allocation sheet [R-W4]: rack position, IP, mask, gateway, switch and port of each item in service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.passes.documents import sheet, words
from portal.passes.documents.blocks import Column, Fact
from portal.passes.documents.paper import LANDSCAPE, Paper
from portal.passes.documents.sheet import Sheet
from portal.passes.documents.style import Bilingual


@dataclass(frozen=True, slots=True)
class Allocated:
    """One item with one address and one port. An item that holds more has a line for each [R-W3]."""

    model: str
    serial: str
    position: str
    address: str
    mask: str
    gateway: str
    switch: str
    port: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """`work_order` is the number of the order that the items came in with."""

    paper: Paper
    client: str
    contract: str
    work_order: str
    room: str
    items: Sequence[Allocated]


TITLE = Bilingual("资源分配单", "Allocation sheet")
COLUMNS = (
    Column(Bilingual("设备", "Equipment"), 66, strong=True),
    Column(Bilingual("机位", "Position"), 32),
    Column(Bilingual("IP 地址", "IP address"), 46, strong=True),
    Column(Bilingual("掩码", "Mask"), 30),
    Column(Bilingual("网关", "Gateway"), 38),
    Column(Bilingual("交换机与端口", "Switch and port"), 43, even=True),
)
NOTES = (
    Bilingual(
        "一台服务器使用一个 IP 地址和一个网络端口。不得擅自更改 IP、端口或机位；如需变更，请在门户提交申请。",
        "One server uses one IP address and one port. Do not change address, port or position: ask for it in the portal.",
    ),
)


def render(data: Allocation, locale: str) -> bytes:
    """The sheet as a PDF."""
    servers = len({item.serial for item in data.items})
    addresses = len({item.address for item in data.items})
    return sheet.render(
        data.paper,
        [
            Sheet(
                title=TITLE,
                facts=[
                    Fact(Bilingual("客户", "Client"), data.client),
                    Fact(Bilingual("托管合同", "Contract"), data.contract),
                    Fact(Bilingual("开工单", "Work order"), data.work_order),
                    Fact(Bilingual("机房", "Room"), data.room),
                ],
                columns=COLUMNS,
                rows=[((i.model, i.serial), (i.position,), (i.address,), (i.mask,), (i.gateway,), (i.switch, i.port)) for i in data.items],
                total=Bilingual(
                    f"共计：{words.in_chinese(servers)}台（{servers} 台），{addresses} 个 IP 地址",
                    f"In all: {words.in_english(servers)} ({servers}) {words.items(servers)}, IP addresses: {addresses}",
                ),
                notes=NOTES,
                page=LANDSCAPE,
            )
        ],
        locale,
    )
