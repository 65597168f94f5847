//! The platform's own approvals, told of or found.

use bridge_api::{ApprovalState, Happened};
use serde_json::{Value, json};

use super::{Stand, info};
use crate::xml::{self, Element};

fn detail(number: &str, status: u64) -> Value {
    json!({"errcode": 0, "info": info(number, status)})
}

fn told(happened: &[Happened]) -> Vec<(&str, ApprovalState)> {
    let told = happened.iter().map(|happened| match happened {
        Happened::ApprovalChanged(told) => Some((told.number.as_str(), told.state)),
        _ => None,
    });
    told.flatten().collect()
}

#[tokio::test]
async fn an_approval_is_read_when_the_platform_tells_of_it() {
    const EVENT: &str = "<AgentID>3010040</AgentID><Event>sys_approval_change</Event><ApprovalInfo>\
        <SpNoStr>202611200001</SpNoStr><StatuChangeEvent>1</StatuChangeEvent></ApprovalInfo>";
    let stand = Stand::new().await;
    stand.platform.next("oa/getapprovaldetail", 200, detail("202611200001", 1));
    let heard = stand.hears(EVENT).await;
    assert_eq!(told(&heard), [("202611200001", ApprovalState::Pending)]);
    let Happened::ApprovalChanged(approval) = &heard[0] else { panic!("{heard:?}") };
    assert!(!approval.can_be_decided && approval.asked.len() == 2);
    assert_eq!(stand.asked("oa/getapprovaldetail")[0], json!({"sp_no": "202611200001"}));
    // What may not be read is left out, what cannot be read now comes again.
    stand.platform.next(
        "oa/getapprovaldetail",
        200,
        json!({"errcode": 301_055, "errmsg": "no approval auth"}),
    );
    assert!(stand.hears(EVENT).await.is_empty());
    for _ in 0..3 {
        stand.platform.next("oa/getapprovaldetail", 200, json!({"errcode": 301_057, "errmsg": "busy"}));
    }
    let text = format!(
        "<xml><FromUserName>sys</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>{EVENT}</xml>"
    );
    let document = xml::read(&text).expect("XML");
    let failure = stand.connector.incoming().app(Element::of(&document), "proof").await;
    assert!(failure.expect_err("later").passes());
}

#[tokio::test]
async fn approvals_that_the_platform_forgot_to_tell_of_are_found_in_rounds() {
    let stand = Stand::new().await;
    let lists = |numbers: &[&str], next: Option<&str>| {
        let page = json!({"errcode": 0, "sp_no_list": numbers, "new_next_cursor": next});
        stand.platform.next("oa/getapprovalinfo", 200, page);
    };
    let shows =
        |number: &str, status| stand.platform.next("oa/getapprovaldetail", 200, detail(number, status));
    let round = async || {
        let before = stand.basket.taken().len();
        stand.office().look_after_approvals(&stand.basket).await.expect("a round");
        let taken = stand.basket.taken().split_off(before);
        let happened: Vec<Happened> = taken.into_iter().map(|arrival| arrival.what).collect();
        told(&happened).into_iter().map(|(number, state)| (number.to_owned(), state)).collect::<Vec<_>>()
    };
    let is = |number: &str, state| (number.to_owned(), state);
    // At first all that wait, over two pages.
    lists(&["1"], Some("c"));
    lists(&["2"], None);
    shows("1", 1);
    shows("2", 1);
    assert_eq!(round().await, [is("1", ApprovalState::Pending), is("2", ApprovalState::Pending)]);
    let asked = stand.asked("oa/getapprovalinfo");
    assert_eq!((&asked[0]["new_cursor"], &asked[1]["new_cursor"]), (&json!(""), &json!("c")));
    assert_eq!(asked[0]["filters"], json!([{"key": "sp_status", "value": "1"}]));
    let times = ["endtime", "starttime"]
        .map(|name| asked[0][name].as_str().and_then(|text| text.parse::<u64>().ok()));
    assert!(times[0].expect("a time") - times[1].expect("a time") < 31 * 86_400);
    // Then one is over, one began and ended unheard, and one waits on.
    lists(&["2"], None);
    lists(&["3"], None);
    shows("1", 2);
    shows("3", 3);
    shows("2", 1);
    assert_eq!(
        round().await,
        [is("1", ApprovalState::Approved), is("3", ApprovalState::Rejected), is("2", ApprovalState::Pending)]
    );
    let keys: Vec<String> = stand.basket.taken().into_iter().map(|arrival| arrival.key.into()).collect();
    assert_eq!(keys[1], keys[4], "one that is as it was is dropped by its key");
    // What is not taken is read again.
    lists(&[], None);
    lists(&[], None);
    shows("2", 4);
    stand.basket.refuse(true);
    assert!(stand.office().look_after_approvals(&stand.basket).await.is_err());
    stand.basket.refuse(false);
    lists(&[], None);
    lists(&[], None);
    shows("2", 4);
    assert_eq!(round().await, [is("2", ApprovalState::Canceled)]);
}
