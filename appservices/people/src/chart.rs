//! The organisation at one version: a value that rules are asked of. Nothing here reads storage or the clock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use ruma::{OwnedUserId, UserId};

use crate::{DepartmentNote, DepartmentPath, DepartmentVisibility, Person, PersonId, Status};

/// A department, made from the people who name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Department {
    /// Active heads, in the order of their employee numbers.
    pub heads: Vec<PersonId>,
    /// Active members, in the order of their employee numbers.
    pub members: Vec<PersonId>,
}

/// The organisation at one version.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    version: u64,
    people: BTreeMap<PersonId, Arc<Person>>,
    departments: BTreeMap<DepartmentPath, Department>,
    /// Also of departments that have nobody now.
    notes: BTreeMap<DepartmentPath, DepartmentNote>,
    /// Of everybody, also who has left: an account is one person's for ever.
    by_account: HashMap<OwnedUserId, PersonId>,
    by_role: BTreeMap<String, Vec<PersonId>>,
    /// By platform, then by the id there.
    elsewhere: HashMap<String, HashMap<String, PersonId>>,
}

impl Chart {
    /// Puts the people together. Departments above named ones exist too, and those whose people have all left do not.
    #[must_use]
    pub fn new(version: u64, people: impl IntoIterator<Item = Arc<Person>>) -> Self {
        let mut chart = Self { version, ..Self::default() };
        for person in people {
            chart.add(person);
        }
        chart
    }

    /// The same, with what is said of departments.
    #[must_use]
    pub fn noting(self, notes: BTreeMap<DepartmentPath, DepartmentNote>) -> Self {
        Self { notes, ..self }
    }

    fn add(&mut self, person: Arc<Person>) {
        if person.is_active() {
            for path in person.departments.iter().chain(&person.head_of) {
                let mut above = Some(path.clone());
                while let Some(path) = above {
                    above = path.parent();
                    self.departments.entry(path).or_default();
                }
            }
            for path in &person.departments {
                self.departments.entry(path.clone()).or_default().members.push(person.id.clone());
            }
            for path in &person.head_of {
                self.departments.entry(path.clone()).or_default().heads.push(person.id.clone());
            }
            for role in &person.roles {
                self.by_role.entry(role.clone()).or_default().push(person.id.clone());
            }
            for (platform, id) in &person.elsewhere {
                let known = self.elsewhere.entry(platform.clone()).or_default();
                let owner = known.entry(id.clone()).or_insert_with(|| person.id.clone());
                if person.id < *owner {
                    *owner = person.id.clone();
                }
            }
        }
        if let Some(account) = &person.account {
            let owner = self.by_account.entry(account.clone()).or_insert_with(|| person.id.clone());
            // Were it two people's, it is theirs who works here.
            if person.is_active() {
                owner.clone_from(&person.id);
            }
        }
        self.people.insert(person.id.clone(), person);
    }

    /// Which version this is; it rises with every change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Everybody, also who has left, in the order of employee numbers.
    pub fn people(&self) -> impl Iterator<Item = &Arc<Person>> {
        self.people.values()
    }

    /// One person, also one who has left.
    #[must_use]
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.people.get(id).map(AsRef::as_ref)
    }

    /// A person who works here now.
    #[must_use]
    pub fn active(&self, id: &PersonId) -> Option<&Person> {
        self.person(id).filter(|person| person.is_active())
    }

    /// Whose account this is. Rights are counted by person, so everything begins with this question.
    #[must_use]
    pub fn by_account(&self, account: &UserId) -> Option<&Person> {
        self.by_account.get(account).and_then(|id| self.active(id))
    }

    /// Whether the person of this account works here, is away, or has left; none for nobody's account.
    #[must_use]
    pub fn status_of(&self, account: &UserId) -> Option<Status> {
        self.by_account.get(account).and_then(|id| self.person(id)).map(|person| person.status)
    }

    /// The account of somebody, also of who has left: what they did stays theirs.
    #[must_use]
    pub fn account_of(&self, person: &PersonId) -> Option<OwnedUserId> {
        self.person(person)?.account.clone()
    }

    /// Who works here and has this id on another platform; of several the first by employee number.
    #[must_use]
    pub fn known_elsewhere(&self, platform: &str, id: &str) -> Option<&Person> {
        self.elsewhere.get(platform)?.get(id).and_then(|id| self.active(id))
    }

    /// The active people with a role.
    #[must_use]
    pub fn in_role(&self, role: &str) -> &[PersonId] {
        self.by_role.get(role).map_or(&[], Vec::as_slice)
    }

    /// Every department that has somebody, and those above.
    pub fn departments(&self) -> impl Iterator<Item = (&DepartmentPath, &Department)> {
        self.departments.iter()
    }

    /// What is said of departments, also of those that have nobody now.
    #[must_use]
    pub fn notes(&self) -> &BTreeMap<DepartmentPath, DepartmentNote> {
        &self.notes
    }

    /// The code of a department; empty where it has none.
    #[must_use]
    pub fn code_of(&self, path: &DepartmentPath) -> &str {
        self.notes.get(path).map_or("", |note| &note.code)
    }

    /// Who finds a department.
    #[must_use]
    pub fn visibility_of(&self, path: &DepartmentPath) -> DepartmentVisibility {
        self.notes.get(path).map(|note| note.visibility).unwrap_or_default()
    }

    /// Whether somebody finds a department: neither it nor one above it is hidden from them.
    #[must_use]
    pub fn finds(&self, me: &Person, path: &DepartmentPath) -> bool {
        let is_theirs = |hidden: &DepartmentPath| {
            let is_in = me.departments.iter().chain(&me.head_of).any(|mine| mine.is_within(hidden));
            is_in || me.head_of.iter().any(|mine| hidden.is_within(mine))
        };
        let mut above = Some(path.clone());
        while let Some(here) = above {
            if self.visibility_of(&here) == DepartmentVisibility::Hidden && !is_theirs(&here) {
                return false;
            }
            above = here.parent();
        }
        true
    }

    /// One department.
    #[must_use]
    pub fn department(&self, path: &DepartmentPath) -> Option<&Department> {
        self.departments.get(path)
    }

    /// The department whose heads are level 1 for somebody who starts something in `department`: that department,
    /// unless they head it themselves, then the one above.
    #[must_use]
    pub fn first_level(&self, starter: &PersonId, department: &DepartmentPath) -> Option<DepartmentPath> {
        let heads_it = self.department(department).is_some_and(|found| found.heads.contains(starter));
        if heads_it { department.parent() } else { Some(department.clone()) }
    }

    /// The heads at a level above somebody, counted from 1, and the department that they head. Nothing when there is
    /// no such department; an empty list when nobody heads it.
    #[must_use]
    pub fn nth_heads(
        &self,
        starter: &PersonId,
        department: &DepartmentPath,
        level: u32,
    ) -> Option<(DepartmentPath, &[PersonId])> {
        let mut path = self.first_level(starter, department)?;
        for _ in 1..level {
            path = path.parent()?;
        }
        let heads = self.department(&path).map_or(&[][..], |found| &found.heads);
        Some((path, heads))
    }

    /// The nearest people above somebody: the heads of their department who are not they, or of one further above;
    /// without any, their manager.
    #[must_use]
    pub fn heads_above(&self, person: &Person) -> Vec<PersonId> {
        let mut path = person.departments.first().cloned();
        while let Some(here) = path {
            let heads = self.department(&here).map_or(&[][..], |found| &found.heads);
            let others: Vec<PersonId> = heads.iter().filter(|head| **head != person.id).cloned().collect();
            if !others.is_empty() {
                return others;
            }
            path = here.parent();
        }
        person.manager.iter().filter(|manager| self.active(manager).is_some()).cloned().collect()
    }

    /// Who follows somebody who left, the nearest first: their manager, then the heads of their department and of those above.
    #[must_use]
    pub fn followers(&self, person: &Person) -> Vec<PersonId> {
        let manager = person.manager.iter().filter(|manager| self.active(manager).is_some());
        let mut followers: Vec<PersonId> = manager.cloned().collect();
        let mut path = person.departments.first().cloned();
        while let Some(here) = path {
            for head in self.department(&here).map_or(&[][..], |found| &found.heads) {
                if *head != person.id && !followers.contains(head) {
                    followers.push(head.clone());
                }
            }
            path = here.parent();
        }
        followers
    }

    /// Who has the rights of the heads of a department while it has none: the managers of those who headed it and are away or
    /// have left; where none of these works here, the heads of the nearest department above. Nobody where nobody ever headed
    /// it, and where it has a head.
    #[must_use]
    pub fn stand_ins(&self, path: &DepartmentPath) -> Vec<PersonId> {
        let has_head = self.department(path).is_some_and(|found| !found.heads.is_empty());
        let former =
            self.people.values().filter(|person| !person.is_active() && person.head_of.contains(path));
        let former: Vec<&Arc<Person>> = if has_head { Vec::new() } else { former.collect() };
        let managers = former.iter().filter_map(|person| person.manager.as_ref());
        let managers: BTreeSet<PersonId> =
            managers.filter(|manager| self.active(manager).is_some()).cloned().collect();
        if former.is_empty() || !managers.is_empty() {
            return managers.into_iter().collect();
        }
        let mut above = path.parent();
        while let Some(path) = above {
            match self.department(&path).map(|found| &found.heads).filter(|heads| !heads.is_empty()) {
                Some(heads) => return heads.clone(),
                None => above = path.parent(),
            }
        }
        Vec::new()
    }

    /// The departments without a head, and how many people each has.
    #[must_use]
    pub fn headless(&self) -> BTreeSet<&DepartmentPath> {
        self.departments
            .iter()
            .filter(|(_, department)| department.heads.is_empty())
            .map(|(path, _)| path)
            .collect()
    }

    /// People whose name, account or employee number this is.
    #[must_use]
    pub fn called(&self, text: &str) -> Vec<&Person> {
        let localpart = text.strip_prefix('@').unwrap_or(text);
        self.people
            .values()
            .map(AsRef::as_ref)
            .filter(|person: &&Person| person.is_active())
            .filter(|person| {
                person.id.0 == localpart
                    || person.name == localpart
                    || (!localpart.is_empty() && person.english_name.eq_ignore_ascii_case(localpart))
                    || person
                        .account
                        .as_ref()
                        .is_some_and(|account| account.as_str() == text || account.localpart() == localpart)
            })
            .collect()
    }
}
