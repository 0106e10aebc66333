"""Pictures drawn by the program: portraits, identity copies, letters. Nobody is shown in them."""

from __future__ import annotations

import io
import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

BACKGROUNDS = ("#dfe6ec", "#cfe0ea", "#e6e1d6", "#d8e6df")
SKIN = ("#f1c9a5", "#e8b98f", "#f5d3b3", "#d9a679")
HAIR = ("#1c1a19", "#2b211c", "#3a2a20", "#111111")
CLOTHES = ("#2c3e50", "#34495e", "#0b6b6b", "#5b3a5e", "#7a2e2e", "#22303c")


def portrait(seed: int) -> bytes:
    """A passport-like picture, 440 × 560, JPEG; the same for the same seed."""
    chance = random.Random(seed)
    image = Image.new("RGB", (440, 560), chance.choice(BACKGROUNDS))
    draw = ImageDraw.Draw(image)
    skin, hair, cloth = chance.choice(SKIN), chance.choice(HAIR), chance.choice(CLOTHES)
    wide, long_hair = chance.randint(96, 112), chance.random() < 0.45
    if long_hair:
        draw.rounded_rectangle((220 - wide - 22, 120, 220 + wide + 22, 430), 90, fill=hair)
    draw.rounded_rectangle((60, 420, 380, 640), 110, fill=cloth)
    draw.polygon(((180, 410), (260, 410), (220, 500)), fill="#f4f6f7")
    draw.rectangle((188, 350, 252, 435), fill=skin)
    draw.ellipse((220 - wide, 120, 220 + wide, 395), fill=skin)
    draw.pieslice((220 - wide - 10, 90, 220 + wide + 10, 330), 180, 360, fill=hair)
    for x in (182, 258):
        draw.ellipse((x - 9, 248, x + 9, 264), fill="#2a2320")
        draw.line((x - 20, 228, x + 20, 226), fill=hair, width=6)
    draw.line((220, 262, 214, 300), fill="#b98562", width=4)
    draw.arc((186, 296, 254, 346), 20, 160, fill="#a4584c", width=5)
    if chance.random() < 0.35:
        for x in (182, 258):
            draw.ellipse((x - 30, 230, x + 30, 284), outline="#33404a", width=5)
        draw.line((212, 256, 228, 256), fill="#33404a", width=5)
    return _jpeg(image)


def paper(lines: list[str], font_file: Path, *, seal: bool) -> bytes:
    """A page with a few lines of text, and the company's red seal on it: a letter, or a copy of a document."""
    image = Image.new("RGB", (840, 1188), "#fdfdfb")
    draw = ImageDraw.Draw(image)
    title, body = ImageFont.truetype(str(font_file), 44), ImageFont.truetype(str(font_file), 26)
    draw.text((420, 130), lines[0], font=title, fill="#1b1b1b", anchor="mm")
    for number, line in enumerate(lines[1:]):
        draw.text((100, 240 + number * 56), line, font=body, fill="#2a2a2a")
    if seal:
        draw.ellipse((520, 820, 740, 1040), outline="#c3272b", width=7)
        points = [(630, 880), (643, 918), (684, 918), (651, 942), (664, 980), (630, 957), (596, 980), (609, 942), (576, 918), (617, 918)]
        draw.polygon(points, fill="#c3272b")
    return _jpeg(image)


def scene(seed: int) -> bytes:
    """A still of a camera in an aisle between racks, with a figure in it: 960 × 600, JPEG; the same for the same seed."""
    chance = random.Random(seed)
    image = Image.new("RGB", (960, 600), "#1c2329")
    draw = ImageDraw.Draw(image)
    draw.polygon(((400, 220), (560, 220), (900, 600), (60, 600)), fill="#39434b")
    for side in (-1, 1):
        for step in range(6):
            near, far = 480 + side * (80 + step * 66), 480 + side * (80 + (step + 1) * 66)
            top, bottom = 200 - step * 26, 240 + step * 60
            draw.polygon(((near, top), (far, top - 26), (far, bottom + 60), (near, bottom)), fill="#2a333b", outline="#0f1418")
            for light in range(7):
                if chance.random() < 0.7:
                    x, y = (near + far) // 2, top + 18 + light * (bottom - top) // 8
                    draw.rectangle((x - 4, y, x + 4, y + 3), fill=chance.choice(("#31c48d", "#e3a008", "#31c48d")))
    x = chance.randint(430, 530)
    draw.ellipse((x - 22, 250, x + 22, 300), fill="#a9927d")
    draw.rounded_rectangle((x - 46, 296, x + 46, 450), 26, fill=chance.choice(CLOTHES))
    draw.rectangle((x - 36, 440, x + 36, 540), fill="#20262b")
    draw.text((24, 20), f"CAM-{chance.randint(1, 24):02d}", fill="#e8edf1", font_size=26)
    return _jpeg(image)


def _jpeg(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=82)
    return content.getvalue()
