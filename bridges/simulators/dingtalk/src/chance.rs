//! Ids as this platform makes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use simulator_stage::Chance;

/// `prefix`, then base64 that ends with two equals signs and may hold a slash and a plus, as ids of conversations and messages
/// do.
pub(crate) fn opaque(chance: &mut Chance, prefix: &str) -> String {
    format!("{prefix}{}", STANDARD.encode(chance.block()))
}
