//! How far into the contacts an app sees: everybody, or what an administrator granted it in the console.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::State;
use super::people::{Department, Person};
use crate::refusal::Refusal;

/// What was granted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Departments by `department_id`, each with everything below it.
    pub(crate) departments: BTreeSet<String>,
    /// People by `user_id`, beside those of the departments.
    pub(crate) people: BTreeSet<String>,
}

impl State {
    fn reach(&self, app: &str) -> Option<&Reach> {
        self.apps.get(app).and_then(|app| app.reach.as_ref())
    }

    /// Whether an app sees everybody, and may ask for what is below the root.
    pub(crate) fn reaches_everybody(&self, app: &str) -> bool {
        self.reach(app).is_none()
    }

    /// Whether a department, or one above it, was granted to an app.
    pub(crate) fn reaches_department(&self, app: &str, department: &Department) -> bool {
        let Some(reach) = self.reach(app) else { return true };
        let mut above = Some(department);
        // A parent comes before its children, so this ends at the root, which is no record.
        while let Some(department) = above {
            if reach.departments.contains(&department.department_id) {
                return true;
            }
            above = self.departments.get(&department.parent);
        }
        false
    }

    /// Whether a person, or a department of theirs, was granted to an app.
    pub(crate) fn reaches_person(&self, app: &str, person: &Person) -> bool {
        let Some(reach) = self.reach(app) else { return true };
        let mut departments = person.departments.iter().filter_map(|id| self.departments.get(id));
        reach.people.contains(&person.user_id)
            || departments.any(|department| self.reaches_department(app, department))
    }

    /// Whether contacts show a person to an app.
    pub(crate) fn sees(&self, app: &str, person: &Person) -> bool {
        !person.unavailable && self.reaches_person(app, person)
    }

    /// The topmost of what an app sees: where that is everybody, the departments below the root and the people of none.
    pub(crate) fn granted(&self, app: &str) -> Reach {
        if let Some(reach) = self.reach(app) {
            return reach.clone();
        }
        let top = self.departments.values().filter(|department| department.parent == "0");
        let alone =
            self.people.values().filter(|person| person.departments.is_empty() && !person.unavailable);
        Reach {
            departments: top.map(|department| department.department_id.clone()).collect(),
            people: alone.map(|person| person.user_id.clone()).collect(),
        }
    }

    /// Grants an app another reach, and tells it what came and what went; nothing stands for everybody.
    ///
    /// # Errors
    /// An app, a department or a person that there is not.
    pub(crate) fn change_reach(&mut self, app: &str, reach: Option<Reach>) -> Result<(), Refusal> {
        if let Some(reach) = &reach {
            if !reach.departments.iter().all(|department| self.departments.contains_key(department)) {
                return Err(Refusal::code(40_008));
            }
            if !reach.people.iter().all(|person| self.people.contains_key(person)) {
                return Err(Refusal::code(99_992_360));
            }
        }
        let before = self.granted(app);
        self.apps.get_mut(app).ok_or(Refusal::code(10_003))?.reach = reach;
        let after = self.granted(app);
        if before != after {
            let body = json!({
                "added": self.more_in(app, &after, &before), "removed": self.more_in(app, &before, &after),
            });
            self.emit(app, "contact.scope.updated_v3", body);
        }
        Ok(())
    }

    /// What is in `one` and not in `other`, as events carry it.
    fn more_in(&self, app: &str, one: &Reach, other: &Reach) -> Value {
        let departments = one.departments.difference(&other.departments);
        let departments = departments.filter_map(|id| self.departments.get(id)).map(Department::object);
        let people = one.people.difference(&other.people).filter_map(|id| self.people.get(id));
        let people = people.map(|person| self.contact(app, person));
        json!({
            "departments": departments.collect::<Vec<_>>(), "users": people.collect::<Vec<_>>(), "user_groups": [],
        })
    }
}
