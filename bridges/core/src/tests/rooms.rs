//! Rooms that are made for conversations.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bridge_api::Network;
use ruma::UserId;

use super::{ALICE, Script, Stage, marks::List, stage::conversation};
use crate::{BridgePorts, Staff};

#[tokio::test]
async fn a_room_waits_for_its_place_in_the_space_of_a_department_while_that_cannot_be_had() {
    let list = Arc::new(List::default());
    list.is_away.store(true, Ordering::Relaxed);
    let staff = Some(Arc::clone(&list) as Arc<dyn Staff>);
    let mut stage = Stage::with(Script::new(), BridgePorts { staff, ..BridgePorts::default() }).await;
    let lane = (Network::Feishu, conversation("oc_new"));
    let alice = UserId::parse(ALICE).expect("valid");
    stage.bridges.create_room(&lane, Some(&alice)).await.expect("it is ordered");
    let is_bound = |stage: &Stage| stage.bridges.portals().room_of(&lane).is_some();
    stage.passes(Duration::from_secs(20)).await;
    assert!(!is_bound(&stage));
    list.is_away.store(false, Ordering::Relaxed);
    stage.until("it is bound", is_bound).await;
}
