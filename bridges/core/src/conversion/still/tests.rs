//! Pictures of phones through small programs that the tests write.

use std::{fs, io::Cursor};

use bridge_api::{File, FileKind, Forms, MediaId};
use image::{ImageFormat, Rgb, RgbImage};

use super::*;
use crate::conversion::{Workshop, heif, program::tests::Stand};

const SHOWN: Forms = Forms::of(&[("image/jpeg", "jpg"), ("image/png", "png")], 1_000_000);

#[test]
fn pictures_of_phones_are_known_by_their_brands_and_films_are_none() {
    for (head, expected) in [
        (&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], Some(StillForm::Heic)),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", Some(StillForm::Heic)),
        (b"\0\0\0\x14ftypheix\0\0\0\0mif1____", Some(StillForm::Heic)),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", Some(StillForm::Avif)),
        (b"\0\0\0\x18ftypavif\0\0\0\0avifavis", None),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf", None),
        (b"\0\0\0\x14ftypqt  heicqt  ", None),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomheic", Some(StillForm::Heic)),
        (b"\0\0\0\x07ftypheic\0\0\0\0", None),
        (b"\0\0\x04\0ftypheic\0\0\0\0", None),
        (b"\0\0\0\x18ftyp", None),
        (b"", None),
    ] {
        assert_eq!(StillForm::sniff(head), expected, "{head:?}");
    }
}

#[test]
fn a_program_opens_nothing_but_what_it_is_given() {
    let arguments = arguments().join(" ");
    for part in ["-nostdin", "-protocol_whitelist fd ", "-f mov -i fd:", "-frames:v 1", "-max_alloc"] {
        assert!(arguments.contains(part), "{arguments}");
    }
}

#[tokio::test]
async fn a_picture_goes_through_the_program_and_is_none_where_it_writes_something_else() {
    for (what, expected) in
        [("printf '\\211PNG\\r\\n\\032\\n'; cat", true), ("cat", false), ("exit 3", false)]
    {
        let stand = Stand::doing(what);
        let stills = Stills::new(Some(stand.0.clone()));
        assert_eq!(stills.reads().await, Reads { heic: true, avif: true });
        let made = stills.png(Bytes::from_static(b"picture"), StillForm::Heic).await;
        assert_eq!(made.is_ok_and(|png| png.ends_with(b"picture")), expected, "{what}");
    }
    assert_eq!(Stills::new(None).reads().await, Reads::default());
}

/// A program that writes a picture of this size, whatever it is given.
struct Painter {
    stand: Stand,
    picture: tempfile::NamedTempFile,
}

impl Painter {
    fn of(width: u32, height: u32) -> Self {
        let picture = tempfile::NamedTempFile::new().expect("a file");
        let mut png = Cursor::new(Vec::new());
        let grey = RgbImage::from_pixel(width, height, Rgb([99, 99, 99]));
        grey.write_to(&mut png, ImageFormat::Png).expect("a PNG");
        fs::write(picture.path(), png.into_inner()).expect("it is written");
        let stand = Stand::doing(&format!("cat >/dev/null; cat {}", picture.path().display()));
        Self { stand, picture }
    }

    fn workshop(&self) -> Workshop {
        assert!(self.picture.path().exists());
        Workshop::new(Some(self.stand.0.0.clone()))
    }
}

#[tokio::test]
async fn the_picture_of_a_phone_becomes_a_photograph_that_platforms_show() {
    let file = File::new(FileKind::Image, "IMG_1.HEIC", MediaId::new("m").expect("valid"));
    let bytes =
        Bytes::from(heif::tests::file(b"heic", &[heif::tests::sized(8, 8), heif::tests::sized(40, 30)]));
    let (seen, look) = Workshop::new(None).seen(file.clone(), &bytes).await;
    assert_eq!(
        (seen.mimetype.as_deref(), look.is_readable),
        (Some("image/heic"), false),
        "there is no program"
    );
    let painter = Painter::of(40, 30);
    let workshop = painter.workshop();
    let (seen, look) = workshop.seen(file, &bytes).await;
    assert_eq!((seen.dimensions, look.is_readable, look.moves), (Some((40, 30)), true, false));
    let made = workshop.picture(bytes, SHOWN).await.expect("it is converted");
    assert_eq!((made.mimetype, made.dimensions), ("image/jpeg", Some((40, 30))));
}

#[tokio::test]
async fn a_program_that_reads_one_tile_of_many_or_turns_nothing_gives_nothing() {
    let bytes =
        Bytes::from(heif::tests::file(b"heic", &[heif::tests::sized(8, 8), heif::tests::sized(40, 30)]));
    for (width, height) in [(8, 8), (30, 40)] {
        let painter = Painter::of(width, height);
        assert!(painter.workshop().picture(bytes.clone(), SHOWN).await.is_err(), "{width} × {height}");
    }
}
