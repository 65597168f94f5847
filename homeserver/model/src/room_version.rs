//! The room versions this server speaks, 1 to 12, with ruma's rules for each.
//! <https://spec.matrix.org/v1.19/rooms/>

use std::{fmt, sync::LazyLock};

use ruma::{
    RoomVersionId,
    room_version_rules::{
        AuthorizationRules, EventIdFormatVersion, RedactionRules, RoomIdFormatVersion, RoomVersionRules,
    },
};

/// The version of rooms that are created without naming one.
pub const DEFAULT_ROOM_VERSION: RoomVersionId = RoomVersionId::V12;

/// Every version this server can create, join and resolve.
pub static ROOM_VERSIONS: LazyLock<Vec<RoomVersion>> = LazyLock::new(|| {
    use RoomVersionId as Id;
    [Id::V1, Id::V2, Id::V3, Id::V4, Id::V5, Id::V6, Id::V7, Id::V8, Id::V9, Id::V10, Id::V11, Id::V12]
        .into_iter()
        .filter_map(|id| id.rules().map(|rules| RoomVersion { id, rules }))
        .collect()
});

/// One room version and what it prescribes.
pub struct RoomVersion {
    id: RoomVersionId,
    rules: RoomVersionRules,
}

/// Finds a version by its name; `None` if this server does not speak it.
#[must_use]
pub fn room_version(id: &RoomVersionId) -> Option<&'static RoomVersion> {
    ROOM_VERSIONS.iter().find(|version| version.id == *id)
}

impl RoomVersion {
    /// The version's name, for example `12`.
    #[must_use]
    pub fn id(&self) -> &RoomVersionId {
        &self.id
    }

    /// All of ruma's rules for the version.
    #[must_use]
    pub fn rules(&self) -> &RoomVersionRules {
        &self.rules
    }

    /// The rules that decide who may send what.
    #[must_use]
    pub fn authorization(&self) -> &AuthorizationRules {
        &self.rules.authorization
    }

    /// The rules that decide what a redaction leaves.
    #[must_use]
    pub fn redaction(&self) -> &RedactionRules {
        &self.rules.redaction
    }

    /// Whether the sender's server chooses event ids (versions 1 and 2); later they are the event's hash.
    #[must_use]
    pub fn sender_chooses_event_id(&self) -> bool {
        self.rules.event_id_format == EventIdFormatVersion::V1
    }

    /// Whether the room id is the hash of its create event (version 12).
    #[must_use]
    pub fn room_id_is_create_hash(&self) -> bool {
        self.rules.room_id_format == RoomIdFormatVersion::V2
    }

    /// Whether creators rank above every number (version 12).
    #[must_use]
    pub fn creators_are_infinite(&self) -> bool {
        self.rules.authorization.explicitly_privilege_room_creators
    }
}

impl fmt::Debug for RoomVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomVersion({})", self.id)
    }
}

impl PartialEq for RoomVersion {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for RoomVersion {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_versions_are_spoken_and_the_default_is_one_of_them() {
        let names: Vec<_> = ROOM_VERSIONS.iter().map(|version| version.id().as_str()).collect();
        assert_eq!(names, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]);
        assert!(room_version(&DEFAULT_ROOM_VERSION).is_some());
    }

    #[test]
    fn an_unknown_version_is_not_found() {
        for name in ["0", "13", "1.1", "org.example.private"] {
            let id = RoomVersionId::try_from(name).unwrap();
            assert!(room_version(&id).is_none(), "{name}");
        }
    }

    #[test]
    fn the_turning_points_are_where_the_spec_has_them() {
        let of = |name: &str| room_version(&RoomVersionId::try_from(name).unwrap()).unwrap();
        assert!(of("2").sender_chooses_event_id() && !of("3").sender_chooses_event_id());
        assert!(!of("11").room_id_is_create_hash() && of("12").room_id_is_create_hash());
        assert!(!of("11").creators_are_infinite() && of("12").creators_are_infinite());
        assert!(
            !of("9").authorization().integer_power_levels && of("10").authorization().integer_power_levels
        );
        assert!(!of("10").redaction().content_field_redacts && of("11").redaction().content_field_redacts);
    }
}
