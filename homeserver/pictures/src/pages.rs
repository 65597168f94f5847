//! Whether a TIFF holds more than one picture: its decoder reads the first alone, so whoever shows that alone has to know.

use std::io::{self, Read, Seek, SeekFrom};

/// The tag of the pictures that a directory keeps inside: cameras' own forms have the true one there, and a small one outside.
const INNER_PICTURES: u16 = 330;
/// Bytes of a head: the order of bytes, the mark of the kind, and where the first directory stands.
const HEAD_BYTES: usize = 8;
/// Bytes of an entry of a directory.
const ENTRY_BYTES: usize = 12;

/// Whether there is another directory behind the first, or pictures inside it. At most one directory is read, some 800 kB.
///
/// # Errors
/// Where the file ends before its first directory does.
pub(crate) fn holds_more<R: Read + Seek>(mut reader: R) -> io::Result<bool> {
    let mut head = [0; HEAD_BYTES];
    reader.read_exact(&mut head)?;
    let is_little = head[0] == b'I';
    let word = |bytes| if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
    let half = |bytes| if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) };
    let [.., a, b, c, d] = head;
    reader.seek(SeekFrom::Start(u64::from(word([a, b, c, d]))))?;
    let mut count = [0; 2];
    reader.read_exact(&mut count)?;
    for _ in 0..half(count) {
        let mut entry = [0; ENTRY_BYTES];
        reader.read_exact(&mut entry)?;
        if half([entry[0], entry[1]]) == INNER_PICTURES {
            return Ok(true);
        }
    }
    let mut next = [0; 4];
    reader.read_exact(&mut next)?;
    Ok(word(next) != 0)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A file with one directory of these tags, and where the next one stands.
    fn file(is_little: bool, tags: &[u16], next: u32) -> Vec<u8> {
        let half = |number: u16| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
        let word = |number: u32| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
        let mut file = if is_little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
        file.extend(word(8));
        file.extend(half(u16::try_from(tags.len()).expect("few")));
        for tag in tags {
            file.extend(half(*tag));
            file.extend([0; 10]);
        }
        file.extend(word(next));
        file
    }

    #[test]
    fn pages_and_inner_pictures_are_seen_in_both_orders_of_bytes() {
        for is_little in [true, false] {
            for (tags, next, expected) in [
                (&[256, 257][..], 0, false),
                (&[256, 257], 99, true),
                (&[256, INNER_PICTURES], 0, true),
                (&[], 0, false),
            ] {
                let more = holds_more(Cursor::new(file(is_little, tags, next))).expect("it is read");
                assert_eq!(more, expected, "{is_little} {tags:?} {next}");
            }
        }
    }

    #[test]
    fn a_file_that_ends_too_soon_is_none() {
        let whole = file(true, &[256, 257], 0);
        for length in 0..whole.len() {
            assert!(holds_more(Cursor::new(&whole[..length])).is_err(), "{length}");
        }
    }
}
