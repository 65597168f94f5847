//! Every bound of the handshakes, with its unit in the name.

use std::time::Duration;

/// Servers that one handshake asks before it gives up.
pub(super) const SERVERS_TRIED_MAX: usize = 10;
/// Time that one handshake takes over all servers.
pub(super) const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(150);
/// Time for a template.
pub(super) const TEMPLATE_TIME_MAX: Duration = Duration::from_secs(20);
/// Time for the answer to a signed membership; the room may be large.
pub(super) const MEMBERSHIP_TIME_MAX: Duration = Duration::from_secs(90);
/// Bytes of a template.
pub(super) const TEMPLATE_BYTES_MAX: usize = 512 * 1024;
/// Bytes of a room's description: a room of 100,000 state events.
pub(super) const ROOM_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Time for the answer to an invite.
pub(super) const INVITE_TIME_MAX: Duration = Duration::from_secs(30);
/// Time for an identity server to say whether its key is still valid.
pub(super) const IDENTITY_TIME_MAX: Duration = Duration::from_secs(10);
/// Bytes of such an answer.
pub(super) const IDENTITY_ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Signatures of a proof that are looked at.
pub(super) const PROOF_SIGNATURES_MAX: usize = 8;
/// Events whose signatures are checked before others have a turn.
pub(super) const VERIFY_STEP: usize = 256;
/// Distinct keys that are fetched for one room's description.
pub(super) const WANTED_KEYS_MAX: usize = 50_000;
/// Stripped events of an invite or knock that are looked at.
pub(super) const STRIPPED_EVENTS_MAX: usize = 100;
/// Rooms whose joins are kept apart.
pub(super) const TURNS_MAX: u64 = 10_000;
