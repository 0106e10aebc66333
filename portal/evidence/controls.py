"""Which file of a pack answers which clause, and what in it shows it. Told in both languages, since auditors of both read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Control:
    """One clause and the files that show it."""

    standard: str
    clause: str
    files: tuple[str, ...]
    zh: str
    en: str


PCI, ISO, SOC, GB = "PCI DSS 4.0.1", "ISO/IEC 27001:2022", "SOC 2", "GB/T 22239-2019"

CONTROLS: tuple[Control, ...] = (
    Control(PCI, "9.2.1.1", ("gate_events.csv", "presences.csv"),
            "敏感区域的每次进出均有记录：人员、机房、时间、值班人员；拒绝附原因代码。",
            "Every entry to a sensitive area is on record: person, room, times, guard; refusals with their reason code."),
    Control(PCI, "9.3.1", ("badges.csv", "rights_changes.csv"),
            "出入权限的申请人与批准人不同，授予、变更、撤销逐条可查。",
            "Who asks is not who approves; each grant, change and revocation of access can be looked up."),
    Control(PCI, "9.3.1.1", ("badges.csv", "rights_changes.csv", "access_reviews.csv"),
            "终止即刻生效（ended_at），卡片收回有日期（card_back_at）；季度复核清除不再需要的权限。",
            "Access ends at once (ended_at), the card's return is dated (card_back_at); quarterly reviews remove what is not needed."),
    Control(PCI, "9.3.2", ("visits.csv", "presences.csv", "emergencies.csv"),
            "访客进入前已获批准，是否陪同及陪同人员有记录，通行证到期失效。",
            "Visitors are authorised before entry; whether they are escorted, and by whom, is recorded; passes expire."),
    Control(PCI, "9.3.3", ("badges.csv", "presences.csv"),
            "离开或到期后证件失效；未收回的卡片可由空白的 card_back_at 查出。",
            "Passes are dead after exit or expiry; cards still out show as an empty card_back_at."),
    Control(PCI, "9.3.4", ("visits.csv", "presences.csv", "gate_events.csv"),
            "访客日志：姓名、单位、进出时间、批准人。",
            "Visitor log: name, organisation, times in and out, who authorised."),
    Control(PCI, "9.4.3", ("exit_items.csv",),
            "外送设备与介质逐件登记，可追踪至返回或核销。",
            "Equipment and media that leave are logged item by item and tracked until they are back or settled."),
    Control(PCI, "9.4.4", ("exit_items.csv",),
            "离开前已由客服核对并批准（approved_by、approved_at 早于 released_at）。",
            "Approved before it leaves (approved_by; approved_at before released_at)."),
    Control(ISO, "A.7.2", ("gate_events.csv", "presences.csv", "badges.csv"),
            "物理进入控制：凭证件进入、核验身份、留存记录。",
            "Physical entry: entry on a pass, identity verified, records kept."),
    Control(ISO, "A.7.9", ("exit_items.csv",),
            "场外资产：外送原因、应还日期、返回情况。",
            "Assets off-premises: why they left, when they are due back, whether they came."),
    Control(ISO, "A.7.10", ("exit_items.csv", "rights_changes.csv"),
            "存储介质的移出经授权并留痕。",
            "Media leave on authorisation only and leave a trail."),
    Control(ISO, "A.5.18", ("access_reviews.csv", "rights_changes.csv", "users.csv", "roles.csv"),
            "访问权限的授予、定期复核、调整与撤销。",
            "Access rights are granted, reviewed every quarter, adjusted and removed."),
    Control(SOC, "CC6.4", ("badges.csv", "presences.csv", "access_reviews.csv", "rights_changes.csv"),
            "物理访问的建立、变更、撤销和定期复核；任一时刻的在场名单。",
            "Physical access is created, changed, removed and reviewed; the roster of any moment follows from the stays."),
    Control(GB, "8.1.1.2", ("gate_events.csv", "presences.csv", "shifts.csv"),
            "机房出入口有人值守，控制、鉴别和记录进入的人员；交接班有签字记录。",
            "The entrance is manned and controlled; whoever enters is identified and recorded; shifts are signed over."),
    Control(GB, "8.1.8.4", ("visits.csv", "emergencies.csv", "rights_changes.csv"),
            "外部人员：书面申请、批准、全程陪同、登记，离场后权限清除。",
            "Outsiders: written application, approval, escort, registration; rights removed after they leave."),
    Control(GB, "8.1.10.4", ("exit_items.csv",),
            "设备经审批后方可带离机房。",
            "Equipment leaves only after approval."),
    Control(GB, "8.1.10.2", ("violations.csv", "retention.csv", "audit.csv", "audit_chain.csv"),
            "违规处置、记录保存期限与审计链完整。",
            "Violations dealt with, records kept for their period, the audit chain whole."),
)  # fmt: skip


def held(control: Control, names: set[str]) -> tuple[str, ...]:
    """Those of a control's files that a pack holds."""
    return tuple(name for name in control.files if name in names)


def as_markdown(names: set[str]) -> str:
    """The mapping as a text to read."""
    lines = ["# 控制项对照 / What shows which control", ""]
    for standard in (PCI, ISO, SOC, GB):
        lines += [f"## {standard}", "", "| 条款 Clause | 文件 Files | 说明 What shows it |", "| --- | --- | --- |"]
        lines += [
            f"| {control.clause} | {', '.join(held(control, names))} | {control.zh}<br>{control.en} |"
            for control in CONTROLS
            if control.standard == standard and held(control, names)
        ]
        lines.append("")
    return "\n".join(lines)
