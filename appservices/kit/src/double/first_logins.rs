//! Links of first logins, given once for each account that is not marked as entered, and of visitors; and who is said to be away
//! or to have left.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::homeserver::refused;
use crate::wire::CallError;

/// Who came in, and which links work.
#[derive(Default)]
pub(super) struct FirstLogins {
    pub entered: BTreeSet<String>,
    /// Account → its link, and until when it works.
    pub links: BTreeMap<String, (String, u64)>,
    /// (room, address) → the name, until when, and the path of the link.
    pub visits: BTreeMap<(String, String), (String, u64, String)>,
    /// Account → how the organisation was last said to stand to them, and who said so.
    pub standings: BTreeMap<String, (String, String)>,
    /// Whose accounts nobody's word changes.
    pub administrators: BTreeSet<String>,
    /// Of whom something is to be said again, once.
    pub unfinished: BTreeSet<String>,
    /// Whether nobody from outside is let in.
    pub is_closed: bool,
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
                if let Some((_, expires_ms)) = self.links.get(account)
                    && content["keeps_open"] == true
                {
                    return json!({ "refused": "open", "expires_ms": expires_ms });
                }
                self.counted += 1;
                let path = format!("/first-login?token={}", self.counted);
                let expires_ms = u64::MAX - self.counted;
                self.links.insert(account.to_owned(), (path.clone(), expires_ms));
                json!({ "path": path, "expires_ms": expires_ms, "mailed": person["address"].is_string() })
            })
            .collect();
        json!({ "people": given })
    }

    /// Answers a request that says who is away or has left.
    pub fn stand(&mut self, content: &Value) -> Value {
        let people = content["people"].as_array().into_iter().flatten();
        let set: Vec<Value> = people
            .map(|person| {
                let text = |key: &str| person[key].as_str().unwrap_or_default().to_owned();
                let account = text("user_id");
                if self.administrators.contains(&account) {
                    return json!({ "user_id": account, "refused": "administrator" });
                }
                if self.unfinished.remove(&account) {
                    return json!({ "user_id": account, "refused": "later" });
                }
                self.standings.insert(account.clone(), (text("standing"), text("by")));
                json!({ "user_id": account })
            })
            .collect();
        json!({ "people": set })
    }

    /// Answers a request about a visitor.
    pub fn visit(&mut self, method: &str, rest: &[&str], content: &Value) -> Result<Value, CallError> {
        if let ("DELETE", [room, address]) = (method, rest) {
            self.visits.remove(&((*room).to_owned(), (*address).to_owned()));
            return Ok(json!({}));
        }
        if self.is_closed {
            return Err(refused(403, "M_FORBIDDEN"));
        }
        self.counted += 1;
        let path = format!("/visit?token={}", self.counted);
        let text = |key: &str| content[key].as_str().unwrap_or_default().to_owned();
        let visit = (text("name"), content["until_ms"].as_u64().unwrap_or_default(), path.clone());
        self.visits.insert((text("room_id"), text("address")), visit);
        Ok(json!({ "user_id": format!("@visitor-{}:test", self.counted), "path": path }))
    }
}
