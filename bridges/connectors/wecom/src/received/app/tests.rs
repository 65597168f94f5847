//! Callbacks of the app and what they mean.

use super::*;
use crate::{
    received::{GroupChange, OfficeEvent, Usage},
    xml,
};

fn of(inner: &str) -> Received {
    let text = format!(
        "<xml><ToUserName><![CDATA[ww1]]></ToUserName><FromUserName><![CDATA[ZhangSan]]></FromUserName>\
         <CreateTime>1700000000</CreateTime>{inner}</xml>"
    );
    read(Element::of(&xml::read(&text).expect("XML")), "ww1", 1_000_002)
}

fn said(inner: &str) -> (Arrival, Message) {
    let received = of(&format!("<MsgId>7001</MsgId><AgentID>1000002</AgentID>{inner}"));
    let Received::Arrival(arrival) = received else { panic!("{received:?}") };
    let Happened::Message(message) = arrival.what.clone() else { panic!("{arrival:?}") };
    (*arrival, message)
}

#[test]
fn a_text_is_known_by_its_id_and_stays_as_it_is() {
    let (arrival, message) =
        said("<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[a <b>&amp; \"x\"\nb]]></Content>");
    assert_eq!((arrival.key.as_str(), arrival.at_ms), ("ww1:message:7001", 1_700_000_000_000));
    assert_eq!(arrival.conversation.map(String::from).as_deref(), Some("user:zhangsan"));
    assert_eq!(message.parts[0].to_plain(), "a <b>&amp; \"x\"\nb");
    assert!(matches!(message.from, Sender::Person { id, .. } if id.as_str() == "zhangsan"));
}

#[test]
fn every_kind_has_a_form_and_unknown_ones_are_named() {
    let file = |inner: &str| match said(inner).1.parts.remove(0) {
        Content::File(file) => (file.kind, file.name, file.media.to_string()),
        other => panic!("{other:?}"),
    };
    let media = "<MediaId>M1</MediaId>";
    let table = [
        ("<MsgType>image</MsgType><PicUrl>u</PicUrl>", FileKind::Image, "picture.jpg"),
        ("<MsgType>voice</MsgType><Format>amr</Format>", FileKind::Voice, "voice.amr"),
        ("<MsgType>video</MsgType><ThumbMediaId>t</ThumbMediaId>", FileKind::Video, "video.mp4"),
        ("<MsgType>file</MsgType><Filename>报告.pdf</Filename>", FileKind::File, "报告.pdf"),
    ];
    for (inner, kind, name) in table {
        assert_eq!(file(&format!("{inner}{media}")), (kind, name.to_owned(), "app:M1".to_owned()));
    }
    let place = said(
        "<MsgType>location</MsgType><Location_X>31.2</Location_X><Location_Y>121.5</Location_Y><Label>人民广场</Label>",
    );
    assert_eq!(
        place.1.parts[0],
        Content::Location { name: "人民广场".into(), latitude: 31.2, longitude: 121.5 }
    );
    let link = said(
        "<MsgType>link</MsgType><Title>T</Title><Description>D</Description><Url>https://a.example</Url>",
    );
    assert_eq!(link.1.parts[0].to_plain(), "T (https://a.example)\nD");
    for inner in ["<MsgType>vote</MsgType>", "<MsgType>image</MsgType>", "<MsgType>location</MsgType>"] {
        assert!(matches!(&said(inner).1.parts[0], Content::Unsupported { .. }), "{inner}");
    }
}

#[test]
fn a_press_names_the_card_and_what_was_chosen() {
    let press = "<MsgType>event</MsgType><Event>template_card_event</Event><EventKey>0</EventKey><TaskId>t1</TaskId>\
         <CardType>button_interaction</CardType><ResponseCode>CODE</ResponseCode><AgentID>1000002</AgentID>\
         <SelectedItems><SelectedItem><QuestionKey>q1</QuestionKey><OptionIds><OptionId>o2</OptionId><OptionId>o3</OptionId></OptionIds></SelectedItem></SelectedItems>";
    let Received::Press(one) = of(press) else { panic!("no press") };
    assert_eq!((one.task.as_str(), one.button.as_str(), one.by.as_str()), ("t1", "0", "zhangsan"));
    assert_eq!((one.chosen["q1"].as_str(), one.code.as_deref()), ("o2,o3", Some("CODE")));
    // A repeat is the same, also when another code comes with it; another button is another press.
    let Received::Press(again) = of(&press.replace("CODE", "OTHER")) else { panic!("no press") };
    let Received::Press(other) = of(&press.replace("<EventKey>0", "<EventKey>1")) else { panic!("no press") };
    assert_eq!(one.key, again.key);
    assert_ne!(one.key, other.key);
}

#[test]
fn the_office_tells_what_it_is_about() {
    let office = |inner: &str| match of(&format!("<MsgType>event</MsgType>{inner}")) {
        Received::Office { event, at_ms: 1_700_000_000_000 } => Some(event),
        _ => None,
    };
    let approval = |inner: &str| {
        let siblings =
            "<SpRecord><SpStatus>1</SpStatus></SpRecord><SpRecord><SpStatus>1</SpStatus></SpRecord>";
        office(&format!(
            "<AgentID>3010040</AgentID><Event>sys_approval_change</Event><ApprovalInfo>{inner}{siblings}</ApprovalInfo>"
        ))
    };
    let number = |number: &str| Some(OfficeEvent::Approval { number: number.to_owned() });
    let (both, old) = ("<SpNo>20</SpNo><SpNoStr><![CDATA[202611200001]]></SpNoStr>", "<SpNo>20</SpNo>");
    assert_eq!((approval(both), approval(old), approval("")), (number("202611200001"), number("20"), None));
    let answered = "<Event>respond_schedule</Event><CalId>wc1</CalId><ScheduleId>s1</ScheduleId>";
    assert_eq!(office(answered), Some(OfficeEvent::Answered { schedule: "s1".into() }));
    let gone = "<Event>delete_calendar</Event><CalId>wc1</CalId>";
    assert_eq!(office(gone), Some(OfficeEvent::CalendarGone { calendar: "wc1".into() }));
    assert_eq!(office("<Event>respond_schedule</Event>"), None);
    assert_eq!(office("<Event>modify_schedule</Event><ScheduleId>s1</ScheduleId>"), None);
}

#[test]
fn contacts_tell_who_changed_and_warnings_reach_the_operator() {
    let change = |kind: &str, more: &str| {
        of(&format!(
            "<MsgType>event</MsgType><Event>change_contact</Event><ChangeType>{kind}</ChangeType><UserID>LiSi</UserID>{more}"
        ))
    };
    for (kind, left) in [("create_user", false), ("update_user", false), ("delete_user", true)] {
        let received = change(kind, "");
        assert!(
            matches!(&received, Received::Person { user, has_left, .. } if user == "LiSi" && *has_left == left),
            "{received:?}"
        );
    }
    assert!(
        matches!(change("update_user", "<NewUserID>lisi2</NewUserID>"), Received::Person { user, former: Some(former), .. }
            if user == "lisi2" && former == "LiSi")
    );
    // Who is changed and renamed within one second is so by two events.
    let key = |more: &str| match change("update_user", more) {
        Received::Person { key, .. } => key,
        other => panic!("{other:?}"),
    };
    assert_ne!(key(""), key("<NewUserID>lisi2</NewUserID>"));
    // The same id in another case is the same id.
    assert!(matches!(
        change("update_user", "<NewUserID>lisi</NewUserID>"),
        Received::Person { former: None, .. }
    ));
    for kind in ["create_party", "delete_party", "update_tag"] {
        assert!(matches!(change(kind, ""), Received::Nothing(_)), "{kind}");
    }
    let group = |inner: &str| {
        of(&format!("<MsgType>event</MsgType><Event>change_external_chat</Event><ChatId>wrG</ChatId>{inner}"))
    };
    let update = |detail: &str, who: &str| {
        let list = format!("<MemChangeList>{who}</MemChangeList>");
        group(&format!("<ChangeType>update</ChangeType><UpdateDetail>{detail}</UpdateDetail>{list}"))
    };
    let mut keys = Vec::new();
    let who = "<Item>wmA</Item><Item>LiSi</Item>";
    let table = [
        (group("<ChangeType>create</ChangeType>"), GroupChange::Made),
        (group("<ChangeType>dismiss</ChangeType>"), GroupChange::Dismissed),
        (update("change_name", ""), GroupChange::Renamed),
        (update("add_member", who), GroupChange::Joined(vec!["wmA".into(), "LiSi".into()])),
        (update("del_member", ""), GroupChange::Left(Vec::new())),
        (update("del_member", who), GroupChange::Left(vec!["wmA".into(), "LiSi".into()])),
    ];
    for (received, expected) in table {
        let Received::CustomerGroup { chat, change, key, at_ms } = received else { panic!("{received:?}") };
        assert_eq!((chat.as_str(), change, at_ms), ("wrG", expected, 1_700_000_000_000));
        assert!(!keys.contains(&key), "each is an event of its own");
        keys.push(key);
    }
    assert!(matches!(update("change_owner", ""), Received::Nothing(_)));
    let customer = of("<MsgType>event</MsgType><Event>change_external_contact</Event>\
        <ChangeType>edit_external_contact</ChangeType><UserID>lisi</UserID><ExternalUserID>wmA</ExternalUserID>");
    assert!(matches!(&customer, Received::Customer { external, .. } if external == "wmA"), "{customer:?}");
    for nothing in [
        "<MsgType>event</MsgType><Event>enter_agent</Event>",
        "<MsgType>event</MsgType>",
        "<MsgType>text</MsgType>",
        "",
    ] {
        assert!(matches!(of(nothing), Received::Nothing(_)), "{nothing}");
    }
    let other = of("<MsgId>1</MsgId><AgentID>9</AgentID><MsgType>text</MsgType><Content>x</Content>");
    assert!(matches!(other, Received::Nothing(_)), "another app's");
}

#[test]
fn of_customer_service_is_told_that_there_is_something_and_where() {
    let event = |inner: &str| of(&format!("<MsgType>event</MsgType>{inner}"));
    let rung = event("<Event>kf_msg_or_event</Event><Token>T</Token><OpenKfId>wkA</OpenKfId>");
    assert_eq!(rung, Received::Service { account: "wkA".into(), token: Some("T".into()) });
    let accounts = event("<Event>kf_account_auth_change</Event><AuthAddOpenKfId>wkB</AuthAddOpenKfId>");
    assert_eq!(accounts, Received::ServiceAccounts);
    assert!(matches!(event("<Event>kf_msg_or_event</Event><Token>T</Token>"), Received::Nothing(_)));
}

#[test]
fn what_is_said_of_one_app_counts_for_that_one_alone() {
    let event = |name: &str, agent: u64| {
        of(&format!("<MsgType>event</MsgType><Event>{name}</Event><AgentID>{agent}</AgentID>"))
    };
    let table = [
        ("inactive_alert", Usage::Little),
        ("low_active_alert", Usage::Little),
        ("low_active", Usage::Little),
        ("close_inactive_agent", Usage::Closed),
        ("reopen_inactive_agent", Usage::Enough),
        ("active_restored", Usage::Enough),
    ];
    for (name, usage) in table {
        assert_eq!(event(name, 1_000_002), Received::Use(usage), "{name}");
        assert!(matches!(event(name, 9), Received::Nothing(_)), "{name} of another app");
    }
    let Received::Arrival(lost) = event("unsubscribe", 1_000_002) else { panic!("nothing") };
    assert_eq!(lost.conversation.map(String::from).as_deref(), Some("user:zhangsan"));
    assert_eq!((lost.what, lost.at_ms), (Happened::BotRemoved { by: None }, 1_700_000_000_000));
    assert!(matches!(event("unsubscribe", 9), Received::Nothing(_)), "somebody lost another app");
    assert!(matches!(event("subscribe", 1_000_002), Received::Nothing(_)), "their first word says it");
}
