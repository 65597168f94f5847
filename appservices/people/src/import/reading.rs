//! From bytes to rows: encoding and separator are found out and told, nothing is executed or believed.

use std::collections::BTreeMap;

use encoding_rs::{GB18030, UTF_8};

use super::Column;
use crate::{
    ListFault, PeopleError,
    limits::{CELL_BYTES_MAX, COLUMNS_MAX, STAFF_LIST_BYTES_MAX, STAFF_LIST_ROWS_MAX},
};

/// How the file was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// GB18030, which GBK and GB2312 are parts of.
    Gb18030,
}

impl Encoding {
    /// As people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030",
        }
    }
}

/// A staff list as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffList {
    /// The encoding that was found.
    pub encoding: Encoding,
    /// The separator that was found.
    pub separator: char,
    /// The headings as they stand there.
    pub headings: Vec<String>,
    /// The rows: the line where each begins, and its cells.
    pub rows: Vec<(u64, Vec<String>)>,
    /// Where each column stands.
    pub columns: BTreeMap<Column, usize>,
}

impl StaffList {
    /// The text of a cell without the mark that spreadsheets put before text.
    #[must_use]
    pub fn cell<'a>(&self, row: &'a [String], column: Column) -> &'a str {
        let text = self.columns.get(&column).and_then(|place| row.get(*place)).map_or("", |cell| cell.trim());
        text.strip_prefix('\'').unwrap_or(text)
    }

    /// What the list calls a column: as it is headed there; a column that it does not have, in the language of its headings.
    #[must_use]
    pub fn heading(&self, column: Column) -> &str {
        let own = self.columns.get(&column).and_then(|place| self.headings.get(*place));
        own.map_or_else(|| self.worded(column.names()), |heading| heading.trim())
    }

    /// Of words in Chinese and in English, those in the language of most headings that mean something.
    #[must_use]
    pub fn worded(&self, (chinese, english): (&'static str, &'static str)) -> &'static str {
        if is_english(&self.headings, &self.columns) { english } else { chinese }
    }
}

/// Whether most of the headings that mean something are English; of none, and of as many, they are not.
fn is_english(headings: &[String], columns: &BTreeMap<Column, usize>) -> bool {
    let known = columns.values().filter_map(|place| headings.get(*place));
    let (english, chinese): (Vec<_>, Vec<_>) = known.partition(|heading| heading.trim().is_ascii());
    english.len() > chinese.len()
}

/// Reads the text of a file.
///
/// # Errors
/// [`PeopleError::List`]: too large, no CSV, or without a required column (E401).
pub fn read(text: &str, encoding: Encoding) -> Result<StaffList, PeopleError> {
    let heading = text.lines().next().unwrap_or_default();
    let separator = [',', ';', '\t']
        .into_iter()
        .max_by_key(|separator| (heading.matches(*separator).count(), *separator == ','))
        .unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(u8::try_from(separator).unwrap_or(b','))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| ListFault::Form(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() > COLUMNS_MAX || rows.len() > STAFF_LIST_ROWS_MAX {
            return Err(ListFault::TooMany.into());
        }
        if record.iter().any(|cell| cell.len() > CELL_BYTES_MAX) {
            return Err(ListFault::LongCell(line).into());
        }
        if record.iter().any(|cell| !cell.trim().is_empty()) {
            rows.push((line, record.iter().map(str::to_owned).collect::<Vec<_>>()));
        }
    }
    if rows.is_empty() {
        return Err(ListFault::Empty.into());
    }
    let (_, headings) = rows.remove(0);
    let columns = placed(&headings)?;
    Ok(StaffList { encoding, separator, headings, rows, columns })
}

/// Finds out the encoding of a file.
///
/// # Errors
/// [`PeopleError::List`]: too large, or neither encoding.
pub fn decode(bytes: &[u8]) -> Result<(String, Encoding), PeopleError> {
    if bytes.len() > STAFF_LIST_BYTES_MAX {
        return Err(ListFault::TooLarge.into());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for (how, encoding) in [(UTF_8, Encoding::Utf8), (GB18030, Encoding::Gb18030)] {
        if let Some(text) = how.decode_without_bom_handling_and_without_replacement(bytes) {
            return Ok((text.into_owned(), encoding));
        }
    }
    Err(ListFault::Encoding.into())
}

fn placed(headings: &[String]) -> Result<BTreeMap<Column, usize>, PeopleError> {
    let mut columns = BTreeMap::new();
    for (place, heading) in headings.iter().enumerate() {
        if let Some(column) = Column::called(heading)
            && columns.insert(column, place).is_some()
        {
            return Err(ListFault::Twice(heading.clone()).into());
        }
    }
    let missing: Vec<Column> =
        Column::REQUIRED.into_iter().filter(|column| !columns.contains_key(column)).collect();
    if missing.is_empty() {
        return Ok(columns);
    }
    Err(PeopleError::MissingColumns(missing_names(headings, &columns, &missing)))
}

/// Columns that a list does not have, as it would head them; in both languages where it has none that means something.
fn missing_names(headings: &[String], columns: &BTreeMap<Column, usize>, missing: &[Column]) -> String {
    let is_english = is_english(headings, columns);
    let name = |column: &Column| match column.names() {
        (chinese, english) if columns.is_empty() => format!("{chinese} ({english})"),
        (_, english) if is_english => english.to_owned(),
        (chinese, _) => chinese.to_owned(),
    };
    let names: Vec<String> = missing.iter().map(name).collect();
    names.join(if is_english { ", " } else { "、" })
}
