//! Groups with customers, of which the app is told.

use bridge_api::{Happened, PersonId};

use super::*;
use crate::xml::{self, Element};

const ONE: &str = "wmAJ2GCAAAXtWyujaWJHDDGi0mACHAAA";
const OTHER: &str = "wmBJ2GCAAAXtWyujaWJHDDGi0mACHAAA";

async fn told(world: &World, inner: &str) -> Vec<Arrival> {
    let text = format!(
        "<xml><ToUserName>ww1</ToUserName><FromUserName>sys</FromUserName><CreateTime>1700000000</CreateTime>\
         <MsgType>event</MsgType>{inner}</xml>"
    );
    let document = xml::read(&text).expect("XML");
    world.connector.incoming().app(Element::of(&document), "proof").await.expect("understood")
}

fn change(detail: &str, who: &str) -> String {
    format!(
        "<Event>change_external_chat</Event><ChatId>wrG</ChatId><ChangeType>update</ChangeType>\
         <UpdateDetail>{detail}</UpdateDetail><MemChangeList>{who}</MemChangeList>"
    )
}

#[tokio::test]
async fn a_group_with_customers_tells_its_name_who_comes_and_goes_and_its_end() {
    let world = World::new(|_| {}).await;
    let member = |user: &str, kind: u64, name: &str, joined_s: u64| json!({"userid": user, "type": kind, "name": name, "join_time": joined_s});
    let group = json!({"errcode": 0, "group_chat": {"name": "VIP", "member_list": [
        member("LiSi", 1, "Li Si", 1_600_000_000), member(ONE, 2, "客户", 1_699_999_999),
        member(OTHER, 2, "另一位", 1_600_000_000)]}});
    for _ in 0..3 {
        world.platform.next("externalcontact/groupchat/get", 200, &group);
    }
    let renamed = told(&world, &change("change_name", "")).await;
    assert!(matches!(&renamed[0].what, Happened::Renamed { name, .. } if name == "VIP"), "{renamed:?}");
    assert_eq!(renamed[0].conversation.as_ref().map(ConversationId::as_str), Some("room:wrG"));
    // By name, and by when they came where an older event names nobody.
    let named = format!("<Item>{OTHER}</Item>");
    for (who, expected) in [(named.as_str(), (OTHER, "另一位")), ("", (ONE, "客户"))] {
        let joined = told(&world, &change("add_member", who)).await;
        let Happened::Joined { people } = &joined[0].what else { panic!("{joined:?}") };
        let found: Vec<_> = people.iter().map(|one| (one.id.as_str(), one.name.as_str())).collect();
        assert_eq!((found, people[0].external), (vec![expected], true));
    }
    let left = told(&world, &change("del_member", "<Item>LiSi</Item>")).await;
    let li = PersonId::new("lisi").expect("an id");
    assert_eq!(left[0].what, Happened::Left { people: vec![li], by: None });
    let end = "<Event>change_external_chat</Event><ChatId>wrPaired</ChatId><ChangeType>dismiss</ChangeType>";
    let end = told(&world, end).await;
    assert_eq!(end[0].what, Happened::Dissolved);
    assert_eq!(end[0].conversation.as_ref().map(ConversationId::as_str), Some("group:wrBot"));
}

#[tokio::test]
async fn a_customer_who_is_called_otherwise_is_read_and_one_whom_nobody_may_see_is_nothing() {
    let world = World::new(|_| {}).await;
    let contact =
        json!({"errcode": 0, "external_contact": {"name": "老王", "avatar": "https://a.example/p"}});
    world.platform.next("externalcontact/get", 200, &contact);
    world.platform.next("externalcontact/get", 200, json!({"errcode": 84061, "errmsg": "no"}));
    let event = "<Event>change_external_contact</Event><ChangeType>edit_external_contact</ChangeType>\
        <UserID>lisi</UserID><ExternalUserID>wmA</ExternalUserID>";
    let changed = told(&world, event).await;
    let Happened::PersonChanged(person) = &changed[0].what else { panic!("{changed:?}") };
    assert_eq!((person.name.as_str(), person.external), ("老王", true));
    assert!(told(&world, event).await.is_empty());
}
