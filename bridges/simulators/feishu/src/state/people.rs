//! People and departments, and the names under which each app knows them.

use serde_json::{Map, Value, json};

use super::State;
use crate::crypto::derived;
use crate::refusal::Refusal;

/// A person of the tenant, or of another one; the key of the record is the `user_id`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) en_name: String,
    pub(crate) email: String,
    pub(crate) mobile: String,
    pub(crate) job_title: String,
    pub(crate) departments: Vec<String>,
    pub(crate) resigned: bool,
    /// Whether the person is outside of what apps may use and see.
    pub(crate) unavailable: bool,
    /// Whether the person is of another company.
    pub(crate) outside: bool,
    /// Whether the person stopped bots from writing to them.
    pub(crate) stopped_bots: bool,
}

/// A department; the key of the record is its `department_id`.
#[derive(Clone, Debug)]
pub(crate) struct Department {
    pub(crate) department_id: String,
    pub(crate) name: String,
    pub(crate) parent: String,
}

impl Department {
    /// As events carry it.
    pub(crate) fn object(&self) -> Value {
        json!({
            "name": self.name, "department_id": self.department_id,
            "open_department_id": open_department_id(&self.department_id),
            "parent_department_id": open_department_id(&self.parent),
        })
    }
}

/// Who a person or an app is for one app.
pub(crate) fn open_id(viewer: &str, who: &str) -> String {
    format!("ou_{}", derived(&["open", viewer, who], 32))
}

/// The `open_department_id`.
pub(crate) fn open_department_id(department: &str) -> String {
    if department == "0" {
        "0".to_owned()
    } else {
        format!("od-{}", derived(&["department", department], 32))
    }
}

impl State {
    /// The company of a person or an app.
    pub(crate) fn tenant_of(&self, who: &str) -> String {
        match self.people.get(who) {
            Some(person) if person.outside => derived(&["tenant", who], 16),
            _ => self.tenant_key.clone(),
        }
    }

    /// The id that all apps of one developer share.
    pub(crate) fn union_id(&self, who: &str) -> String {
        format!("on_{}", derived(&["union", &self.tenant_key, who], 32))
    }

    /// The three ids of a person or a bot as one app sees them; `user_id` only with its scope and only for people.
    pub(crate) fn ids(&self, viewer: &str, who: &str) -> Value {
        let mut ids = Map::new();
        ids.insert("open_id".into(), open_id(viewer, who).into());
        ids.insert("union_id".into(), self.union_id(who).into());
        let may_see = self.apps.get(viewer).is_some_and(|app| app.may("contact:user.employee_id:readonly"));
        if may_see && self.people.contains_key(who) {
            ids.insert("user_id".into(), who.into());
        }
        Value::Object(ids)
    }

    /// The id of the kind that was asked for.
    pub(crate) fn id_of(&self, viewer: &str, who: &str, kind: &str) -> String {
        match kind {
            "union_id" => self.union_id(who),
            "user_id" => who.to_owned(),
            _ => open_id(viewer, who),
        }
    }

    /// The person whom an app means.
    pub(crate) fn person(&self, viewer: &str, kind: &str, id: &str) -> Result<&Person, Refusal> {
        let found = match kind {
            "user_id" => self.people.get(id),
            "union_id" => self.people.values().find(|person| self.union_id(&person.user_id) == id),
            "email" => self.people.values().find(|person| person.email == id),
            _ => self.people.values().find(|person| open_id(viewer, &person.user_id) == id),
        };
        found.ok_or_else(|| match kind {
            "user_id" => Refusal::code(99_992_360),
            "union_id" => Refusal::code(99_992_364),
            "email" => Refusal::code(230_034),
            _ if self.is_of_another_app(viewer, id) => Refusal::code(99_992_361),
            _ => Refusal::code(99_992_351),
        })
    }

    fn is_of_another_app(&self, viewer: &str, id: &str) -> bool {
        let others = self.apps.keys().filter(|app| app.as_str() != viewer);
        let mut whom = others.flat_map(|app| self.people.keys().map(move |person| open_id(app, person)));
        whom.any(|other| other == id)
    }

    /// A person as contacts show them to an app: each group of fields behind its own scope.
    pub(crate) fn contact(&self, viewer: &str, person: &Person) -> Value {
        let may = |scope: &str| self.apps.get(viewer).is_some_and(|app| app.may(scope));
        let Value::Object(mut user) = self.ids(viewer, &person.user_id) else { return Value::Null };
        if may("contact:user.base:readonly") {
            let avatar = format!("https://avatars.invalid/{}.png", derived(&["avatar", &person.user_id], 16));
            user.insert("name".into(), person.name.clone().into());
            user.insert("en_name".into(), person.en_name.clone().into());
            user.insert(
                "avatar".into(),
                json!({ "avatar_72": avatar, "avatar_240": avatar, "avatar_640": avatar, "avatar_origin": avatar }),
            );
        }
        if may("contact:user.email:readonly") {
            user.insert("email".into(), person.email.clone().into());
        }
        if may("contact:user.phone:readonly") {
            user.insert("mobile".into(), person.mobile.clone().into());
            user.insert("mobile_visible".into(), true.into());
        }
        if may("contact:user.department:readonly") {
            let departments: Vec<_> =
                person.departments.iter().map(|department| open_department_id(department)).collect();
            user.insert("department_ids".into(), departments.into());
        }
        if may("contact:user.employee:readonly") {
            user.insert("job_title".into(), person.job_title.clone().into());
            user.insert(
                "status".into(),
                json!({
                    "is_frozen": false, "is_resigned": person.resigned, "is_activated": true,
                    "is_exited": false, "is_unjoin": false,
                }),
            );
        }
        Value::Object(user)
    }

    /// Tells the apps that may see somebody of them; `old` is what they were before for an app, as far as that changed.
    pub(crate) fn tell_of_contact(
        &mut self,
        event_type: &'static str,
        person: &Person,
        old: &dyn Fn(&Self, &str) -> Option<Value>,
    ) {
        let apps = self.apps.keys().filter(|app| self.reaches_person(app, person));
        let apps: Vec<String> = apps.cloned().collect();
        for app in apps {
            let mut object = self.contact(&app, person);
            // Documented as not filled in these events.
            object["department_ids"] = json!([]);
            let mut body = json!({ "object": object });
            if let Some(old) = old(self, &app) {
                body["old_object"] = old;
            }
            self.emit(&app, event_type, body);
        }
    }

    /// Tells the apps that may see a department of it; `old` is what it was before, as far as that changed.
    pub(crate) fn tell_of_department(
        &mut self,
        event_type: &'static str,
        department: &Department,
        old: Option<Value>,
    ) {
        let apps = self.apps.keys().filter(|app| self.reaches_department(app, department));
        let apps: Vec<String> = apps.cloned().collect();
        for app in apps {
            let mut body = json!({ "object": department.object() });
            if let Some(old) = &old {
                body["old_object"] = old.clone();
            }
            self.emit(&app, event_type, body);
        }
    }

    /// The name of a person or an app.
    pub(crate) fn name_of(&self, who: &str) -> String {
        let person = self.people.get(who).map(|person| person.name.clone());
        person.or_else(|| self.apps.get(who).map(|app| app.name.clone())).unwrap_or_default()
    }
}
