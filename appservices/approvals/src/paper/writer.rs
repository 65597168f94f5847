//! Lines become pages of a PDF. The font is not in the file: every reader has, or fetches, one for Adobe's collection of
//! Chinese characters, and the text is in it as Unicode, so it can be searched and copied.

use std::collections::BTreeSet;

use pdf_writer::{
    Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};

use crate::limits::PAPER_CHARACTERS_MAX;

/// A line, as it is meant to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// What the paper is.
    Title(String),
    /// What follows.
    Heading(String),
    /// Anything else.
    Text(String),
}

/// A4, in points.
const PAGE: [f32; 2] = [595.0, 842.0];

/// Empty on all sides, in points.
const MARGIN: f32 = 56.0;

/// The distance from one line of text to the next, as a multiple of its size.
const LEADING: f32 = 1.6;

/// The size of the line below a page, in points.
const FOOTER_SIZE: f32 = 8.0;

/// What the font is called in the pages.
const FONT: Name<'static> = Name(b"F1");

/// The name of the font, which readers replace by what they have.
const SONG: Name<'static> = Name(b"STSong-Light");

/// The collection of characters that the font has.
const GB1: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"GB1"), supplement: 5 };

/// What is printed for a character that no such font has.
const UNKNOWN: char = '〓';

/// A line that fits, with its size and its place.
struct Set {
    text: String,
    size: f32,
    y: f32,
}

impl Line {
    const fn size(&self) -> f32 {
        match self {
            Self::Title(_) => 16.0,
            Self::Heading(_) => 12.0,
            Self::Text(_) => 10.0,
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Title(text) | Self::Heading(text) | Self::Text(text) => text,
        }
    }

    /// How many lines it is on paper.
    pub fn rows(&self) -> usize {
        self.parts().len()
    }

    /// What of it fits into one line each.
    fn parts(&self) -> Vec<String> {
        broken(&clean(self.text()), (PAGE[0] - 2.0 * MARGIN) / self.size())
    }

    /// What stays empty above it, in points.
    const fn above(&self) -> f32 {
        match self {
            Self::Title(_) | Self::Text(_) => 0.0,
            Self::Heading(_) => 8.0,
        }
    }
}

/// The file, with all lines; one with more than [`PAPER_CHARACTERS_MAX`] ends in `…`. `footer` says what stands below a page, from
/// its number and how many there are.
pub(crate) fn written(title: &str, lines: &[Line], footer: impl Fn(usize, usize) -> String) -> Vec<u8> {
    let pages = paged(lines);
    let [catalog, tree, font, descendant, descriptor, unicode, information] =
        [1, 2, 3, 4, 5, 6, 7].map(Ref::new);
    let ids = |place: usize| {
        let first = i32::try_from(place).unwrap_or(i32::MAX / 4) * 2 + 8;
        (Ref::new(first), Ref::new(first + 1))
    };
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    pdf.document_info(information).title(TextStr(title));
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids((0..pages.len()).map(|place| ids(place).0)).count(count);
    let mut used = BTreeSet::new();
    for (place, page) in pages.iter().enumerate() {
        let (id, content) = ids(place);
        let mut sheet = pdf.page(id);
        sheet.parent(tree).media_box(Rect::new(0.0, 0.0, PAGE[0], PAGE[1])).contents(content);
        sheet.resources().fonts().pair(FONT, font);
        sheet.finish();
        let below = Set { text: clean(&footer(place + 1, pages.len())), size: FOOTER_SIZE, y: MARGIN / 2.0 };
        let mut drawn = Content::new();
        for line in page.iter().chain([&below]) {
            used.extend(line.text.chars());
            let bytes: Vec<u8> = line.text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            drawn
                .begin_text()
                .set_font(FONT, line.size)
                .next_line(MARGIN, line.y)
                .show(Str(&bytes))
                .end_text();
        }
        pdf.stream(content, &drawn.finish());
    }
    write_font(&mut pdf, [font, descendant, descriptor, unicode], &used);
    pdf.finish()
}

/// The font: codes are UTF-16, widths those of half and full characters.
fn write_font(pdf: &mut Pdf, [font, descendant, descriptor, unicode]: [Ref; 4], used: &BTreeSet<char>) {
    pdf.type0_font(font)
        .base_font(Name(b"STSong-Light-UniGB-UTF16-H"))
        .encoding_predefined(Name(b"UniGB-UTF16-H"))
        .descendant_font(descendant)
        .to_unicode(unicode);
    let mut song = pdf.cid_font(descendant);
    song.subtype(CidFontType::Type0).base_font(SONG).system_info(GB1).font_descriptor(descriptor);
    // The first ninety-five characters of the collection are those of ASCII.
    song.default_width(1_000.0).widths().same(1, 95, 500.0);
    song.finish();
    pdf.font_descriptor(descriptor)
        .name(SONG)
        .flags(FontFlags::SERIF | FontFlags::SYMBOLIC)
        .bbox(Rect::new(-25.0, -254.0, 1_000.0, 880.0))
        .italic_angle(0.0)
        .ascent(880.0)
        .descent(-120.0)
        .cap_height(880.0)
        .stem_v(93.0);
    let mut codes = UnicodeCmap::<u16>::new(Name(b"Lianqiao-UTF16"), GB1);
    for character in used {
        if let Ok(code) = u16::try_from(u32::from(*character)) {
            codes.pair(code, *character);
        }
    }
    pdf.cmap(unicode, &codes.finish()).name(Name(b"Lianqiao-UTF16")).system_info(GB1);
}

/// The lines, broken where they are too long, page by page; at least one.
fn paged(lines: &[Line]) -> Vec<Vec<Set>> {
    let mut pages = vec![Vec::new()];
    let mut y = PAGE[1] - MARGIN;
    for line in lines {
        let (size, mut above) = (line.size(), line.above());
        for text in line.parts() {
            y -= size * LEADING + above;
            if y < MARGIN {
                pages.push(Vec::new());
                y = PAGE[1] - MARGIN - size * LEADING;
            }
            above = 0.0;
            if let Some(page) = pages.last_mut() {
                page.push(Set { text, size, y });
            }
        }
    }
    pages
}

/// What can be printed: one line, of characters that the font has.
fn clean(text: &str) -> String {
    let printed = |c: char| match c {
        c if c.is_control() => ' ',
        c if u32::from(c) > 0xffff => UNKNOWN,
        c => c,
    };
    cut(text, PAPER_CHARACTERS_MAX).chars().map(printed).collect()
}

/// At most so many characters of a text; one that had more ends in `…`.
pub(super) fn cut(text: &str, characters_max: usize) -> String {
    if text.chars().nth(characters_max).is_none() {
        return text.to_owned();
    }
    let kept = text.chars().take(characters_max.saturating_sub(1));
    kept.chain(['…']).collect()
}

/// Parts that are at most so wide; the unit is the width of a full character.
fn broken(text: &str, width: f32) -> Vec<String> {
    let mut parts = Vec::new();
    let (mut part, mut wide) = (String::new(), 0.0);
    for character in text.chars() {
        let own = if character.is_ascii() { 0.5 } else { 1.0 };
        if wide + own > width {
            parts.push(std::mem::take(&mut part));
            wide = 0.0;
        }
        part.push(character);
        wide += own;
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: &[Line]) -> Vec<u8> {
        written("AP-1", lines, |page, pages| format!("{page} / {pages}"))
    }

    /// The bytes of a file as text, one character for each.
    fn readable(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect()
    }

    /// Every object stands where the table at the end says.
    #[test]
    fn every_object_is_where_the_table_at_the_end_says() {
        let lines: Vec<Line> = (0..200).map(|n| Line::Text(format!("第 {n} 行"))).collect();
        let file = readable(&file(&lines));
        assert!(file.starts_with("%PDF-1.7") && file.trim_end().ends_with("%%EOF"));
        let (rest, end) = file.rsplit_once("startxref").unwrap();
        let table: usize = end.split_whitespace().next().unwrap().parse().unwrap();
        assert!(rest[table..].starts_with("xref"));
        let rows: Vec<&str> = rest[table..].lines().skip(2).take_while(|row| row.len() >= 18).collect();
        assert!(rows.len() > 10, "{}", &rest[table..]);
        for (number, row) in rows.iter().enumerate().filter(|(_, row)| row.contains(" n")) {
            let place: usize = row[..10].parse().unwrap();
            assert!(rest[place..].starts_with(&format!("{number} 0 obj")), "{row}");
        }
        let count = file.matches("/Type/Page/").count() + file.matches("/Type /Page\n").count();
        assert!(count > 3, "two hundred lines are several pages: {count}");
    }

    #[test]
    fn long_lines_are_broken_and_strange_characters_do_no_harm() {
        assert_eq!(broken("abcd中文", 2.0), ["abcd", "中文"]);
        assert_eq!(broken("", 2.0), [""]);
        assert_eq!(clean("a\u{0}\n𠮷😀é"), "a  〓〓é");
        assert_eq!((cut("abc", 3), cut("abcd", 3)), ("abc".to_owned(), "ab…".to_owned()));
        let long = clean(&"长".repeat(10 * PAPER_CHARACTERS_MAX));
        assert_eq!(long.chars().count(), PAPER_CHARACTERS_MAX);
        assert!(long.ends_with('…'), "a line that is cut says so");
        assert_eq!(Line::Text("长".repeat(100)).rows(), 3);
        assert!(!file(&[]).is_empty());
    }
}
