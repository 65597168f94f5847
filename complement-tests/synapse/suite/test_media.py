"""Files that one server keeps and the other shows."""

import io

from PIL import Image

from support.world import World, both_ways


class Media(World):
    @both_ways
    def test_files_and_thumbnails_cross(self, host, guest):
        picture = a_picture()
        uploaded = host.call("POST", "upload", picture, version="media/v3", filename="图.png")
        server, media_id = uploaded["content_uri"].removeprefix("mxc://").split("/")
        answer = guest.call("GET", f"media/download/{server}/{media_id}", version="client/v1")
        self.assertEqual(answer.content, picture)
        thumbnail = guest.call(
            "GET", f"media/thumbnail/{server}/{media_id}", version="client/v1", width="32", height="32"
        )
        width, height = Image.open(io.BytesIO(thumbnail.content)).size
        self.assertLess((width, height), (640, 480))


def a_picture():
    out = io.BytesIO()
    Image.radial_gradient("L").resize((640, 480)).save(out, "PNG")
    return out.getvalue()
