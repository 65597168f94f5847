//! Push rules of the caller.

use ruma::push::RuleKind;

use crate::Routes;

pub mod actions;
pub mod enabled;
pub mod read;
pub mod rule;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(read::all)
        .ruma_at("/_matrix/client/v3/pushrules", read::all)
        .ruma(read::global)
        .ruma_at("/_matrix/client/v3/pushrules/global", read::global)
        .ruma(rule::get)
        .ruma(rule::set)
        .ruma(rule::delete)
        .ruma(enabled::get)
        .ruma(enabled::set)
        .ruma(actions::get)
        .ruma(actions::set)
}

/// The kind that a path names. ruma knows the kind of MSC4306 only by its unstable name, while the rule set and every
/// client write it without prefix.
fn kind(named: RuleKind) -> RuleKind {
    if named.as_str() == "postcontent" { RuleKind::PostContent } else { named }
}
