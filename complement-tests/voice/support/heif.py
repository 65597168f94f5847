"""Pictures as phones make them: tiles that ffmpeg encodes, put together in a HEIF file as phones do."""

import pathlib
import struct
import tempfile

from support.ffmpeg import run

SIDE = 256
# What its items are, the box with what their decoder has to know, how ffmpeg encodes a tile, and what the file calls itself.
FORMS = {
    "avif": (b"av01", b"av1C", ("-c:v", "libaom-av1", "-cpu-used", "8"), b"avif"),
    "heic": (b"hvc1", b"hvcC", ("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1"), b"heic"),
}


def box(kind, body):
    return struct.pack(">I", len(body) + 8) + kind + body


def full(kind, body, version=0, flags=0):
    return box(kind, struct.pack(">I", version << 24 | flags) + body)


def cut(film, kind):
    """The first box of a kind, head and all."""
    start = film.index(kind) - 4
    return film[start : start + struct.unpack(">I", film[start : start + 4])[0]]


def tile(colour, form):
    """A tile of one colour: its bytes, and the box for its decoder."""
    _, config, encoder, _ = FORMS[form]
    with tempfile.TemporaryDirectory() as folder:
        film = pathlib.Path(folder, "tile.mp4")
        source = ["-f", "lavfi", "-i", f"color={colour}:size={SIDE}x{SIDE}:rate=1", "-frames:v", "1"]
        run("-loglevel", "error", *source, "-pix_fmt", "yuv420p", *encoder, "-f", "mp4", str(film))
        film = film.read_bytes()
    return cut(film, b"mdat")[8:], cut(film, config)


def picture(form, colours, width):
    """Tiles of these colours side by side, shown as far as this width."""
    item, _, _, brand = FORMS[form]
    tiles = [tile(colour, form) for colour in colours]
    ids = range(2, len(tiles) + 2)

    def about(number, kind, flags):
        return full(b"infe", struct.pack(">HH", number, 0) + kind + b"\0", 2, flags)

    def size(width, height):
        return full(b"ispe", struct.pack(">II", width, height))

    whole = about(1, b"grid", 0)
    items = full(b"iinf", struct.pack(">H", len(tiles) + 1) + whole + b"".join(about(n, item, 1) for n in ids))
    grid = box(b"idat", struct.pack(">BBBBHH", 0, 0, 0, len(tiles) - 1, width, SIDE))
    parts = full(b"iref", box(b"dimg", struct.pack(f">HH{len(tiles)}H", 1, len(tiles), *ids)))
    kinds = box(b"ipco", size(width, SIDE) + size(SIDE, SIDE) + tiles[0][1])
    of = struct.pack(">HBB", 1, 1, 1) + b"".join(struct.pack(">HBBB", number, 2, 2, 0x83) for number in ids)
    kinds = box(b"iprp", kinds + full(b"ipma", struct.pack(">I", len(tiles) + 1) + of))
    handler = full(b"hdlr", struct.pack(">I", 0) + b"pict" + bytes(13))
    primary = full(b"pitm", struct.pack(">H", 1))
    head = box(b"ftyp", brand + bytes(4) + b"mif1" + brand)

    def meta(start):
        places = struct.pack(">BBH", 0x44, 0, len(tiles) + 1) + struct.pack(">HHHHII", 1, 1, 0, 1, 0, 8)
        for number, (body, _) in zip(ids, tiles):
            places += struct.pack(">HHHHII", number, 0, 0, 1, start, len(body))
            start += len(body)
        return full(b"meta", handler + primary + full(b"iloc", places, 1) + items + parts + kinds + grid)

    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box(b"mdat", b"".join(body for body, _ in tiles))
