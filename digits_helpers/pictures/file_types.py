"""Say what a file is that is not a picture that can be read: `describe_file`."""

import codecs
import re

WHOLE = (
    "expected a whole, undamaged PNG, JPEG, GIF, BMP, TIFF or WebP; "
    "open it in an image viewer and save it again"
)
EXPORT = "open it in a program that shows it, and save it as PNG or JPEG"
FETCH = "get the picture itself, as PNG or JPEG"

# what a file begins with, what it then is, and what to do; the first that fits
_BEGINNINGS = [
    (rb"\x89PNG\r\n\x1a\n|\x89PNG", "a damaged or incomplete PNG", WHOLE),
    (rb"\xff\xd8\xff", "a damaged or incomplete JPEG", WHOLE),
    (rb"GIF8[79]a", "a damaged or incomplete GIF", WHOLE),
    (rb"RIFF....WEBP", "a damaged or incomplete WebP", WHOLE),
    (rb"\x00\x00\x01\x00[\x01-\x20]\x00", "a damaged or incomplete icon", WHOLE),
    (rb"BM.{4}\x00{4}", "a damaged or incomplete BMP", WHOLE),
    (rb"....ftypavi[fs]", "an AVIF picture that cannot be decoded here", EXPORT),
    (
        rb"....ftyp(hei|hev|mif1|msf1)",
        "a HEIC photograph, which cannot be decoded here",
        "save it as JPEG or PNG (an iPhone takes JPEGs with Settings, Camera, Formats, "
        "Most Compatible)",
    ),
    (rb"....ftypcrx|FUJIFILMCCD-RAW", "a camera's raw photograph", EXPORT),
    (rb"....ftyp|RIFF....AVI |\x1aE\xdf\xa3", "a video", "save one frame of it as PNG or JPEG"),
    (rb"II\*\x00|MM\x00\*", "a damaged TIFF, or one of a kind that cannot be read", EXPORT),
    (rb"\x00\x00\x00\x0cJXL |\xff\x0a", "a JPEG XL picture, which cannot be decoded here", EXPORT),
    (rb"8BPS", "a Photoshop document", EXPORT),
    (rb"gimp xcf", "a GIMP document", EXPORT),
    (rb"%PDF-", "a PDF document", "export the page as PNG, or crop a screenshot of it"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript drawing", EXPORT),
    (rb"\xd7\xcd\xc6\x9a|\x01\x00\x00\x00.{36} EMF", "a Windows metafile", EXPORT),
    (
        rb"bplist|<\?xml.{0,200}<!DOCTYPE plist|<plist",
        "an Apple property list: settings or a link, whatever its name says",
        FETCH,
    ),
    (
        rb"\x00\x05\x16[\x00\x07]",
        "what macOS stores beside a file (its name begins with `._`)",
        FETCH,
    ),
    (
        rb"(<\?xml.{0,200}?)?(<!--.{0,300}?-->\s*)?<(!doctype html|html|head|body)",
        "a web page (HTML): the page was saved and not the picture on it",
        FETCH,
    ),
    (rb"(?s:.{0,500}?)<svg[\s>]", "an SVG drawing", "open it in a browser, and save it as PNG"),
    (
        rb"version https://git-lfs",
        "a Git LFS pointer, which stands for the picture",
        "run `git lfs pull` to get the picture itself",
    ),
    (rb"\x93NUMPY", "a NumPy array", "load it with numpy.load, and pass the array"),
    (rb"\xd0\xcf\x11\xe0|\{\\rtf", "an Office document", EXPORT),
    (rb"PK\x03\x04.*word/document\.xml", "a Word document", EXPORT),
    (rb"PK\x03\x04.*xl/workbook\.xml", "an Excel workbook", EXPORT),
    (rb"PK\x03\x04.*ppt/presentation\.xml", "a PowerPoint presentation", EXPORT),
    (rb"PK\x03\x04.{26}mimetypeapplication/", "an Office document", EXPORT),
    (
        rb"PK\x03\x04.{26,80}\.npyPK|PK\x03\x04.{26}[^/]{1,60}\.npy",
        "NumPy arrays (.npz)",
        "load it with numpy.load, and pass one array",
    ),
    (
        rb"PK\x03\x04|PK\x05\x06|Rar!|7z\xbc\xaf|\x1f\x8b|BZh|\xfd7zXZ|.{257}ustar",
        "an archive (ZIP or the like)",
        "unpack it, and pass one picture of it",
    ),
    (rb"<\?xml", "an XML document", FETCH),
]
_TGA = re.compile(
    rb".[\x00\x01][\x01-\x03\x09-\x0b].{13}[\x08\x0f\x10\x18\x20][\x00-\x3f]",
    re.S,
)
_TGA_END = b"TRUEVISION-XFILE.\0"


def describe_file(data):
    """Say what a file is, by its contents, that could not be read as a picture.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    what, advice : str
        What it is, as in "a PDF document" (empty if it is unknown), and what to do.
    """
    if not data.strip(b"\0 \t\r\n"):
        return ("an empty file" if not data else "a file of zeros or spaces"), FETCH
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n") if data[:1] in b"\xef \t\r\n" else data
    for pattern, what, advice in _BEGINNINGS:
        if re.match(pattern, start, re.S | re.I if pattern[:1] in b"<(" else re.S):
            return what, advice
    if data.endswith(_TGA_END) or _TGA.match(data):
        return "a TGA picture, which is not read", EXPORT
    if _is_text(data[:4000]):
        return "a text file", FETCH
    return "", WHOLE


def _is_text(head):
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return head[:2] in (b"\xff\xfe", b"\xfe\xff")
    return all(letter.isprintable() or letter in "\t\r\n\f" for letter in text)
