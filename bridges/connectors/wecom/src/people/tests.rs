//! Who is there and what, as the platform answers it.

use bridge_api::{Clock, Connector as _, ConversationId, FailureKind, PersonId, Rng, double::Rows};
use serde_json::json;

use super::*;
use crate::{
    ServiceSettings, WeCom,
    peer::{Platform, settings},
};

async fn stand() -> (Platform, WeCom) {
    let platform = Platform::default();
    let settings = settings(&platform.start().await);
    let rows = Arc::new(Rows::default());
    let connector = WeCom::new(settings, rows, Clock::fake(1_700_000_000_000), Rng::seeded(1));
    (platform, connector.expect("settings"))
}

fn conversation(id: &str) -> ConversationId {
    ConversationId::new(id).expect("an id")
}

#[tokio::test]
async fn who_left_is_told_for_certain_and_who_is_out_of_sight_is_not() {
    let (platform, connector) = stand().await;
    let directory = connector.directory().expect("a directory");
    let li = PersonId::new("lisi").expect("an id");
    let table = [
        (json!({"errcode": 0, "userid": "LiSi", "name": "李四", "status": 1}), Some(false)),
        (json!({"errcode": 0, "userid": "LiSi", "name": "李四", "status": 2}), Some(false)),
        (json!({"errcode": 0, "userid": "LiSi", "name": "李四"}), Some(false)),
        (json!({"errcode": 0, "userid": "LiSi", "name": "李四", "status": 5}), Some(true)),
        (json!({"errcode": 60_111, "errmsg": "userid not found", "department": []}), Some(true)),
        (json!({"errcode": 60_011, "errmsg": "no privilege"}), None),
        (json!({"errcode": 0}), None),
    ];
    for (answer, expected) in table {
        platform.next("user/get", 200, &answer);
        assert_eq!(directory.has_left(&li).await, Ok(expected), "{answer}");
    }
    platform.next("user/get", 200, json!({"errcode": 60_020, "errmsg": "your ip"}));
    let failure = directory.has_left(&li).await.expect_err("nobody knows");
    assert!(matches!(failure.kind, FailureKind::NotSignedIn(_)), "{failure}");
    let asked = platform.asked("user/get").len();
    let customer = PersonId::new("wmAJ2GCAAAXtWyujaWJHDDGi0mACHAAA").expect("an id");
    assert_eq!(directory.has_left(&customer).await, Ok(None));
    assert_eq!(platform.asked("user/get").len(), asked, "customers are no members");
}

#[tokio::test]
async fn of_its_own_groups_and_of_members_the_app_is_told_whether_they_are_there() {
    let (platform, connector) = stand().await;
    let conversations = connector.conversations().expect("conversations");
    for (id, expected) in [
        ("chat:sale42", true),
        ("user:lisi", true),
        ("group:wr1", false),
        ("bot:lisi", false),
        ("webhook:ops", false),
        ("room:wr1", false),
        ("service:wk1|wm1", false),
    ] {
        assert_eq!(conversations.tells_absence(&conversation(id)), expected, "{id}");
    }
    let chat = conversation("chat:sale42");
    let info = json!({"chatid": "sale42", "name": "Sale", "userlist": ["a", "b"]});
    let table = [
        (json!({"errcode": 0, "chat_info": info}), Ok(true)),
        (json!({"errcode": 40_050, "errmsg": "invalid chatid"}), Ok(false)),
        (json!({"errcode": 86_003, "errmsg": "chatid does not exist"}), Ok(false)),
        (json!({"errcode": 86_008, "errmsg": "another app's"}), Ok(false)),
        (json!({"errcode": 60_011, "errmsg": "not of the root department"}), Err(false)),
        (json!({"errcode": 48_002, "errmsg": "api forbidden"}), Err(true)),
    ];
    for (answer, expected) in table {
        platform.next("appchat/get", 200, &answer);
        let found = conversations.conversation(&chat).await;
        let found = found.map(|found| found.is_some()).map_err(|failure| failure.passes());
        assert_eq!(found, expected, "{answer}");
    }
    // A name that is remembered does not say that somebody still has the app.
    let person = conversation("user:lisi");
    let known = json!({"errcode": 0, "userid": "LiSi", "name": "李四"});
    platform.next("user/get", 200, known);
    let found = conversations.conversation(&person).await.expect("an answer").expect("she is there");
    assert_eq!(found.name, "李四");
    platform.next("user/get", 200, json!({"errcode": 60_011, "errmsg": "no privilege"}));
    assert_eq!(conversations.conversation(&person).await, Ok(None));
    let members = connector.members().expect("members");
    assert!(members.lists_everybody(&chat) && !members.lists_everybody(&person));
    // One group that is refused keeps no other conversation from being listed.
    platform.next("appchat/get", 200, json!({"errcode": 60_011, "errmsg": "not of the root department"}));
    let page = conversations.list(None).await.expect("a page");
    let ids: Vec<_> = page.items.iter().map(|known| known.id.as_str()).collect();
    assert_eq!(ids, ["webhook:ops"]);
}

#[tokio::test]
async fn a_customer_is_reached_as_long_as_the_account_is_there() {
    let platform = Platform::default();
    let mut settings = settings(&platform.start().await);
    settings.service = Some(ServiceSettings::default());
    let rows = Arc::new(Rows::default());
    let connector = WeCom::new(settings, rows, Clock::fake(1_700_000_000_000), Rng::seeded(1));
    let connector = connector.expect("settings");
    let conversations = connector.conversations().expect("conversations");
    let customer = conversation("service:wkA|wmB");
    assert!(conversations.tells_absence(&customer));
    assert_eq!(conversations.conversation(&customer).await, Ok(None), "nobody wrote yet");
    connector.incoming().groups.seen(&customer, "Ann").await;
    let listed = |ids: &[&str]| {
        let accounts: Vec<_> = ids.iter().map(|id| json!({"open_kfid": id, "name": "客服"})).collect();
        json!({"errcode": 0, "account_list": accounts})
    };
    let table = [
        (listed(&["wkA", "wkB"]), true),
        (listed(&["wkB"]), false),
        (listed(&[]), true),
        (json!({"errcode": 48_002, "errmsg": "api forbidden"}), true),
    ];
    for (answer, expected) in table {
        platform.next("kf/account/list", 200, &answer);
        let found = conversations.conversation(&customer).await.expect("an answer");
        assert_eq!(found.is_some(), expected, "{answer}");
    }
}
