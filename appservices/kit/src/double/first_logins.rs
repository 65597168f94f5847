//! Links of first logins, given once for each account that is not marked as entered, and of visitors.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Who came in, and which links work.
#[derive(Default)]
pub(super) struct FirstLogins {
    pub entered: BTreeSet<String>,
    /// Account → its link.
    pub links: BTreeMap<String, String>,
    /// (room, address) → the name, until when, and the path of the link.
    pub visits: BTreeMap<(String, String), (String, u64, String)>,
    counted: u64,
}

impl FirstLogins {
    /// Answers the request of a service. Whoever has an address gets a letter.
    pub fn answer(
        &mut self,
        method: &str,
        rest: &[&str],
        content: &Value,
        users: &BTreeMap<String, String>,
    ) -> Value {
        if let ("DELETE", [account]) = (method, rest) {
            self.links.remove(*account);
            return json!({});
        }
        let people = content["people"].as_array().into_iter().flatten();
        let given: Vec<Value> = people
            .map(|person| {
                let account = person["user_id"].as_str().unwrap_or_default();
                if content["only_looks"] == true {
                    return json!({ "is_free": !users.contains_key(account) });
                }
                if self.entered.contains(account) {
                    return json!({ "refused": "past" });
                }
                if self.links.contains_key(account) && content["keeps_open"] == true {
                    return json!({ "refused": "open" });
                }
                self.counted += 1;
                let path = format!("/first-login?token={}", self.counted);
                self.links.insert(account.to_owned(), path.clone());
                json!({ "path": path, "expires_ms": u64::MAX, "mailed": person["address"].is_string() })
            })
            .collect();
        json!({ "people": given })
    }

    /// Answers a request about a visitor.
    pub fn visit(&mut self, method: &str, rest: &[&str], content: &Value) -> Value {
        if let ("DELETE", [room, address]) = (method, rest) {
            self.visits.remove(&((*room).to_owned(), (*address).to_owned()));
            return json!({});
        }
        self.counted += 1;
        let path = format!("/visit?token={}", self.counted);
        let text = |key: &str| content[key].as_str().unwrap_or_default().to_owned();
        let visit = (text("name"), content["until_ms"].as_u64().unwrap_or_default(), path.clone());
        self.visits.insert((text("room_id"), text("address")), visit);
        json!({ "user_id": format!("@visitor-{}:test", self.counted), "path": path })
    }
}
