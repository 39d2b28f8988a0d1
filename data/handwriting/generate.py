"""Draw the sample pictures of handwritten digits: ``python data/handwriting/generate.py``.

No picture here was taken from anyone: each is drawn by this file, the same one on every run.

1. ``forms.csv`` holds the pen strokes of each digit as a few points, several forms for a digit.
2. `hand.Hand` (slant, proportions, tremor, haste, which forms it prefers) makes them paths.
3. `paper.ink` runs a `paper.Pen` (width, pressure, grain, ...) along the paths.
4. `paper.painting` lays the ink on a plain background, as a paint program does; `paper.photo` lays
   it on paper, with lines, a desk, light and shadow, and looks at it through a camera.
5. ``STYLES`` below says what to draw. Every picture has a random generator of its own, seeded
   with its name, so that one can be drawn without the others and all come out alike each time.

``labels.csv`` names each picture's style, its label (``-`` begins a new row of digits) and a
description that serves as alternative text.
"""

import csv
from pathlib import Path

import numpy as np
from paper import painting, photo
from PIL import Image

FOLDER = Path(__file__).parent
SEED = 2026
ORIENTATION = 0x0112  # the EXIF tag

SEEDED_AS = {
    "colored-background": "coloured-ground",
    "elongated": "long-shape",
    "grid-red": "squared-red",
    "light-on-color": "light-on-colour",
    "off-center": "off-centre",
    "paint-wide": "paint-thick",
}
"""Earlier names of styles, which still seed their pictures: so a new name changes no picture."""

ALL = "0123456789"
BLACK, WHITE = (0, 0, 0), (1, 1, 1)
# style: (labels, file ending, what to say of it, how to draw it, options);
# an option that is a dict holds a value for each label.
# fmt: off
STYLES = {
    # Drawn on a screen.
    "paint": (ALL, "png", "in black with a paint program", painting, {}),
    "paint-inverted": ("024579", "png", "in white on black with a paint program", painting,
        dict(color=WHITE, background=BLACK, size=(400, 400), height=0.6)),
    "paint-wide": ("12368", "png", "with a very wide brush in a paint program", painting,
        dict(pen="wide", size=(200, 200), height=0.68)),
    "paint-hairline": ("1367", "png", "with a thin pen in a paint program", painting,
        dict(pen="thin", size=(500, 460), height=0.75, crisp=True, jerk=0.05)),
    "colored-background": ("02468", "png", "in dark blue on a colored background", painting,
        dict(color=(0.15, 0.2, 0.65), size=(320, 260), jerk=0.04, background={"0": (1, 0.72, 0.8),
             "2": (0.7, 0.9, 0.12), "4": (1, 0.78, 0.05), "6": (0.5,) * 3, "8": (0.2, 0.75, 0.4)})),
    "light-on-color": ("1579", "png", "in a light color on a dark one", painting,
        dict(color=(1, 0.9, 0.3), pen="wide", size=(128, 128), crisp=True, height=0.6,
             background={"1": (0.5, 0, 0.1), "5": (0, 0.3, 0.6), "7": (0.3,) * 3,
                         "9": (0, 0.4, 0.2)})),
    "transparent-dark": ("01358", "png", "in black ink on a transparent background", painting,
        dict(color=BLACK, mode="RGBA", size=(300, 340))),
    "transparent-light": ("24679", "png", "in white ink on a transparent background", painting,
        dict(color=WHITE, mode="LA", size=(260, 300), pen="brush")),
    "palette": ("2578", "png", "in sixteen colors", painting,
        dict(mode="P", size=(96, 96), color=(0.6, 0.1, 0.1), background=(1, 1, 0.8))),
    "one-bit": ("0469", "png", "in pure black and white pixels", painting,
        dict(mode="1", size=(48, 56), crisp=True)),
    "sixteen-bit": ("1379", "png", "in 16-bit gray", painting,
        dict(mode="I;16", size=(120, 120), color=(0.2,) * 3, background=(0.9,) * 3)),
    "tiny": ("02358", "png", "of 16 x 16 pixels", painting,
        dict(mode="L", size=(16, 16), height=0.75)),
    "off-center": ("13579", "png", "far from the middle of the picture", painting,
        dict(size=(300, 220), height=0.4, at={"1": (0.92, 0.5), "3": (0.14, 0.25),
             "5": (0.88, 0.76), "7": (0.13, 0.74), "9": (0.5, 0.23)})),
    "elongated": ("0158", "png", "in a picture far from square", painting,
        dict(size={"0": (900, 150), "1": (120, 800), "5": (640, 110), "8": (150, 900)},
             height={"0": 0.7, "1": 0.16, "5": 0.7, "8": 0.12},
             at={"0": (0.3, 0.5), "1": (0.5, 0.3), "5": (0.8, 0.5), "8": (0.5, 0.6)})),
    "broken": ("0345789", "png", "whose strokes do not meet", painting,
        dict(kind="broken", size=(240, 280))),
    "sloppy": (ALL, "png", "in a hurry, hard to tell", painting,
        dict(kind="sloppy", size=(200, 240))),
    # Drawn on paper.
    "scan": (ALL, "jpg", "with a felt tip on white paper, scanned", photo,
        dict(size=(240, 300), paper=(0.97, 0.97, 0.96), tilt=0.02, blur=0.6, grit=0.006)),
    "brush": ("2356", "jpg", "with brush and ink, scanned", photo,
        dict(pen="brush", size=(300, 360), paper=(0.95, 0.94, 0.9), height=0.6, blur=0.6)),
    "photo-shadow": ("02357", "jpg", "on white paper with a shadow across it", photo,
        dict(light=["shadow"], size=(800, 600))),
    "photo-vignette": ("1489", "jpg", "on gray paper in a picture with dark corners", photo,
        dict(light=["vignette", "dim"], size=(600, 800), pen="black ball", height=0.35)),
    "photo-lamp": ("2469", "jpg", "on cream paper by the light of a lamp", photo,
        dict(light=["lamp"], paper=(0.9, 0.87, 0.78), size=(720, 720), pen="marker")),
    "show-through": ("357", "jpg", "on thin paper with writing shining through", photo,
        dict(light=["dim"], ghost=0.14, pen="ball", size=(480, 480), height=0.4)),
    "pencil": ("0567", "jpg", "in soft pencil", photo,
        dict(pen="pencil", light=["vignette"], size=(560, 640))),
    "hairline": ("1248", "jpg", "in faint hard pencil on a large sheet", photo,
        dict(pen="hairline", size=(1000, 1000), height=0.5, light=["dim"], grit=0.007)),
    "ruled-blue": ("13459", "jpg", "in blue ball pen on ruled paper", photo,
        dict(pen="ball", lines="ruled", size=(600, 600), height=0.35, light=["vignette"])),
    "grid-red": ("02678", "jpg", "in red ink on graph paper", photo,
        dict(pen="red", lines="grid", size=(600, 600), height=0.35)),
    "chalk": ("13579", "jpg", "in chalk on a blackboard", photo,
        dict(pen="chalk", paper=(0.16, 0.2, 0.18), size=(640, 480), height=0.6, cloud=0.12)),
    "crayon": ("0289", "jpg", "in blue wax crayon", photo, dict(pen="crayon", size=(500, 560))),
    "sticky-note": ("1467", "jpg", "with a felt tip on a yellow note", photo,
        dict(paper=(0.95, 0.87, 0.35), size=(500, 500), light=["shadow"])),
    "blue-card": ("0389", "jpg", "with a marker on blue card", photo,
        dict(paper=(0.45, 0.62, 0.78), size=(500, 500), pen="marker")),
    "scrawl": ("4568", "jpg", "gone over several times with a ball pen", photo,
        dict(pen="scrawl", size=(540, 960), height=0.25, paper=(0.8, 0.79, 0.74))),
    "dark-frame": ("2479", "jpg", "on a sheet with its edges and the dark desk in sight", photo,
        dict(desk=(0.16, 0.12, 0.1), size=(700, 620), light=["vignette"])),
    "far-corner": ("0268", "jpg", "small in a corner of a sheet", photo,
        dict(size=(900, 675), height=0.16, tilt=0.01, wander=0.01,
             at={"0": (0.1, 0.14), "2": (0.9, 0.15), "6": (0.1, 0.84), "8": (0.9, 0.85)})),
    "tiny-on-sheet": ("49", "jpg", "tiny on a large sheet", photo,
        dict(size=(900, 1200), height=0.07, light=["shadow"], grit=0.007)),
    "specks": ("3469", "jpg", "among specks and stray strokes", photo,
        dict(specks=6, size=(480, 480), height=0.5)),
    "exif-rotated": ("24679", "jpg", "in a photograph stored on its side", photo,
        dict(size=(480, 640), light=["vignette"])),
    "large-photo": ("8", "jpg", "in a photograph of twelve megapixels", photo,
        dict(size=(4000, 3000), height=0.3, light=["vignette"], blur=3, grit=0.004)),
    # Several digits; "-" parts the rows.
    "row-drawn": (["386154"], "png", "in a row, drawn with a paint program", painting,
        dict(size=(900, 260), height=0.5)),
    "row-photo": (["40718"], "jpg", "in a row, photographed", photo,
        dict(size=(1200, 500), height=0.3, light=["shadow"])),
    "row-ruled": (["90352"], "jpg", "in a row on ruled paper", photo,
        dict(size=(1100, 500), height=0.28, pen="ball", lines="ruled", light=["lamp"])),
    "row-note": (["2749"], "jpg", "in a row, on a note that lies on a wooden desk", photo,
        dict(size=(1000, 760), height=0.2, wander=0.01, desk=(0.42, 0.28, 0.17), loose=True,
             paper=(0.88, 0.87, 0.83), light=["vignette"])),
    "page-photo": (["2026-1121-358"], "jpg", "in rows on a page, photographed", photo,
        dict(size=(1200, 1600), height=0.1, wander=0.015, desk=(0.3, 0.2, 0.13),
             light=["vignette"])),
}
# fmt: on


def draw(style, label):
    """Draw one picture.

    Parameters
    ----------
    style : str
        A key of ``STYLES``.
    label : str
        The digits to write; ``-`` begins a new row.

    Returns
    -------
    PIL.Image.Image
        The picture, the right way up.
    """
    _, _, _, method, options = STYLES[style]
    rng = np.random.default_rng([SEED, *f"{SEEDED_AS.get(style, style)}_{label}".encode()])
    own = {key: o[label] if isinstance(o, dict) else o for key, o in options.items()}
    return method(label, rng, **own)


def save(image, path, turned=False):
    """Write ``image``; ``turned``: on its side, with the EXIF orientation that turns it back."""
    if path.suffix == ".png":
        image.save(path, optimize=True)
        return
    exif = Image.Exif()
    if turned:
        image, exif[ORIENTATION] = image.transpose(Image.Transpose.ROTATE_90), 6
    image.save(path, quality=68, optimize=True, exif=exif)


def main():
    """Draw every picture and write ``labels.csv``."""
    rows = []
    for style, (labels, ending, phrase, _, _) in STYLES.items():
        for label in labels:
            name = f"{style}_{label}.{ending}"
            save(draw(style, label), FOLDER / name, turned=style == "exif-rotated")
            what = f"{'An' if label == '8' else 'A'} {label}"
            if len(label) > 1:
                what = f"The digits {label.replace('-', ' / ')}"
            rows.append([name, style, label, f"{what} {phrase}"])
    with open(FOLDER / "labels.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([["file", "style", "label", "description"], *rows])


if __name__ == "__main__":
    main()
