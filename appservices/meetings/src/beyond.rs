//! People who are on another platform alone: their accounts here are spoken for by its bridge, and nobody reads what is written to them.

use people::Chart;
use ruma::{ServerName, UserId};

/// How the accounts of people of this server begin who are on another platform alone.
const ELSEWHERE_ALONE: [&str; 3] = ["dt_", "fs_", "wc_"];

/// Whether this is the account of somebody who is on another platform alone, and nobody of the organisation. On other servers
/// such names mean nothing: who is there reads what they are written.
pub(crate) fn is_elsewhere_alone(account: &UserId, own: &ServerName, chart: &Chart) -> bool {
    if account.server_name() != own {
        return false;
    }
    let is_of_a_platform = ELSEWHERE_ALONE.iter().any(|prefix| account.localpart().starts_with(prefix));
    is_of_a_platform && chart.by_account(account).is_none()
}
