//! Canonical aliases that clients send must name the room
//! (<https://spec.matrix.org/v1.19/client-server-api/#mroomcanonical_alias>).

use model::{Pdu, RoomNum};
use ruma::{CanonicalJsonObject, CanonicalJsonValue, OwnedRoomAliasId, RoomAliasId};

use crate::json::canonical_object;
use crate::tables::ALIAS;
use crate::{Rooms, RoomsError};

impl Rooms {
    /// Checks the aliases that the event adds; those that were there before may have been deleted.
    pub(super) async fn check_canonical_alias(
        &self,
        room: RoomNum,
        current: Option<&Pdu>,
        content: &CanonicalJsonObject,
    ) -> Result<(), RoomsError> {
        let before = match current {
            Some(pdu) => canonical_object(pdu.content_str()).unwrap_or_default(),
            None => CanonicalJsonObject::new(),
        };
        let before = aliases(&before).unwrap_or_default();
        for alias in aliases(content)?.into_iter().filter(|alias| !before.contains(alias)) {
            let row = self.parts.store.get(&ALIAS, &alias).await?;
            if row.is_none_or(|row| row.room != room) {
                return Err(RoomsError::BadAlias(format!("{alias} does not name this room")));
            }
        }
        Ok(())
    }
}

fn aliases(content: &CanonicalJsonObject) -> Result<Vec<OwnedRoomAliasId>, RoomsError> {
    let mut texts = Vec::new();
    match content.get("alias") {
        None | Some(CanonicalJsonValue::Null) => {}
        Some(alias) => texts.push(alias),
    }
    match content.get("alt_aliases") {
        None | Some(CanonicalJsonValue::Null) => {}
        Some(CanonicalJsonValue::Array(more)) => texts.extend(more),
        Some(_) => return Err(RoomsError::BadJson("`alt_aliases` must be a list".to_owned())),
    }
    let parse = |alias: &CanonicalJsonValue| {
        let text =
            alias.as_str().ok_or_else(|| RoomsError::BadJson("an alias must be a string".to_owned()))?;
        RoomAliasId::parse(text).map_err(|_| RoomsError::InvalidParam(format!("{text:?} is not an alias")))
    };
    // Some clients write an empty alias to say that there is none.
    texts.into_iter().filter(|alias| alias.as_str() != Some("")).map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_of_both_keys_are_found() {
        let content = canonical_object(r##"{"alias":"#a:b","alt_aliases":["#c:d"]}"##).unwrap();
        let found: Vec<String> = aliases(&content).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, ["#a:b", "#c:d"]);
    }

    #[test]
    fn what_is_no_alias_is_refused() {
        for json in
            [r#"{"alias":"%a:b"}"#, r#"{"alias":7}"#, r##"{"alt_aliases":"#a:b"}"##, r#"{"alt_aliases":[1]}"#]
        {
            assert!(aliases(&canonical_object(json).unwrap()).is_err(), "{json}");
        }
        assert_eq!(aliases(&canonical_object(r#"{"alias":null}"#).unwrap()).unwrap().len(), 0);
    }
}
