//! People and departments.

use serde_json::{Value, json};

use super::State;

/// The department that everything is below.
pub(crate) const ROOT: u64 = 1;

/// Somebody.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) user_id: String,
    pub(crate) union_id: String,
    /// What robots are shown instead of the userId.
    pub(crate) dingtalk_id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) mobile: String,
    pub(crate) departments: Vec<u64>,
    /// Whether they are of another organisation: robots are not told their userId, contacts do not know them.
    pub(crate) outside: bool,
    /// Whether they left.
    pub(crate) resigned: bool,
    pub(crate) admin: bool,
}

/// A part of the organisation.
#[derive(Clone, Debug)]
pub(crate) struct Department {
    pub(crate) name: String,
    /// 0 above the root.
    pub(crate) parent: u64,
}

impl Department {
    pub(crate) fn root() -> Self {
        Self { name: "组织".into(), parent: 0 }
    }
}

impl Person {
    /// Whether contacts know them.
    pub(crate) fn is_listed(&self) -> bool {
        !self.outside && !self.resigned
    }

    /// As contacts show them.
    pub(crate) fn contact(&self) -> Value {
        let departments = if self.departments.is_empty() { vec![ROOT] } else { self.departments.clone() };
        let orders: Vec<Value> = departments.iter().map(|id| json!({ "dept_id": id, "order": 1 })).collect();
        let leads: Vec<Value> =
            departments.iter().map(|id| json!({ "dept_id": id, "leader": false })).collect();
        json!({
            "userid": self.user_id, "unionid": self.union_id, "name": self.name, "avatar": "",
            "state_code": "86", "mobile": self.mobile, "hide_mobile": false, "telephone": "",
            "email": self.email, "org_email": "", "title": "", "job_number": "", "work_place": "",
            "remark": "", "dept_id_list": departments, "dept_order_list": orders, "leader_in_dept": leads,
            "active": true, "admin": self.admin, "boss": false, "senior": false, "real_authed": true,
            "exclusive_account": false, "extension": "{}", "role_list": [],
        })
    }
}

impl State {
    pub(crate) fn person_of_union(&self, union_id: &str) -> Option<&Person> {
        self.people.values().find(|person| person.union_id == union_id)
    }
}
