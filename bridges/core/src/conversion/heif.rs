//! What the head of a picture in a HEIF file says of it, HEIC and AVIF alike: how large it is, which way up it is shown, whether one
//! sees through it. Only the boxes on the way there are read, none of the pictures.

use pictures::PictureError;

/// How items say that they are what one sees through, in the two forms.
const TRANSLUCENT: [&[u8]; 2] =
    [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"];
/// Version and flags that begin some boxes.
const VERSION_BYTES: usize = 4;

/// What the head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Width and height as they are stored: those of the largest picture, of which others may be tiles or a small copy.
    stored: (u32, u32),
    /// Whether it is shown turned by a quarter; nothing where its items differ in that.
    is_turned: Option<bool>,
    /// Whether one sees through it.
    pub is_translucent: bool,
}

impl Head {
    /// Reads a head.
    ///
    /// # Errors
    /// [`PictureError::NoPicture`].
    pub fn read(file: &[u8]) -> Result<Self, PictureError> {
        Self::found(file).ok_or(PictureError::NoPicture)
    }

    fn found(file: &[u8]) -> Option<Self> {
        let items = inside(file, *b"meta")?.get(VERSION_BYTES..)?;
        let properties = inside(inside(items, *b"iprp")?, *b"ipco")?;
        let all = |kind: [u8; 4]| Boxes(properties).filter(move |(of, _)| *of == kind).map(|(_, body)| body);
        let stored = all(*b"ispe").filter_map(size).max_by_key(|(w, h)| u64::from(*w) * u64::from(*h))?;
        let mut turns = all(*b"irot").filter_map(|body| body.first()).map(|quarters| quarters & 1 == 1);
        let first = turns.next().unwrap_or_default();
        let is_turned = turns.all(|other| other == first).then_some(first);
        let is_translucent = all(*b"auxC")
            .filter_map(|body| body.get(VERSION_BYTES..))
            .any(|body| TRANSLUCENT.iter().any(|alpha| body.starts_with(alpha)));
        Some(Self { stored, is_turned, is_translucent })
    }

    /// Width and height as people see them.
    pub fn shown(self) -> (u32, u32) {
        let (width, height) = self.stored;
        if self.is_turned == Some(true) { (height, width) } else { (width, height) }
    }

    /// Whether a picture of this size is the whole one, the right way up.
    pub fn is_whole(self, (width, height): (u32, u32)) -> bool {
        self.shown() == (width, height) || (self.is_turned.is_none() && self.stored == (height, width))
    }
}

fn size(body: &[u8]) -> Option<(u32, u32)> {
    let (width, rest) = body.get(VERSION_BYTES..)?.split_first_chunk()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*rest.first_chunk()?)))
}

fn inside(bytes: &[u8], kind: [u8; 4]) -> Option<&[u8]> {
    Boxes(bytes).find(|(of, _)| *of == kind).map(|(_, body)| body)
}

/// Boxes side by side: the kind of each and what it holds, until one is none.
struct Boxes<'a>(&'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (size, rest) = self.0.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first_chunk::<4>()?;
        let (head_bytes, size) = match u32::from_be_bytes(*size) {
            0 => (8, self.0.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?),
            size => (8, usize::try_from(size).ok()?),
        };
        let body = self.0.get(head_bytes..size)?;
        self.0 = self.0.get(size..)?;
        Some((*kind, body))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len() + 8).expect("small");
        [&size.to_be_bytes()[..], kind, body].concat()
    }

    /// The property that says how large an item is.
    pub fn sized(width: u32, height: u32) -> Vec<u8> {
        boxed(b"ispe", &[&[0_u8; 4][..], &width.to_be_bytes(), &height.to_be_bytes()].concat())
    }

    fn turned(quarters: u8) -> Vec<u8> {
        boxed(b"irot", &[quarters])
    }

    /// A file of this brand whose items have these properties.
    pub fn file(brand: &[u8; 4], properties: &[Vec<u8>]) -> Vec<u8> {
        let properties = boxed(b"iprp", &boxed(b"ipco", &properties.concat()));
        let items = [&[0_u8; 4][..], &boxed(b"hdlr", b"pict"), &properties].concat();
        let kind = boxed(b"ftyp", &[&brand[..], &[0; 4], b"mif1", brand].concat());
        [kind, boxed(b"free", b""), boxed(b"meta", &items), boxed(b"mdat", b"pixels")].concat()
    }

    #[test]
    fn the_largest_of_the_items_is_the_picture_and_its_tiles_are_not() {
        let of = |properties: &[Vec<u8>]| Head::read(&file(b"heic", properties)).expect("a head");
        let tiles = of(&[sized(512, 512), sized(4_032, 3_024), turned(0), sized(320, 240)]);
        assert_eq!((tiles.shown(), tiles.is_translucent), ((4_032, 3_024), false));
        assert!(tiles.is_whole((4_032, 3_024)) && !tiles.is_whole((512, 512)));
        assert!(!tiles.is_whole((3_024, 4_032)), "it lies on its side");
        let upright = of(&[sized(40, 30), turned(3), turned(1)]);
        assert_eq!(upright.shown(), (30, 40));
        assert!(upright.is_whole((30, 40)) && !upright.is_whole((40, 30)));
        let mixed = of(&[sized(40, 30), turned(3), turned(0)]);
        assert!(mixed.is_whole((30, 40)) && mixed.is_whole((40, 30)) && !mixed.is_whole((30, 30)));
    }

    #[test]
    fn what_one_sees_through_is_known_by_its_second_picture() {
        for (name, expected) in [
            (TRANSLUCENT[0], true),
            (TRANSLUCENT[1], true),
            (&b"urn:com:apple:photo:2020:aux:hdrgainmap"[..], false),
        ] {
            let second = boxed(b"auxC", &[&[0_u8; 4][..], name, b"\0"].concat());
            let head = Head::read(&file(b"avif", &[sized(4, 3), second])).expect("a head");
            assert_eq!(head.is_translucent, expected);
        }
    }

    #[test]
    fn what_is_cut_off_or_claims_any_size_has_no_head() {
        let whole = file(b"heic", &[sized(40, 30)]);
        let pixels = boxed(b"mdat", b"pixels").len();
        for length in 0..whole.len() - pixels {
            assert!(Head::read(&whole[..length]).is_err(), "{length}");
        }
        for size in [[0, 0, 0, 1], [0, 0, 0, 7], [0xff; 4]] {
            let mut lies = whole.clone();
            lies[..4].copy_from_slice(&size);
            assert!(Head::read(&lies).is_err(), "{size:?}");
        }
    }
}
