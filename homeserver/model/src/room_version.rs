//! The room versions this server speaks, 1 to 12 and one experimental, with ruma's rules for each.
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

/// Version 10 with owned state (MSC3757): a state key may begin with the id of the user who owns it.
pub const OWNED_STATE_ROOM_VERSION: &str = "org.matrix.msc3757.10";

/// Every version this server can create, join and resolve.
pub static ROOM_VERSIONS: LazyLock<Vec<RoomVersion>> = LazyLock::new(|| {
    use RoomVersionId as Id;
    let stable =
        [Id::V1, Id::V2, Id::V3, Id::V4, Id::V5, Id::V6, Id::V7, Id::V8, Id::V9, Id::V10, Id::V11, Id::V12];
    let stable = stable
        .into_iter()
        .filter_map(|id| id.rules().map(|rules| RoomVersion { id, rules, owned_state: false }));
    let experimental = RoomVersionId::try_from(OWNED_STATE_ROOM_VERSION).ok();
    let experimental =
        experimental.map(|id| RoomVersion { id, rules: RoomVersionRules::V10, owned_state: true });
    stable.chain(experimental).collect()
});

/// One room version and what it prescribes.
pub struct RoomVersion {
    id: RoomVersionId,
    rules: RoomVersionRules,
    owned_state: bool,
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

    /// Whether a state key that begins with `@` names its owner, who may be somebody else than the sender
    /// (MSC3757).
    #[must_use]
    pub fn has_owned_state(&self) -> bool {
        self.owned_state
    }

    /// Whether the specification has the version, so that rooms of it are for everyday use.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        !self.owned_state
    }

    /// Whether `type` and `state_key` are measured in bytes (from version 11 on). Before, servers counted code points,
    /// so rooms hold events with longer ones, and what stands on such an event has to be understood.
    #[must_use]
    pub fn measures_keys_in_bytes(&self) -> bool {
        self.rules.authorization.use_room_create_sender
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
        let stable = ROOM_VERSIONS.iter().filter(|version| version.is_stable());
        let names: Vec<_> = stable.map(|version| version.id().as_str()).collect();
        assert_eq!(names, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]);
        assert!(room_version(&DEFAULT_ROOM_VERSION).is_some_and(RoomVersion::is_stable));
    }

    #[test]
    fn owned_state_is_version_10_with_one_rule_more() {
        let id = RoomVersionId::try_from(OWNED_STATE_ROOM_VERSION).unwrap();
        let version = room_version(&id).unwrap();
        assert!(version.has_owned_state() && version.authorization().integer_power_levels);
        assert!(!version.redaction().content_field_redacts);
        assert!(!room_version(&RoomVersionId::V10).unwrap().has_owned_state());
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
