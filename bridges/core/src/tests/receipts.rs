//! Who of the platform has read what people of the room said.

use bridge_api::{Happened, MessageId, Network};
use ruma::UserId;

use super::{Stage, person};

#[tokio::test]
async fn who_reads_there_has_read_here_up_to_the_newest_that_is_known() {
    let mut stage = Stage::new().await;
    stage.says("one").await;
    let second = stage.says("two").await;
    stage.until("both are there", |stage| stage.platform.sent().len() == 2).await;
    let ids = ["om_1", "om_2", "om_unknown"].map(|id| MessageId::new(id).expect("valid"));
    let read = Happened::Read { person: person("li"), messages: ids[..].to_vec() };
    stage.happens(read).await;
    let expected = ("@fs_li:test".to_owned(), "m.read".to_owned(), second);
    stage.until("it is read", |stage| stage.homeserver.receipts(&stage.room) == [expected.clone()]).await;

    let wang = UserId::parse("@wang:test").expect("valid");
    let bound = stage.bridges.bind_person(Network::Feishu, &person("wang"), Some(&wang)).await;
    bound.expect("they are bound");
    let read = Happened::Read { person: person("wang"), messages: ids[..2].to_vec() };
    stage.happens(read).await;
    stage.speaks("om_a", "behind it").await;
    stage.until("it is worked off", |stage| stage.heard().len() == 1).await;
    assert_eq!(
        stage.homeserver.receipts(&stage.room),
        [expected],
        "a colleague says themselves what they read"
    );
}
