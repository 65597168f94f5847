//! What events mean, by the samples of the page.

use serde_json::json;

use super::*;

fn person(id: &str) -> PersonId {
    PersonId::new(id).expect("an id")
}

#[test]
fn events_of_groups_mean_what_the_page_says() {
    let base = |more: Value| {
        let mut data = json!({"timeStamp": "1700000000000", "chatId": "chat1", "openConversationId": "cid1==", "operator": "u9"});
        for (name, value) in more.as_object().expect("an object") {
            data[name] = value.clone();
        }
        data
    };
    let by = Some(person("u9"));
    let read_by = json!({"userId": "u1", "processQueryKey": "pqk="});
    let ours = MessageId::new("key:pqk=").expect("an id");
    let table = [
        (
            "chat_add_member",
            json!({"userId": ["u1"]}),
            Some(Happened::Joined { people: vec![Person::named(person("u1"), "")] }),
        ),
        ("chat_add_member", json!({"userId": []}), None),
        (
            "chat_remove_member",
            json!({"userId": "[\"u1\"]"}),
            Some(Happened::Left { people: vec![person("u1")], by: by.clone() }),
        ),
        ("chat_quit", json!({}), Some(Happened::Left { people: vec![person("u9")], by: None })),
        (
            "chat_update_title",
            json!({"title": "New"}),
            Some(Happened::Renamed { name: "New".into(), by: by.clone() }),
        ),
        ("chat_disband", json!({}), Some(Happened::Dissolved)),
        ("chat_disband", json!({"openConversationId": "u7"}), None),
        ("im_cool_app_install", json!({}), Some(Happened::BotAdded { by: by.clone() })),
        ("im_cool_app_uninstall", json!({}), Some(Happened::BotRemoved { by })),
        (
            "robot_msg_read",
            read_by.clone(),
            Some(Happened::Read { person: person("u1"), messages: vec![ours.clone()] }),
        ),
        ("robot_msg_recall", read_by, Some(Happened::Recalled { message: ours, by: Some(person("u1")) })),
        ("bpms_task_change", json!({}), None),
    ];
    for (kind, more, expected) in table {
        let data = base(more);
        let event = Event { kind, id: "e1", at_ms: 1, data: &data };
        let arrivals = read(event, "dingsimapp");
        assert!(arrivals.len() < 2, "{kind} {data}");
        let arrival = arrivals.into_iter().next();
        assert_eq!(arrival.as_ref().map(|arrival| arrival.what.clone()), expected, "{kind} {data}");
        if let Some(arrival) = arrival {
            assert_eq!((arrival.key.as_str(), arrival.at_ms), ("dingsimapp:event:e1", 1_700_000_000_000));
            let group = Some("cid1==").filter(|_| !kind.starts_with("robot_"));
            assert_eq!(arrival.conversation.map(String::from).as_deref(), group, "{kind}");
        }
    }
    let data = json!({"timeStamp": "5", "userId": ["u1"], "diffInfo": {"userid": "u1", "prev": {"name": "A"}, "curr": {"name": "B"}}});
    let event = Event { kind: "user_modify_org", id: "e2", at_ms: 1, data: &data };
    let arrival = read(event, "a").into_iter().next().expect("an arrival");
    assert_eq!(
        (arrival.conversation, arrival.what),
        (None, Happened::PersonChanged(Person::named(person("u1"), "B")))
    );
    assert!(!is_counted("user_modify_org") && is_counted("chat_quit"));
}

#[test]
fn of_many_people_none_is_left_out() {
    let users: Vec<String> = (0..=2 * PEOPLE_AT_ONCE_MAX).map(|number| format!("u{number}")).collect();
    let everybody: Vec<PersonId> = users.iter().map(|user| person(user)).collect();
    let data = json!({"openConversationId": "cid1==", "operator": "boss", "userId": users});
    for kind in ["chat_add_member", "chat_remove_member"] {
        let arrivals = read(Event { kind, id: "e1", at_ms: 1, data: &data }, "a");
        let keys: Vec<_> = arrivals.iter().map(|arrival| arrival.key.as_str()).collect();
        assert_eq!(keys, ["a:event:e1", "a:event:e1:1", "a:event:e1:2"]);
        let mut named = Vec::new();
        for arrival in arrivals {
            let people: Vec<_> = match arrival.what {
                Happened::Joined { people } => people.into_iter().map(|person| person.id).collect(),
                Happened::Left { people, by } => {
                    assert_eq!(by, Some(person("boss")), "each piece says by whom");
                    people
                }
                other => panic!("{other:?}"),
            };
            assert!(people.len() <= PEOPLE_AT_ONCE_MAX);
            named.extend(people);
        }
        assert_eq!(named, everybody, "{kind}");
    }
    assert_eq!(people(&data), everybody, "also of those who left the company");
}

#[test]
fn an_event_that_names_a_person_for_its_group_is_known_by_its_chat() {
    let wrong = json!({"chatId": "chat1", "openConversationId": "u7"});
    let right = json!({"chatId": "chat1", "openConversationId": "cid1=="});
    let old = json!({"ChatId": "chat1"});
    let table = [
        ("chat_quit", &wrong, Some("chat1")),
        ("chat_disband", &old, Some("chat1")),
        ("chat_quit", &right, None),
        ("chat_update_owner", &wrong, None),
        ("chat_quit", &json!({"openConversationId": "u7"}), None),
    ];
    for (kind, data, expected) in table {
        assert_eq!(misplaced(kind, data).as_deref(), expected, "{kind} {data}");
    }
}

#[test]
fn each_of_those_who_left_the_company_is_told_by_themselves() {
    let data = json!({"timeStamp": "1700000000000", "userId": ["u1", "u2"]});
    let event = Event { kind: "user_leave_org", id: "e3", at_ms: 1, data: &data };
    assert!(read(event, "a").is_empty(), "whether they are back it does not say");
    assert_eq!(people(&data), [person("u1"), person("u2")]);
    for (who, key) in [("u1", "a:event:e3:u1"), ("u2", "a:event:e3:u2")] {
        let arrival = gone(event, "a", person(who)).expect("an arrival");
        assert_eq!((arrival.key.as_str(), arrival.at_ms), (key, 1_700_000_000_000));
        assert_eq!((arrival.conversation, arrival.what), (None, Happened::PersonGone(person(who))));
    }
}

#[test]
fn a_pressed_button_is_known_by_our_own_name_for_it() {
    let raw = json!({"type": "actionCallback", "outTrackId": "appr-42", "corpId": "dingc", "userId": "u1", "userIdType": 1,
        "spaceType": "IM_GROUP", "spaceId": "cidAbc==", "extension": "{}",
        "content": "{\"cardPrivateData\":{\"actionIds\":[\"btn_ok0\"],\"params\":{\"action\":\"agree\",\"case\":7,\"input\":\"too dear\",\"input_name\":\"reason\"}}}"});
    let bytes = raw.to_string();
    let arrival = pressed(&raw, "m1", bytes.as_bytes(), "dingsimapp", 9).expect("an arrival");
    assert_eq!(arrival.key.as_str(), "dingsimapp:card:m1:agree");
    assert_eq!(arrival.conversation.map(String::from).as_deref(), Some("cidAbc=="));
    let Happened::Pressed(pressed_button) = arrival.what else { panic!("no button") };
    assert_eq!((pressed_button.message.as_str(), pressed_button.by.as_str()), ("card:appr-42", "u1"));
    assert_eq!(pressed_button.action, "agree");
    let values = [("case".to_owned(), "7".to_owned()), ("reason".to_owned(), "too dear".to_owned())].into();
    assert_eq!(pressed_button.values, values);
    assert_eq!(pressed_button.proof.len(), 64);
    for garbage in [json!({}), json!({"content": "{"}), json!({"content": "[[[]]]", "outTrackId": "a"})] {
        assert!(pressed(&garbage, "m", b"", "a", 0).is_none(), "{garbage}");
    }
}
