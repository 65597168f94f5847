//! From a row to a person, or to what is wrong with the row.

use std::collections::BTreeSet;

use ruma::{ServerName, UserId};

use super::{Column, StaffList};
use crate::{
    DepartmentPath, DepartmentVisibility, Language, Person, PersonId, Status, limits::ENTRIES_OF_PERSON_MAX,
};

/// The columns of ids at other platforms, and the names of these.
pub(super) const PLATFORMS: [(Column, &str); 3] =
    [(Column::Dingtalk, "dingtalk"), (Column::Feishu, "feishu"), (Column::Wecom, "wecom")];

/// What a cell breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The cell must not be empty.
    Required,
    /// A spreadsheet made a number of what is text (E402).
    RewrittenNumber,
    /// Not a department path.
    Department,
    /// Not a whole number.
    Number,
    /// Not one of the words that the column knows.
    Word,
    /// Not the IANA name of a zone.
    Zone,
    /// Not a day.
    Day,
    /// Not a localpart that a user can have.
    Localpart,
    /// Too many entries.
    TooMany,
    /// The employee number stands in the list twice.
    Twice,
    /// The localpart belongs to somebody else, or did once.
    Taken,
    /// Nobody has this employee number, in the list or before.
    UnknownManager,
    /// Somebody is, by way of others, their own manager.
    Circle,
    /// Another row says something else of the same department.
    Contradicts,
    /// Another department of the list has this code.
    CodeTaken,
    /// Somebody else has this id at that platform, in the list or before.
    Shared,
}

impl Rule {
    /// The key of the words that say what to do about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Required => "org.rule.required",
            Self::RewrittenNumber => "org.rule.rewritten",
            Self::Department => "org.rule.department",
            Self::Number => "org.rule.number",
            Self::Word => "org.rule.word",
            Self::Zone => "org.rule.zone",
            Self::Day => "org.rule.day",
            Self::Localpart => "org.rule.localpart",
            Self::TooMany => "org.rule.too_many",
            Self::Twice => "org.rule.twice",
            Self::Taken => "org.rule.taken",
            Self::UnknownManager => "org.rule.unknown_manager",
            Self::Circle => "org.rule.circle",
            Self::Contradicts => "org.rule.contradicts",
            Self::CodeTaken => "org.rule.code_taken",
            Self::Shared => "org.rule.shared",
        }
    }
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The line of the file.
    pub line: u64,
    /// The column.
    pub column: Column,
    /// What stands there.
    pub value: String,
    /// What it breaks.
    pub rule: Rule,
}

/// Reads the person of a row. What the list has no column for stays as it was in `before`.
pub(super) fn person(
    list: &StaffList,
    line: u64,
    row: &[String],
    before: impl Fn(&PersonId) -> Option<Person>,
    server_name: &ServerName,
) -> Result<Person, Vec<RowError>> {
    let reading = Reading { list, line, row };
    let mut errors = Vec::new();
    let mut note = |error: RowError| errors.push(error);
    let id = reading.required(Column::Number).map_err(&mut note).ok();
    let name = reading.required(Column::Name).map_err(&mut note).ok();
    let departments = reading.departments().map_err(&mut note).ok();
    let level = reading.level().map_err(&mut note).ok();
    let status = reading.status().map_err(&mut note).ok();
    let language = reading.language().map_err(&mut note).ok();
    let zone = reading.zone().map_err(&mut note).ok();
    let joined = reading.day(Column::Joined).map_err(&mut note).ok();
    let left_on = reading.day(Column::LeftOn).map_err(&mut note).ok();
    let account = reading.account(server_name).map_err(&mut note).ok();
    let phone = reading.digits(Column::Phone).map_err(&mut note).ok();
    let roles = reading.entries(Column::Roles).map_err(&mut note).ok();
    for column in std::iter::once(Column::Manager).chain(PLATFORMS.map(|(column, _)| column)) {
        if let Err(error) = reading.digits(column) {
            note(error);
        }
    }
    let head_of = departments.as_ref().and_then(|known| reading.head_of(known).map_err(&mut note).ok());
    let (Some(id), Some(name), Some(departments)) = (id, name, departments) else { return Err(errors) };
    if !errors.is_empty() {
        return Err(errors);
    }
    let id = PersonId(id);
    let Some(first) = departments.first().cloned() else { return Err(errors) };
    let mut person = before(&id).unwrap_or_else(|| Person::new(&id.0, &name, first));
    person.name = name;
    person.departments = departments;
    let has = |column| list.columns.contains_key(&column);
    if has(Column::EnglishName) {
        person.english_name = reading.text(Column::EnglishName);
    }
    if has(Column::Title) {
        person.title = reading.text(Column::Title);
    }
    if has(Column::Level) {
        person.level = level.flatten();
    }
    if has(Column::Manager) {
        person.manager = Some(reading.text(Column::Manager)).filter(|text| !text.is_empty()).map(PersonId);
    }
    if has(Column::Head) {
        person.head_of = head_of.unwrap_or_default();
    }
    if has(Column::Phone) {
        person.phone = phone.unwrap_or_default();
    }
    if has(Column::Email) {
        person.email = reading.text(Column::Email);
    }
    if has(Column::Roles) {
        person.roles = roles.unwrap_or_default().into_iter().collect();
    }
    if has(Column::Language) {
        person.language = language.unwrap_or_default();
    }
    if has(Column::Zone) {
        person.zone = zone.unwrap_or_default();
    }
    if has(Column::Joined) {
        person.joined = joined.unwrap_or_default();
    }
    if has(Column::LeftOn) {
        person.left_on = left_on.unwrap_or_default();
    }
    if let Some(Some(account)) = account {
        person.account = Some(account);
    }
    // Who is in the list works here, unless the list says otherwise.
    person.status = status.flatten().unwrap_or(match person.status {
        Status::Left => Status::Active,
        other => other,
    });
    if person.status != Status::Left {
        person.left_on.clear();
    }
    // What somebody headed who left says whose rights go to whom.
    if person.status == Status::Left && person.head_of.is_empty() {
        person.head_of = before(&id).map(|before| before.head_of).unwrap_or_default();
    }
    for (column, platform) in PLATFORMS {
        let there = reading.text(column);
        if has(column) {
            person.elsewhere.retain(|(known, _)| known != platform);
        }
        if !there.is_empty() {
            person.elsewhere.insert((platform.to_owned(), there));
        }
    }
    Ok(person)
}

/// What a row says of the first department of its person: its code and who finds it, each nothing where the cell is empty.
pub(super) fn note(
    list: &StaffList,
    line: u64,
    row: &[String],
) -> Result<(Option<String>, Option<DepartmentVisibility>), RowError> {
    let reading = Reading { list, line, row };
    let code = Some(reading.digits(Column::DepartmentCode)?).filter(|code| !code.is_empty());
    let word = reading.text(Column::DepartmentVisibility);
    let visibility = match (word.is_empty(), DepartmentVisibility::named(&word)) {
        (true, _) => None,
        (false, Some(visibility)) => Some(visibility),
        (false, None) => return Err(reading.wrong(Column::DepartmentVisibility, Rule::Word)),
    };
    Ok((code, visibility))
}

struct Reading<'a> {
    list: &'a StaffList,
    line: u64,
    row: &'a [String],
}

impl Reading<'_> {
    fn text(&self, column: Column) -> String {
        self.list.cell(self.row, column).to_owned()
    }

    fn wrong(&self, column: Column, rule: Rule) -> RowError {
        RowError { line: self.line, column, value: self.text(column), rule }
    }

    fn required(&self, column: Column) -> Result<String, RowError> {
        let text = self.digits(column)?;
        if text.is_empty() { Err(self.wrong(column, Rule::Required)) } else { Ok(text) }
    }

    /// A text that spreadsheets like to take for a number: `1.38E+10`.
    fn digits(&self, column: Column) -> Result<String, RowError> {
        let text = self.text(column);
        let scientific = text.to_ascii_uppercase().split_once('E').is_some_and(|(number, power)| {
            number.parse::<f64>().is_ok() && power.trim_start_matches(['+', '-']).parse::<u32>().is_ok()
        });
        let is_text =
            matches!(column, Column::Number | Column::Phone | Column::DepartmentCode | Column::Manager);
        // An id of a platform may be `12345e67`; spreadsheets write a sign before the power.
        let is_id = PLATFORMS.iter().any(|(known, _)| *known == column);
        let rewritten = scientific && (is_text || (is_id && text.contains(['+', '-'])));
        if rewritten { Err(self.wrong(column, Rule::RewrittenNumber)) } else { Ok(text) }
    }

    fn entries(&self, column: Column) -> Result<Vec<String>, RowError> {
        let text = self.text(column);
        let entries: Vec<String> = text
            .split(['|', ';', '；', '、', ','])
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(str::to_owned)
            .collect();
        if entries.len() > ENTRIES_OF_PERSON_MAX {
            Err(self.wrong(column, Rule::TooMany))
        } else {
            Ok(entries)
        }
    }

    fn paths(&self, column: Column) -> Result<Vec<DepartmentPath>, RowError> {
        let entries = self.entries(column)?;
        let paths = entries.iter().map(|entry| DepartmentPath::parse(entry)).collect::<Option<Vec<_>>>();
        paths.ok_or_else(|| self.wrong(column, Rule::Department))
    }

    fn departments(&self) -> Result<Vec<DepartmentPath>, RowError> {
        let paths = self.paths(Column::Department)?;
        if paths.is_empty() { Err(self.wrong(Column::Department, Rule::Required)) } else { Ok(paths) }
    }

    fn head_of(&self, departments: &[DepartmentPath]) -> Result<BTreeSet<DepartmentPath>, RowError> {
        match self.text(Column::Head).to_lowercase().as_str() {
            "" | "否" | "no" | "n" | "false" | "0" => Ok(BTreeSet::new()),
            "是" | "yes" | "y" | "true" | "1" => Ok(departments.iter().take(1).cloned().collect()),
            _ => Ok(self.paths(Column::Head)?.into_iter().collect()),
        }
    }

    fn level(&self) -> Result<Option<u32>, RowError> {
        let text = self.text(Column::Level);
        if text.is_empty() {
            return Ok(None);
        }
        let digits = text.trim_start_matches(|first: char| first.is_ascii_alphabetic());
        digits.parse().map(Some).map_err(|_| self.wrong(Column::Level, Rule::Number))
    }

    fn status(&self) -> Result<Option<Status>, RowError> {
        match self.text(Column::Status).to_lowercase().as_str() {
            "" => Ok(None),
            "在职" | "active" => Ok(Some(Status::Active)),
            "停用" | "暂停" | "suspended" => Ok(Some(Status::Suspended)),
            "离职" | "left" => Ok(Some(Status::Left)),
            _ => Err(self.wrong(Column::Status, Rule::Word)),
        }
    }

    fn language(&self) -> Result<Language, RowError> {
        match self.text(Column::Language).to_lowercase().as_str() {
            "" | "zh" | "中文" => Ok(Language::Zh),
            "en" | "英文" | "english" => Ok(Language::En),
            _ => Err(self.wrong(Column::Language, Rule::Word)),
        }
    }

    fn zone(&self) -> Result<String, RowError> {
        let zone = self.text(Column::Zone);
        let is_known = zone.is_empty() || (zone.contains('/') && jiff::tz::TimeZone::get(&zone).is_ok());
        if is_known { Ok(zone) } else { Err(self.wrong(Column::Zone, Rule::Zone)) }
    }

    /// A day as spreadsheets write it, `2026-11-05` or `2026/11/5`.
    fn day(&self, column: Column) -> Result<String, RowError> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(text);
        }
        let mut parts = text.split(['-', '/', '.']);
        let mut part = || parts.next()?.parse::<i16>().ok();
        let (year, month, day) = (part(), part(), part());
        let day = year.zip(month).zip(day).and_then(|((year, month), day)| {
            let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
            jiff::civil::Date::new(year, month, day).ok()
        });
        match day.filter(|_| parts.next().is_none()) {
            Some(day) => Ok(day.to_string()),
            None => Err(self.wrong(column, Rule::Day)),
        }
    }

    fn account(&self, server_name: &ServerName) -> Result<Option<ruma::OwnedUserId>, RowError> {
        let localpart = self.text(Column::Localpart);
        let localpart = localpart.strip_prefix('@').unwrap_or(&localpart);
        if localpart.is_empty() {
            return Ok(None);
        }
        UserId::parse(format!("@{localpart}:{server_name}"))
            .ok()
            // What begins with an underscore is kept for bridges.
            .filter(|user| user.validate_strict().is_ok() && !localpart.starts_with('_'))
            .map(Some)
            .ok_or_else(|| self.wrong(Column::Localpart, Rule::Localpart))
    }
}
