//! People, departments and tags, and what apps are told when they change.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::State;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;

/// The root department.
pub(crate) const ROOT: u64 = 1;

/// Ids of people are compared without their case.
pub(crate) fn folded(user_id: &str) -> String {
    user_id.to_lowercase()
}

/// A member.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) user_id: String,
    pub(crate) open_userid: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) mobile: String,
    pub(crate) position: String,
    pub(crate) departments: Vec<u64>,
    pub(crate) disabled: bool,
    /// Whether they have not used the client yet.
    pub(crate) is_new: bool,
    /// Whether they left the organisation by themselves: lists and lookups still show them.
    pub(crate) has_left: bool,
}

impl Person {
    /// How the platform says that they stand: 1 active, 2 disabled, 4 not active yet, 5 left.
    pub(crate) fn status(&self) -> u64 {
        match (self.has_left, self.disabled, self.is_new) {
            (true, ..) => 5,
            (false, true, _) => 2,
            (false, false, true) => 4,
            (false, false, false) => 1,
        }
    }
}

/// A department; the root has the parent 0.
#[derive(Clone, Debug)]
pub(crate) struct Department {
    pub(crate) name: String,
    pub(crate) parent: u64,
}

impl Department {
    pub(crate) fn root() -> Self {
        Self { name: "Organisation".to_owned(), parent: 0 }
    }
}

/// A tag.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) people: BTreeSet<String>,
}

impl State {
    /// Whether a department is another one or below it.
    pub(crate) fn is_below(&self, department: u64, above: u64) -> bool {
        let mut at = department;
        // No chain is longer than there are departments.
        for _ in 0..=self.departments.len() {
            if at == above {
                return true;
            }
            match self.departments.get(&at) {
                Some(known) => at = known.parent,
                None => return false,
            }
        }
        false
    }

    fn tell_of_contacts(&mut self, change: &str, fields: &Value, stripped: &Value) {
        let agents: Vec<(u64, bool)> =
            self.apps.values().map(|app| (app.agent_id, app.before_2022)).collect();
        for (agent, before_2022) in agents {
            let mut fields = if before_2022 { fields.clone() } else { stripped.clone() };
            fields["ChangeType"] = change.into();
            self.emit(agent, "sys", "change_contact", &fields);
        }
    }

    /// A new member; answers the open_userid.
    pub(crate) fn add_person(&mut self, mut person: Person) -> Result<String, Refusal> {
        let id = folded(&person.user_id);
        if id.is_empty() || id.len() > 64 || self.people.contains_key(&id) || self.people.len() >= RECORDS_MAX
        {
            return Err(Refusal::control("the person exists, has no good id, or there are too many"));
        }
        if person.departments.is_empty() {
            person.departments.push(ROOT);
        }
        self.has_departments(&person.departments)?;
        person.open_userid = self.stage.chance.id("wo", 30);
        let open = person.open_userid.clone();
        let (fields, stripped) = told(&person);
        self.people.insert(id, person);
        self.tell_of_contacts("create_user", &fields, &stripped);
        Ok(open)
    }

    fn has_departments(&self, departments: &[u64]) -> Result<(), Refusal> {
        if departments.iter().all(|department| self.departments.contains_key(department)) {
            Ok(())
        } else {
            Err(Refusal::control("there is no such department"))
        }
    }

    /// Changes a member; `new_id` gives another id.
    pub(crate) fn change_person(
        &mut self,
        user_id: &str,
        new_id: Option<String>,
        change: impl FnOnce(&mut Person),
    ) -> Result<(), Refusal> {
        let id = folded(user_id);
        let mut person = self.person(user_id)?.clone();
        change(&mut person);
        self.has_departments(&person.departments)?;
        let (mut fields, mut stripped) = told(&person);
        if let Some(new_id) = new_id {
            let folded_new = folded(&new_id);
            if folded_new != id && self.people.contains_key(&folded_new) {
                return Err(Refusal::control("the other id is taken"));
            }
            fields["NewUserID"] = new_id.clone().into();
            stripped["NewUserID"] = new_id.clone().into();
            person.user_id = new_id;
            self.people.remove(&id);
            self.move_chats(&id, &folded_new);
        }
        self.people.insert(folded(&person.user_id), person);
        self.tell_of_contacts("update_user", &fields, &stripped);
        Ok(())
    }

    /// The chats of a member are theirs under the new id too.
    fn move_chats(&mut self, id: &str, new_id: &str) {
        for chat in self.chats.values_mut() {
            if chat.people.remove(id) {
                chat.people.insert(new_id.to_owned());
            }
            if let Some((person, with)) = chat.direct.as_mut().filter(|(person, _)| person == id) {
                self.directs.remove(&(person.clone(), with.clone()));
                *person = new_id.to_owned();
                self.directs.insert((person.clone(), with.clone()), chat.id.clone());
            }
        }
    }

    /// A member who leaves the organisation, and with it all groups.
    pub(crate) fn remove_person(&mut self, user_id: &str) -> Result<(), Refusal> {
        let id = folded(user_id);
        let person = self.people.remove(&id).ok_or_else(|| Refusal::control("there is no such person"))?;
        for chat in self.chats.values_mut().filter(|chat| chat.direct.is_none()) {
            chat.people.remove(&id);
        }
        for tag in self.tags.values_mut() {
            tag.people.remove(&id);
        }
        let fields = json!({ "UserID": person.user_id });
        self.tell_of_contacts("delete_user", &fields, &fields);
        Ok(())
    }

    /// Makes a department or gives it another name or parent.
    pub(crate) fn set_department(&mut self, id: u64, name: String, parent: u64) -> Result<(), Refusal> {
        let new = !self.departments.contains_key(&id);
        if id == ROOT || self.is_below(parent, id) || !self.departments.contains_key(&parent) {
            return Err(Refusal::control("the department cannot be there"));
        }
        if self.departments.len() >= RECORDS_MAX {
            return Err(Refusal::control("there are too many departments"));
        }
        let fields = json!({ "Id": id, "Name": name, "ParentId": parent, "Order": id });
        let stripped = json!({ "Id": id });
        self.departments.insert(id, Department { name, parent });
        self.tell_of_contacts(if new { "create_party" } else { "update_party" }, &fields, &stripped);
        Ok(())
    }

    /// An empty department goes.
    pub(crate) fn remove_department(&mut self, id: u64) -> Result<(), Refusal> {
        let used = self.people.values().any(|person| person.departments.contains(&id));
        let above = self.departments.values().any(|department| department.parent == id);
        if id == ROOT || used || above || self.departments.remove(&id).is_none() {
            return Err(Refusal::control("there is no such department, or it is not empty"));
        }
        let fields = json!({ "Id": id });
        self.tell_of_contacts("delete_party", &fields, &fields);
        Ok(())
    }

    /// People get a tag or lose it.
    pub(crate) fn change_tag(
        &mut self,
        tag_id: u64,
        add: &[String],
        remove: &[String],
    ) -> Result<(), Refusal> {
        for person in add {
            self.person(person)?;
        }
        let tag = self.tags.get_mut(&tag_id).ok_or_else(|| Refusal::control("there is no such tag"))?;
        tag.people.extend(add.iter().map(|person| folded(person)));
        for person in remove {
            tag.people.remove(&folded(person));
        }
        let fields = json!({
            "TagId": tag_id, "AddUserItems": add.join(","), "DelUserItems": remove.join(","),
            "AddPartyItems": "", "DelPartyItems": "",
        });
        self.tell_of_contacts("update_tag", &fields, &fields);
        Ok(())
    }
}

/// What apps are told of a member: all of it, and what is left since 2022.
fn told(person: &Person) -> (Value, Value) {
    let departments: Vec<String> = person.departments.iter().map(u64::to_string).collect();
    let stripped = json!({ "UserID": person.user_id, "Department": departments.join(",") });
    let mut fields = stripped.clone();
    fields["Name"] = person.name.clone().into();
    fields["MainDepartment"] = person.departments.first().copied().into();
    fields["Position"] = person.position.clone().into();
    fields["Mobile"] = person.mobile.clone().into();
    fields["Email"] = person.email.clone().into();
    fields["Status"] = person.status().into();
    (fields, stripped)
}
