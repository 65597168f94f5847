//! Bounds of the work that one call may cost.

/// Times one state resolution may look at an event. A crafted room cannot buy more (CVE-2024-31208).
pub const RESOLUTION_STEPS_MAX: usize = 2_000_000;

/// Events in the full conflicted set of one state resolution.
pub const RESOLUTION_EVENTS_MAX: usize = 50_000;

/// Bytes of a push rule's pattern; a longer pattern matches nothing.
pub const PUSH_PATTERN_BYTES_MAX: usize = 1_024;

/// Rules of one user that are evaluated; further ones are ignored.
pub const PUSH_RULES_MAX: usize = 4_096;

/// Bytes a compiled push pattern may take.
pub const PUSH_PATTERN_COMPILED_BYTES_MAX: usize = 1 << 18;

/// Entries of each list in a server ACL that are evaluated; further ones are ignored.
pub const ACL_ENTRIES_MAX: usize = 10_000;

/// Entries of each list of an invite filter that are looked at; further ones count as absent.
pub const INVITE_FILTER_ENTRIES_MAX: usize = 1_000;

/// Longest pattern of an invite filter that is looked at, in bytes; no identifier is longer.
pub const INVITE_PATTERN_BYTES_MAX: usize = 255;

/// Events of a room that is joined over another server, state and auth chain together.
pub const IMPORT_EVENTS_MAX: usize = 200_000;

/// Signatures of one server on one event whose keys are looked up; further ones count as absent.
pub const SIGNATURES_PER_SERVER_MAX: usize = 4;
