//! Keys of devices that a service keeps itself: asked for when this server has none (MSC3983, MSC3984). Off unless the
//! operator says so, because people wait for the answer.

use std::{collections::BTreeMap, sync::Arc};

use appservice::{KeyQuestion, Service};
use futures_util::future::join_all;
use keys::{
    ClaimedKey, PublishedKeys, WantedKey,
    limits::{
        CROSS_SIGNING_KEY_BYTES_MAX, DEVICE_KEYS_BYTES_MAX, DEVICES_PER_USER_MAX, ONE_TIME_KEY_BYTES_MAX,
    },
};
use ruma::{OwnedDeviceId, OwnedUserId, UserId};
use serde_json::{Map, Value, json};

use super::Services;

/// What is asked of one service.
type Asked = BTreeMap<String, (Arc<Service>, Map<String, Value>)>;

impl Services {
    /// Whether keys of this user's devices are asked of a service: it has the user for itself.
    #[must_use]
    pub fn keeps_keys_of(&self, user: &UserId) -> bool {
        self.keeper(user).is_some()
    }

    fn keeper(&self, user: &UserId) -> Option<Arc<Service>> {
        if !self.0.parts.asks_for_keys {
            return None;
        }
        let loaded = self.0.parts.appservices.loaded();
        loaded.owner_of_user(user).filter(|service| service.url.is_some()).cloned()
    }

    /// One-time keys that services give out, one for each wish at most.
    pub async fn claim_keys(&self, wanted: &[WantedKey]) -> Vec<ClaimedKey> {
        let mut asked = Asked::new();
        for WantedKey { user, device, algorithm } in wanted {
            let Some(service) = self.keeper(user) else { continue };
            let (_, body) = asked.entry(service.id.clone()).or_insert_with(|| (service, Map::new()));
            let devices = body.entry(user.as_str()).or_insert_with(|| json!({}));
            devices[device.as_str()] = json!([algorithm]);
        }
        let answer = self.ask(KeyQuestion::Claim, asked).await;
        wanted.iter().filter_map(|wish| claimed(&answer, wish)).collect()
    }

    /// Keys of users as their services know them; an empty list of devices means all of them.
    pub async fn query_keys(
        &self,
        wanted: &BTreeMap<OwnedUserId, Vec<OwnedDeviceId>>,
    ) -> BTreeMap<OwnedUserId, PublishedKeys> {
        let mut asked = Asked::new();
        for (user, devices) in wanted {
            let Some(service) = self.keeper(user) else { continue };
            let (_, body) = asked.entry(service.id.clone()).or_insert_with(|| (service, Map::new()));
            body.insert(user.to_string(), json!(devices));
        }
        let users: Vec<_> = asked.values().flat_map(|(_, body)| body.keys().cloned()).collect();
        let answer = self.ask(KeyQuestion::Query, asked).await;
        let users = wanted.iter().filter(|(user, _)| users.iter().any(|asked| asked == user.as_str()));
        users.map(|(user, devices)| (user.clone(), published(&answer, user, devices))).collect()
    }

    /// Asks them all at once; each is believed about what it was asked for alone.
    async fn ask(&self, question: KeyQuestion, asked: Asked) -> Map<String, Value> {
        let appservices = &self.0.parts.appservices;
        let answers = asked.into_values().map(|(service, body)| async move {
            let mut answer = appservices.ask_for_keys(&service, question, &body).await.unwrap_or_default();
            match question {
                KeyQuestion::Claim => answer.retain(|user, _| body.contains_key(user)),
                KeyQuestion::Query => {
                    answer.values_mut().filter_map(Value::as_object_mut).for_each(|by_user| {
                        by_user.retain(|user, _| body.contains_key(user));
                    })
                }
            }
            answer
        });
        let mut merged = Map::new();
        for (name, part) in join_all(answers).await.into_iter().flatten() {
            match (merged.get_mut(&name).and_then(Value::as_object_mut), part) {
                (Some(known), Value::Object(more)) => known.extend(more),
                (_, part) => drop(merged.insert(name, part)),
            }
        }
        merged
    }
}

/// The key that meets a wish.
fn claimed(answer: &Map<String, Value>, wish: &WantedKey) -> Option<ClaimedKey> {
    let keys = answer.get(wish.user.as_str())?.get(wish.device.as_str())?.as_object()?;
    let fits = |id: &str| id.split_once(':').is_some_and(|(algorithm, _)| algorithm == wish.algorithm);
    let (id, key) = keys.iter().find(|(id, _)| fits(id))?;
    let key = text(key, ONE_TIME_KEY_BYTES_MAX)?;
    Some(ClaimedKey { user: wish.user.clone(), device: wish.device.clone(), id: id.clone(), key })
}

/// The keys of one user in the answer to a query.
fn published(answer: &Map<String, Value>, user: &UserId, wanted: &[OwnedDeviceId]) -> PublishedKeys {
    let of_user = |kind: &str| answer.get(kind)?.get(user.as_str());
    let cross_signing = |kind| {
        let key = of_user(kind).filter(|key| key["user_id"] == user.as_str())?;
        text(key, CROSS_SIGNING_KEY_BYTES_MAX)
    };
    let devices = of_user("device_keys").and_then(Value::as_object).into_iter().flatten();
    let devices = devices.filter_map(|(device, keys)| {
        let id: OwnedDeviceId = device.as_str().into();
        let is_its_own = keys["user_id"] == user.as_str() && keys["device_id"] == device.as_str();
        let is_wanted = wanted.is_empty() || wanted.contains(&id);
        let text = text(keys, DEVICE_KEYS_BYTES_MAX).filter(|_| is_its_own && is_wanted)?;
        Some((id, text))
    });
    PublishedKeys {
        devices: devices.take(DEVICES_PER_USER_MAX).collect(),
        master: cross_signing("master_keys"),
        self_signing: cross_signing("self_signing_keys"),
        user_signing: None,
    }
}

fn text(key: &Value, bytes_max: usize) -> Option<String> {
    let text = key.is_object().then(|| key.to_string())?;
    (text.len() <= bytes_max).then_some(text)
}

#[cfg(test)]
mod tests {
    use ruma::{device_id, user_id};

    use super::*;

    #[test]
    fn a_service_is_believed_about_keys_of_the_right_form_alone() {
        let wish = |algorithm: &str| WantedKey {
            user: user_id!("@_irc_a:example.org").to_owned(),
            device: device_id!("D").to_owned(),
            algorithm: algorithm.to_owned(),
        };
        let answer = json!({"@_irc_a:example.org": {"D": {
            "signed_curve25519x:A": {"key": "no"}, "signed_curve25519:B": {"key": "yes"}, "other:C": "no object",
        }}});
        let answer = answer.as_object().unwrap();
        let found = claimed(answer, &wish("signed_curve25519")).unwrap();
        assert_eq!((found.id.as_str(), found.key.as_str()), ("signed_curve25519:B", r#"{"key":"yes"}"#));
        assert_eq!(claimed(answer, &wish("other")), None);
        assert_eq!(claimed(answer, &wish("missing")), None);
        let large =
            json!({"@_irc_a:example.org": {"D": {"a:A": {"key": "x".repeat(ONE_TIME_KEY_BYTES_MAX)}}}});
        assert_eq!(claimed(large.as_object().unwrap(), &wish("a")), None);
    }

    #[test]
    fn keys_under_another_name_are_left_out() {
        let user = user_id!("@_irc_a:example.org");
        let keys = |user: &str, device: &str| json!({"user_id": user, "device_id": device});
        let answer = json!({
            "device_keys": {user.as_str(): {
                "A": keys(user.as_str(), "A"), "B": keys("@b:example.org", "B"), "C": keys(user.as_str(), "A"),
            }},
            "master_keys": {user.as_str(): {"user_id": user}},
            "self_signing_keys": {user.as_str(): {"user_id": "@b:example.org"}},
        });
        let found = published(answer.as_object().unwrap(), user, &[]);
        assert_eq!(found.devices.keys().map(|device| device.as_str()).collect::<Vec<_>>(), ["A"]);
        assert!(found.master.is_some() && found.self_signing.is_none());
        let none = published(answer.as_object().unwrap(), user, &[device_id!("B").to_owned()]);
        assert!(none.devices.is_empty());
    }
}
