//! What a staff list would change.

use std::collections::{BTreeMap, BTreeSet};

use pinyin::ToPinyin as _;
use ruma::{OwnedUserId, ServerName, UserId};

use super::{Column, RowError, Rule, StaffList, row, shared::shared};
use crate::{
    Chart, DepartmentNote, DepartmentPath, DepartmentVisibility, Person, PersonId, Status,
    limits::{LEAVERS_PERCENT_MAX, SHARED_PASSES_MAX},
};

/// Most people on the way from somebody to the top.
const MANAGERS_MAX: usize = 64;

/// Owns localparts of accounts that were there before the list, and are nobody's that we know. No employee number is a space.
pub(crate) const STRANGER: &str = " ";

/// The role of those who may change the organisation.
pub const WRITERS: &str = "org_admin";

/// What becomes of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Was not known.
    New,
    /// Works in another department.
    Moved,
    /// Something else is different.
    Changed,
    /// Leaves.
    Left,
    /// Is as before.
    Unchanged,
}

impl Kind {
    /// The key of its word in the result file and the dry run.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "org.import.new",
            Self::Moved => "org.import.moved",
            Self::Changed => "org.import.changed",
            Self::Left => "org.import.left",
            Self::Unchanged => "org.import.unchanged",
        }
    }
}

/// What becomes of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind of change.
    pub kind: Kind,
    /// The person from then on.
    pub after: Person,
}

/// What a staff list would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The version of the organisation that it was compared with.
    pub version: u64,
    /// Everybody who changes.
    pub changes: Vec<Change>,
    /// How many stay as they are.
    pub unchanged: usize,
    /// Rows that are passed over, and why.
    pub errors: Vec<RowError>,
    /// What became of each row, for the result file.
    pub rows: Vec<(u64, Kind)>,
    /// What is said anew of departments.
    pub notes: BTreeMap<DepartmentPath, DepartmentNote>,
    /// The accounts that were made up for people who have none, from their names.
    pub made_up: Vec<OwnedUserId>,
    /// Departments that would have nobody at their head (E404).
    pub headless: Vec<DepartmentPath>,
    /// With a full list: people who would leave, and percent of all, if that needs a second administrator (E403).
    pub needs_second: Option<(usize, usize)>,
}

/// Compares a list with the chart. `taken` says to whom a localpart was ever given. With `full`, who is not in the
/// list leaves, unless the row about them is in error.
#[must_use]
pub fn plan(
    list: &StaffList,
    chart: &Chart,
    taken: &BTreeMap<String, PersonId>,
    server_name: &ServerName,
    full: bool,
) -> Plan {
    let mut planning = Planning {
        chart,
        server_name,
        taken: taken.clone(),
        plan: Plan { version: chart.version(), ..Plan::default() },
        seen: BTreeSet::new(),
        after: BTreeMap::new(),
        numbered: BTreeMap::new(),
        said: BTreeMap::new(),
    };
    for (line, cells) in &list.rows {
        planning.row(list, *line, cells);
    }
    planning.managers();
    planning.shared(full);
    if full {
        planning.leavers(list);
    }
    planning.finished()
}

struct Planning<'a> {
    chart: &'a Chart,
    server_name: &'a ServerName,
    taken: BTreeMap<String, PersonId>,
    plan: Plan,
    seen: BTreeSet<PersonId>,
    /// The people of good rows, with the line of each.
    after: BTreeMap<PersonId, (u64, Person)>,
    /// Up to which number the localparts of a name are given, so that a thousand people of one name cost a thousand looks.
    numbered: BTreeMap<String, usize>,
    /// What the list says of departments.
    said: BTreeMap<DepartmentPath, (Option<String>, Option<DepartmentVisibility>)>,
}

impl Planning<'_> {
    fn row(&mut self, list: &StaffList, line: u64, cells: &[String]) {
        let number = PersonId(list.cell(cells, Column::Number).to_owned());
        let first_time = self.seen.insert(number.clone());
        let wrong = |column, value: &str, rule| RowError { line, column, value: value.to_owned(), rule };
        if !first_time && !number.0.is_empty() {
            self.plan.errors.push(wrong(Column::Number, &number.0, Rule::Twice));
            return;
        }
        let before = |id: &PersonId| self.chart.person(id).cloned();
        match row::person(list, line, cells, before, self.server_name) {
            Ok(mut person) => {
                let named = person.account.take();
                let is_named = named.is_some();
                let account = named.or_else(|| self.made_up(&person));
                if let Some(account) = account {
                    let owner = self.taken.entry(account.localpart().to_owned());
                    let owner = owner.or_insert_with(|| person.id.clone());
                    // Whose account it is that was there before, only people know.
                    if is_named && owner.0 == STRANGER {
                        owner.clone_from(&person.id);
                    }
                    if !is_named {
                        self.plan.made_up.push(account.clone());
                    }
                    if *owner != person.id {
                        self.plan.errors.push(wrong(Column::Localpart, account.localpart(), Rule::Taken));
                        return;
                    }
                    person.account = Some(account);
                }
                if let Err(error) = self.note(list, line, cells, &person) {
                    self.plan.errors.push(error);
                    return;
                }
                self.after.insert(person.id.clone(), (line, person));
            }
            Err(errors) => self.plan.errors.extend(errors),
        }
    }

    /// Takes what a row says of the first department of its person. Rows may not contradict each other.
    fn note(
        &mut self,
        list: &StaffList,
        line: u64,
        cells: &[String],
        person: &Person,
    ) -> Result<(), RowError> {
        let (code, visibility) = row::note(list, line, cells)?;
        let Some(path) = person.departments.first() else { return Ok(()) };
        let wrong = |column, rule| {
            let value = list.cell(cells, column).to_owned();
            Err(RowError { line, column, value, rule })
        };
        let is_elsewhere = |(other, said): (&DepartmentPath, &(Option<String>, _))| {
            code.is_some() && said.0 == code && other != path
        };
        if self.said.iter().any(is_elsewhere) {
            return wrong(Column::DepartmentCode, Rule::CodeTaken);
        }
        let said = self.said.entry(path.clone()).or_default();
        if said.0.is_some() && code.is_some() && said.0 != code {
            return wrong(Column::DepartmentCode, Rule::Contradicts);
        }
        if said.1.is_some() && visibility.is_some() && said.1 != visibility {
            return wrong(Column::DepartmentVisibility, Rule::Contradicts);
        }
        said.0 = said.0.take().or(code);
        said.1 = said.1.or(visibility);
        Ok(())
    }

    /// A localpart for somebody who has none: the name in pinyin, with a number if it was ever given.
    fn made_up(&mut self, person: &Person) -> Option<OwnedUserId> {
        let mut base = String::new();
        for letter in person.name.chars() {
            match letter.to_pinyin() {
                Some(syllable) => base.push_str(syllable.plain()),
                None if letter.is_ascii_alphanumeric() => base.push(letter.to_ascii_lowercase()),
                None => {}
            }
        }
        // ü is no letter of a localpart.
        let base = base.replace('ü', "v");
        let base = if base.is_ascii() && !base.is_empty() {
            base
        } else {
            format!("u{}", person.id.0.to_lowercase())
        };
        let from = self.numbered.get(&base).map_or(1, |given| given + 1);
        let (number, localpart) = (from..=from + self.taken.len())
            .map(|n| (n, if n == 1 { base.clone() } else { format!("{base}{n}") }))
            .find(|(_, localpart)| self.taken.get(localpart).is_none_or(|owner| *owner == person.id))?;
        self.numbered.insert(base, number);
        UserId::parse(format!("@{localpart}:{}", self.server_name)).ok()
    }

    /// Managers must exist, and nobody may be their own.
    fn managers(&mut self) {
        let mut wrong = Vec::new();
        for (id, (line, person)) in &self.after {
            let Some(manager) = &person.manager else { continue };
            let rule = if self.manager_of(manager).is_none() {
                Rule::UnknownManager
            } else if self.circles(id) {
                Rule::Circle
            } else {
                continue;
            };
            let value = manager.0.clone();
            wrong.push((id.clone(), RowError { line: *line, column: Column::Manager, value, rule }));
        }
        for (id, error) in wrong {
            self.after.remove(&id);
            self.plan.errors.push(error);
        }
    }

    /// The manager of somebody as it would be; the outer nothing is for people nobody knows.
    fn manager_of(&self, id: &PersonId) -> Option<Option<PersonId>> {
        match self.after.get(id) {
            Some((_, person)) => Some(person.manager.clone()),
            None => self.chart.person(id).map(|person| person.manager.clone()),
        }
    }

    fn circles(&self, id: &PersonId) -> bool {
        let mut above = self.manager_of(id).flatten();
        for _ in 0..MANAGERS_MAX {
            match above {
                Some(manager) if manager == *id => return true,
                Some(manager) => above = self.manager_of(&manager).flatten(),
                None => return false,
            }
        }
        // A circle of others above this one: the rows of those are refused.
        false
    }

    /// An id at another platform is one person's.
    fn shared(&mut self, full: bool) {
        // Whose row is refused stays as they were, which may be in the way of another row.
        for _ in 0..SHARED_PASSES_MAX {
            // Of a full list, who is not in it leaves.
            let is_other = |person: &&Person| {
                !self.after.contains_key(&person.id) && (!full || self.seen.contains(&person.id))
            };
            let others = self.chart.people().map(AsRef::as_ref).filter(is_other);
            let refused = shared(&self.after, others, self.chart);
            if refused.is_empty() {
                return;
            }
            for (id, error) in refused {
                self.after.remove(&id);
                self.plan.errors.push(error);
            }
        }
    }

    fn leavers(&mut self, list: &StaffList) {
        let here: Vec<_> =
            self.chart.people().filter(|person| person.status != Status::Left).cloned().collect();
        let mut leavers = 0_usize;
        let mut head_leaves = false;
        for person in &here {
            if self.seen.contains(&person.id) {
                let says_so =
                    self.after.get(&person.id).is_some_and(|(_, after)| after.status == Status::Left);
                leavers += usize::from(says_so);
                head_leaves |= says_so && !person.head_of.is_empty();
                continue;
            }
            leavers += 1;
            head_leaves |= !person.head_of.is_empty();
            let mut after = Person::clone(person);
            after.status = Status::Left;
            self.plan.changes.push(Change { kind: Kind::Left, after });
        }
        let percent = (leavers * 100).checked_div(here.len()).unwrap_or(0);
        // A list whose rows are mostly broken says nothing of who is missing in it.
        let many = leavers * 100 > here.len() * LEAVERS_PERCENT_MAX;
        if leavers > 0 && (many || head_leaves || list.rows.is_empty()) {
            self.plan.needs_second = Some((leavers, percent));
        }
    }

    fn finished(mut self) -> Plan {
        for (id, (line, after)) in self.after {
            let kind = match self.chart.person(&id) {
                None => Kind::New,
                Some(before) if *before == after => Kind::Unchanged,
                Some(_) if after.status == Status::Left => Kind::Left,
                Some(before) if before.departments != after.departments => Kind::Moved,
                Some(_) => Kind::Changed,
            };
            self.plan.rows.push((line, kind));
            match kind {
                Kind::Unchanged => self.plan.unchanged += 1,
                Kind::New | Kind::Moved | Kind::Changed | Kind::Left => {
                    self.plan.changes.push(Change { kind, after });
                }
            }
        }
        for (path, (code, visibility)) in std::mem::take(&mut self.said) {
            let before = self.chart.notes().get(&path).cloned().unwrap_or_default();
            let after = DepartmentNote {
                code: code.unwrap_or_else(|| before.code.clone()),
                visibility: visibility.unwrap_or(before.visibility),
            };
            if after != before {
                self.plan.notes.insert(path, after);
            }
        }
        self.plan.rows.sort_by_key(|(line, _)| *line);
        self.plan.errors.sort_by_key(|error| error.line);
        let after = self.plan.onto(self.chart, self.plan.version + 1);
        self.plan.headless = after.headless().into_iter().cloned().collect();
        self.plan
    }
}

impl Plan {
    /// The organisation after the plan.
    #[must_use]
    pub fn onto(&self, chart: &Chart, version: u64) -> Chart {
        let mut people: BTreeMap<PersonId, _> =
            chart.people().map(|person| (person.id.clone(), person.clone())).collect();
        for change in &self.changes {
            people.insert(change.after.id.clone(), change.after.clone().into());
        }
        let mut notes = chart.notes().clone();
        notes.extend(self.notes.iter().map(|(path, note)| (path.clone(), note.clone())));
        Chart::new(version, people.into_values()).noting(notes)
    }

    /// Who can apply a full list beside the one who looked at it, by an account or another name of theirs: names, or `-` where
    /// there is nobody.
    #[must_use]
    pub fn second_administrators(&self, chart: &Chart, first: &str) -> String {
        let firsts = chart.called(first);
        let others = chart.in_role(WRITERS).iter().filter_map(|id| chart.active(id));
        let others = others.filter(|person| firsts.iter().all(|first| first.id != person.id));
        let names: Vec<&str> = others.map(|person| person.name.as_str()).collect();
        if names.is_empty() { "-".to_owned() } else { names.join("、") }
    }

    /// How many people become this.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Unchanged => self.unchanged,
            Kind::New | Kind::Moved | Kind::Changed | Kind::Left => {
                self.changes.iter().filter(|change| change.kind == kind).count()
            }
        }
    }
}
