//! What is around the words: members, names, history, people, receipts.

use bridge_api::{Ability, Happened, Refusal, Sender};

use crate::case::case;
use crate::limits::PAGES_MAX;
use crate::{Case, Said, Stage};

pub(super) const CASES: &[Case] = &[
    case!(In Membership who_comes_and_goes_is_told),
    case!(In Membership our_app_comes_and_goes),
    case!(In Membership members_are_listed),
    case!(In Names another_name_and_the_end_of_a_group_are_told),
    case!(Out Names a_group_is_given_another_name),
    case!(In Backfill history_has_the_keys_of_what_came_live),
    case!(In Edits a_change_is_seen_with_the_history_at_the_latest),
    case!(In OtherBots another_robot_is_heard_with_the_history_at_the_latest),
    case!(In Directory people_are_known_by_id_and_by_address),
    case!(Out Directory conversations_are_listed_and_looked_up),
    case!(In Receipts who_has_read_is_told_in_direct_chats),
    case!(Out Text refusals_are_final_and_say_why),
];

async fn who_comes_and_goes_is_told(stage: &Stage) {
    let group = stage.platform.group("members").await;
    stage.platform.leave("li", &group).await;
    stage.platform.join("li", &group).await;
    let li = stage.platform.person("li");
    let left = |arrival: &bridge_api::Arrival| match &arrival.what {
        Happened::Left { people, .. } if people.contains(&li) => arrival.conversation.clone(),
        _ => None,
    };
    assert_eq!(stage.inbox.hear("that Li left", left).await, group);
    let joined = |arrival: &bridge_api::Arrival| match &arrival.what {
        Happened::Joined { people } => people.iter().find(|person| person.id == li).cloned(),
        _ => None,
    };
    assert_eq!(stage.inbox.hear("that Li came", joined).await.name, "Li Si");
}

async fn our_app_comes_and_goes(stage: &Stage) {
    let group = stage.platform.foreign_group("ours").await;
    stage.platform.invite_bot("zhang", &group, true).await;
    stage.platform.invite_bot("zhang", &group, false).await;
    for wanted in [true, false] {
        let told = |arrival: &bridge_api::Arrival| match (&arrival.what, wanted) {
            (Happened::BotAdded { .. }, true) | (Happened::BotRemoved { .. }, false) => {
                arrival.conversation.clone()
            }
            _ => None,
        };
        assert_eq!(stage.inbox.hear("our app", told).await, group);
    }
}

async fn members_are_listed(stage: &Stage) {
    let group = stage.platform.group("listed").await;
    let connector = stage.connector();
    let members = connector.members().expect("a connector that lists members");
    let (mut names, mut from) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let page = stage.insist(|| members.members(&group, from.as_ref())).await.expect("a page");
        names.extend(page.items.into_iter().filter(|person| !person.bot).map(|person| person.name));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    names.sort();
    assert_eq!(names, ["Li Si", "张三"]);
}

async fn another_name_and_the_end_of_a_group_are_told(stage: &Stage) {
    let group = stage.platform.group("before").await;
    stage.platform.rename("zhang", &group, "after").await;
    let renamed = |arrival: &bridge_api::Arrival| match &arrival.what {
        Happened::Renamed { name, .. } => Some((arrival.conversation.clone(), name.clone())),
        _ => None,
    };
    let told = stage.inbox.hear("the name", renamed).await;
    assert_eq!(told, (Some(group.clone()), "after".to_owned()));
    stage.platform.dissolve("zhang", &group).await;
    let gone = |arrival: &bridge_api::Arrival| match &arrival.what {
        Happened::Dissolved => arrival.conversation.clone(),
        _ => None,
    };
    assert_eq!(stage.inbox.hear("the end", gone).await, group);
}

async fn a_group_is_given_another_name(stage: &Stage) {
    let group = stage.platform.place(Ability::Names, "old").await;
    let connector = stage.connector();
    let names = connector.names().expect("a connector that renames");
    stage.insist(|| names.rename(&group, "新名字")).await.expect("our app owns the group");
    assert_eq!(stage.platform.name_of(&group).await, "新名字");
}

async fn history_has_the_keys_of_what_came_live(stage: &Stage) {
    let group = stage.platform.group("history").await;
    let mut ids = Vec::new();
    for number in 0..60 {
        ids.push(stage.platform.say("zhang", &group, Said::Text(format!("line {number}"))).await);
    }
    let inside = stage.platform.answer("li", &ids[0], "in the topic", true).await;
    let ours = stage.say(&group, "ours", "ours").await;
    for id in ids.iter().chain([&inside]) {
        stage.heard(id).await;
    }
    let live = stage.inbox.arrivals();
    let history = stage.history(&group, 0).await;
    let found: Vec<_> = history.iter().filter_map(|arrival| arrival.what.message().cloned()).collect();
    // The beginning of a topic may come a second time with the topic: the inbox knows its key.
    let mut own: Vec<_> = Vec::new();
    for id in found.iter().filter(|id| ids.contains(id)) {
        if !own.contains(id) {
            own.push(id.clone());
        }
    }
    assert_eq!(own, ids, "oldest first");
    assert!(found.contains(&inside), "topics are included");
    for arrival in &history {
        let Happened::Message(message) = &arrival.what else { continue };
        if message.id == ours {
            assert_eq!(message.from, Sender::Ourselves);
            continue;
        }
        let same = live.iter().find(|known| known.key == arrival.key).expect("the key of the live arrival");
        assert_eq!((same.at_ms, same.what.message()), (arrival.at_ms, arrival.what.message()));
    }
    // A little more than was asked for may come, because messages do not come in order.
    let newest = history.last().expect("there is history").at_ms;
    assert_eq!(stage.history(&group, newest + 600_000).await, Vec::new());
}

async fn a_change_is_seen_with_the_history_at_the_latest(stage: &Stage) {
    let group = stage.platform.group("changed").await;
    let id = stage.platform.say("zhang", &group, Said::Text("wrnog".into())).await;
    stage.heard(&id).await;
    stage.platform.edit("zhang", &id, "right").await;
    stage.restart().await;
    stage.catch_up(&group).await;
    let zhang = stage.platform.person("zhang");
    let changed = |arrival: &bridge_api::Arrival| match &arrival.what {
        Happened::Edited { message, from: Sender::Person { id: person, .. }, parts }
            if *message == id && *person == zhang =>
        {
            Some(parts.clone())
        }
        _ => None,
    };
    let parts = stage.inbox.hear("the change", changed).await;
    assert_eq!(parts[0].to_plain(), "right");
    assert_eq!(stage.inbox.messages().len(), 1);
}

async fn another_robot_is_heard_with_the_history_at_the_latest(stage: &Stage) {
    let group = stage.platform.group("robots").await;
    let ours = stage.say(&group, "ours", "ours").await;
    let theirs = stage.platform.robot_says(&group, "beep").await;
    stage.restart().await;
    stage.catch_up(&group).await;
    let (_, message) = stage.heard(&theirs).await;
    assert!(matches!(message.from, Sender::Bot { .. }), "{:?}", message.from);
    assert_eq!(message.parts[0].to_plain(), "beep");
    let echo = stage.inbox.messages().into_iter().find(|message| message.id == ours);
    assert!(echo.is_none_or(|message| message.from == Sender::Ourselves));
}

async fn people_are_known_by_id_and_by_address(stage: &Stage) {
    let connector = stage.connector();
    let directory = connector.directory().expect("a connector with a directory");
    let zhang = stage.platform.person("zhang");
    let person =
        stage.insist(|| directory.person(&zhang)).await.expect("an answer").expect("the app sees them");
    assert_eq!((person.name.as_str(), person.email.as_deref()), ("张三", Some("zhang@corp.example")));
    let found = stage.insist(|| directory.by_email("li@corp.example")).await.expect("an answer");
    let li = stage.platform.finds_people_by_address().then(|| stage.platform.person("li"));
    assert_eq!(found, li);
    let nobody = stage.insist(|| directory.by_email("nobody@corp.example")).await.expect("an answer");
    assert_eq!(nobody, None);
}

async fn conversations_are_listed_and_looked_up(stage: &Stage) {
    let group = stage.platform.group("looked up").await;
    let foreign = stage.platform.foreign_group("foreign").await;
    let connector = stage.connector();
    let conversations = connector.conversations().expect("a connector that lists conversations");
    let page = stage.insist(|| conversations.list(None)).await.expect("a page");
    let ids: Vec<_> = page.items.iter().map(|conversation| conversation.id.clone()).collect();
    assert_eq!(ids, std::slice::from_ref(&group));
    let one =
        stage.insist(|| conversations.conversation(&group)).await.expect("an answer").expect("it is there");
    assert_eq!(one.name, "looked up");
    assert_eq!(stage.insist(|| conversations.conversation(&foreign)).await.expect("an answer"), None);
}

async fn who_has_read_is_told_in_direct_chats(stage: &Stage) {
    let direct = stage.platform.direct("li").await;
    let id = stage.say(&direct, "read me", "read me").await;
    stage.platform.read("li", &direct).await;
    let li = stage.platform.person("li");
    let read = |arrival: &bridge_api::Arrival| match &arrival.what {
        Happened::Read { person, messages } if *person == li => Some(messages.clone()),
        _ => None,
    };
    assert!(stage.inbox.hear("the receipt", read).await.contains(&id));
}

async fn refusals_are_final_and_say_why(stage: &Stage) {
    let foreign = stage.platform.foreign_group("not ours").await;
    let words = bridge_api::Content::Text(bridge_api::RichText::plain("x"));
    let to = |conversation| crate::stage::outgoing(conversation, "refused", words.clone());
    let connector = stage.connector();
    let refused =
        stage.insist(|| async { connector.send(&to(&foreign)).await }).await.expect_err("we are not in it");
    // Some say the same of a conversation that has not spoken to us for long.
    let is_told = matches!(
        refused.kind,
        bridge_api::FailureKind::Refused(Refusal::NotInConversation) | bridge_api::FailureKind::Silenced(_)
    );
    assert!(is_told, "{refused}");
    assert!(refused.code.is_some() && refused.trace.is_some(), "{refused}");
    // What ends is told best where groups are ours.
    let gone = stage.platform.place(Ability::Names, "gone").await;
    stage.platform.dissolve("zhang", &gone).await;
    let refused =
        stage.insist(|| async { connector.send(&to(&gone)).await }).await.expect_err("it is dissolved");
    assert_eq!(refused.kind, bridge_api::FailureKind::Refused(Refusal::Gone), "{refused}");
}
