//! The core as people on both sides meet it: a homeserver in memory, a platform by a script, and hours that pass in moments.

mod captions;
mod decisions;
mod described;
mod doing;
mod entries;
mod files;
mod gone;
mod history;
mod hostile;
mod leavers;
mod links;
pub(crate) mod marks;
mod members;
mod more;
mod naming;
mod outages;
mod pages;
mod polls;
mod proofs;
mod quotas;
mod receipts;
mod rooms;
mod script;
mod silenced;
mod stage;
mod status;
mod troubles;

use self::{
    script::{Script, person},
    stage::{ALICE, Stage},
};
