//! The chart, and the keeping of its versions.

use std::sync::Arc;

use base::{Clock, Rng};
use ruma::owned_server_name;
use store::{Identity, MemoryKv, Store};

use crate::*;

fn path(text: &str) -> DepartmentPath {
    DepartmentPath::parse(text).unwrap()
}

fn person(id: &str, department: &str, heads: &[&str]) -> Arc<Person> {
    let mut person = Person::new(id, id, path(department));
    person.head_of = heads.iter().map(|text| path(text)).collect();
    Arc::new(person)
}

#[test]
fn the_nth_head_counts_from_the_department_or_the_one_above_for_its_head() {
    let chart = Chart::new(
        1,
        [
            person("boss", "总部", &["总部"]),
            person("head", "总部/销售部", &["总部/销售部"]),
            person("member", "总部/销售部", &[]),
            person("lone", "总部/销售部/华东区", &[]),
        ],
    );
    // (starter, department, level, heads)
    let cases: [(&str, &str, u32, Option<&[&str]>); 7] = [
        ("member", "总部/销售部", 1, Some(&["head"])),
        ("member", "总部/销售部", 2, Some(&["boss"])),
        ("member", "总部/销售部", 3, None),
        ("head", "总部/销售部", 1, Some(&["boss"])),
        ("lone", "总部/销售部/华东区", 1, Some(&[])),
        ("lone", "总部/销售部/华东区", 2, Some(&["head"])),
        ("boss", "总部", 1, None),
    ];
    for (starter, department, level, expected) in cases {
        let found = chart.nth_heads(&PersonId(starter.into()), &path(department), level);
        let found = found.map(|(_, heads)| heads.iter().map(|head| head.0.as_str()).collect::<Vec<_>>());
        assert_eq!(found.as_deref(), expected, "{starter} {level}");
    }
    let above = chart.heads_above(chart.person(&PersonId("head".into())).unwrap());
    assert_eq!(above, [PersonId("boss".into())]);
}

#[test]
fn people_are_found_by_what_they_are_elsewhere() {
    let known = |id: &str, there: &[&str], status| {
        let mut person = Person::new(id, id, path("总部"));
        person.elsewhere = there.iter().map(|id| ("feishu".to_owned(), (*id).to_owned())).collect();
        person.status = status;
        Arc::new(person)
    };
    let chart = Chart::new(
        1,
        [
            known("2", &["on_b", "on_a"], Status::Active),
            known("1", &["on_a"], Status::Active),
            known("4", &["on_left"], Status::Left),
        ],
    );
    let elsewhere = |platform, id| chart.known_elsewhere(platform, id).map(|person| person.id.0.as_str());
    assert_eq!(elsewhere("feishu", "on_a"), Some("1"), "the first of two");
    assert_eq!(elsewhere("feishu", "on_b"), Some("2"));
    assert_eq!((elsewhere("dingtalk", "on_b"), elsewhere("feishu", "on_left")), (None, None));
}

#[test]
fn the_rights_of_a_head_who_left_are_their_managers_or_those_of_the_next_heads() {
    let left = |id: &str, manager: Option<&str>, heads: &str| {
        let mut person = Person::clone(&person(id, heads, &[heads]));
        person.status = Status::Left;
        person.manager = manager.map(|id| PersonId(id.into()));
        person.account = ruma::UserId::parse(format!("@{id}:corp.example")).ok();
        Arc::new(person)
    };
    let chart = Chart::new(
        1,
        [
            person("boss", "总部", &["总部"]),
            person("manager", "总部", &[]),
            person("member", "总部/销售部", &[]),
            left("head", Some("manager"), "总部/销售部"),
            left("second", Some("gone"), "总部/市场部/华东区"),
            person("lone", "总部/市场部/华东区", &[]),
            person("new", "总部/财务部", &["总部/财务部"]),
            left("old", Some("manager"), "总部/财务部"),
            person("never", "总部/研发部", &[]),
        ],
    );
    // (department, who stands in)
    let cases: [(&str, &[&str]); 5] = [
        ("总部/销售部", &["manager"]),
        ("总部/市场部/华东区", &["boss"]),
        ("总部/财务部", &[]),
        ("总部/研发部", &[]),
        ("总部", &[]),
    ];
    for (department, expected) in cases {
        let found = chart.stand_ins(&path(department));
        assert_eq!(found.iter().map(|id| id.0.as_str()).collect::<Vec<_>>(), expected, "{department}");
    }
    let left = chart.person(&PersonId("head".into())).unwrap();
    assert_eq!(chart.followers(left), [PersonId("manager".into()), PersonId("boss".into())]);
    let account = ruma::user_id!("@head:corp.example");
    assert_eq!((chart.status_of(account), chart.by_account(account)), (Some(Status::Left), None));
    assert_eq!(chart.status_of(ruma::user_id!("@nobody:corp.example")), None);
}

async fn people(clock: &Clock) -> People {
    let name = owned_server_name!("corp.example");
    let store = Store::open(Arc::new(MemoryKv::new()), tables(), Identity::new(&name, clock), Vec::new());
    let parts = PeopleParts {
        store: store.await.unwrap(),
        clock: clock.clone(),
        rng: Rng::seeded(1),
        server_name: name,
    };
    People::open(parts).await.unwrap()
}

const LIST: &[u8] = "工号,姓名,部门,角色\n1,甲,总部,cfo\n2,乙,总部,\n".as_bytes();

#[tokio::test]
async fn what_was_can_be_asked_for_after_it_changed() {
    let clock = Clock::fake(1_000);
    let people = people(&clock).await;
    let first = people.preview(LIST, false, "@a:x").await.unwrap();
    assert_eq!(people.chart().people().count(), 0, "a dry run changes nothing");
    assert_eq!(people.apply(&first.id, "@a:x").await.unwrap().version, 1);
    let moved = String::from_utf8(LIST.to_vec())
        .unwrap()
        .replace("总部,cfo", "总部,")
        .replace("总部,\n2,乙,总部,", "总部,\n2,乙,总部,cfo");
    clock.advance(60_000);
    let second = people.preview(moved.as_bytes(), false, "@b:x").await.unwrap();
    assert_eq!(people.apply(&second.id, "@b:x").await.unwrap().version, 2);
    assert_eq!(people.chart().in_role("cfo"), [PersonId("2".into())]);
    assert_eq!(people.chart_at(1).await.unwrap().in_role("cfo"), [PersonId("1".into())]);
    let history = people.history(&PersonId("2".into())).await.unwrap();
    let since: Vec<_> = history.iter().map(|since| (since.version, since.at_ms, since.by.as_str())).collect();
    assert_eq!(since, [(1, 1_000, "@a:x"), (2, 61_000, "@b:x")]);
    assert!(history[0].person.roles.is_empty() && history[1].person.roles.contains("cfo"));
    for (id, by) in [("1", Some("@b:x")), ("2", Some("@b:x")), ("", None), ("3", None)] {
        assert_eq!(people.changed_by(&PersonId(id.into())).await.unwrap().as_deref(), by, "{id}");
    }
    // A start reads the newest.
    let again = People::open(people.0.parts.clone()).await.unwrap();
    assert_eq!(again.chart().in_role("cfo"), [PersonId("2".into())]);
}

#[tokio::test]
async fn a_dry_run_is_good_for_a_day_and_for_the_organisation_it_saw() {
    let clock = Clock::fake(1_000);
    let people = people(&clock).await;
    let one = people.preview(LIST, false, "@a:x").await.unwrap();
    let two = people.preview(LIST, false, "@a:x").await.unwrap();
    people.apply(&one.id, "@a:x").await.unwrap();
    assert!(matches!(people.apply(&one.id, "@a:x").await, Err(PeopleError::NoDryRun(_))));
    assert!(matches!(people.apply(&two.id, "@a:x").await, Err(PeopleError::Outdated)));
    let late = people.preview(LIST, false, "@a:x").await.unwrap();
    clock.advance(limits::DRY_RUN_KEPT_MS);
    assert!(matches!(people.apply(&late.id, "@a:x").await, Err(PeopleError::NoDryRun(_))));
}

#[tokio::test]
async fn a_full_list_that_loses_many_needs_another_administrator() {
    let clock = Clock::fake(1_000);
    let people = people(&clock).await;
    let first = people.preview(LIST, false, "@a:x").await.unwrap();
    people.apply(&first.id, "@a:x").await.unwrap();
    let shorter = people.preview("工号,姓名,部门\n1,甲,总部\n".as_bytes(), true, "@a:x").await.unwrap();
    assert!(matches!(
        people.apply(&shorter.id, "@a:x").await,
        Err(PeopleError::SecondPerson { people: 1, percent: 50, who }) if who == "-"
    ));
    // Whoever sits at the server may say any name, and is nobody for certain.
    for name in ["operator", "@b:x"] {
        let applied = people.apply_unproved(&shorter.id, name).await;
        assert!(matches!(applied, Err(PeopleError::SecondPerson { .. })), "{name}");
    }
    assert_eq!(people.apply(&shorter.id, "@b:x").await.unwrap().people, 1);
    assert!(people.chart().active(&PersonId("2".into())).is_none());
}

#[tokio::test]
async fn whoever_looked_at_a_list_at_the_server_by_their_name_is_not_the_second_in_a_chat() {
    let people = people(&Clock::fake(1_000)).await;
    let first = people.preview(LIST, false, "operator").await.unwrap();
    // A list that loses nobody is applied by whoever looked at it.
    people.apply_unproved(&first.id, "operator").await.unwrap();
    let account = people.chart().person(&PersonId("1".into())).unwrap().account.clone().unwrap();
    let shorter = "工号,姓名,部门\n1,甲,总部\n".as_bytes();
    for name in ["1", "甲", account.localpart(), account.as_str()] {
        let looked = people.preview(shorter, true, name).await.unwrap();
        let applied = people.apply(&looked.id, account.as_str()).await;
        assert!(matches!(applied, Err(PeopleError::SecondPerson { .. })), "{name}");
    }
    let looked = people.preview(shorter, true, "operator").await.unwrap();
    assert_eq!(people.apply(&looked.id, account.as_str()).await.unwrap().people, 1);
}

#[tokio::test]
async fn nobody_gets_the_localpart_of_a_bot_or_of_somebody_who_left() {
    let people = people(&Clock::fake(1_000)).await;
    people.keep_localparts(&["task", "meet"]).await.unwrap();
    people.keep_localparts(&["task", "meet"]).await.unwrap();
    let account = |people: &People, id: &str| {
        let chart = people.chart();
        chart.person(&PersonId(id.into())).unwrap().account.clone().unwrap().localpart().to_owned()
    };
    let list = "工号,姓名,部门,账号\n1,Meet,总部,\n2,甲,总部,task\n3,张伟,总部,\n";
    let preview = people.preview(list.as_bytes(), false, "@a:x").await.unwrap();
    let errors: Vec<_> = preview.plan.errors.iter().map(|error| (error.line, error.rule)).collect();
    assert_eq!(errors, [(3, import::Rule::Taken)]);
    assert_eq!(people.apply(&preview.id, "@a:x").await.unwrap().newcomers, 2);
    assert_eq!((account(&people, "1").as_str(), account(&people, "3").as_str()), ("meet2", "zhangwei"));
    let list = "工号,姓名,部门,状态\n3,张伟,总部,离职\n4,张伟,总部,\n";
    let preview = people.preview(list.as_bytes(), false, "@a:x").await.unwrap();
    assert_eq!(people.apply(&preview.id, "@a:x").await.unwrap().newcomers, 1);
    assert_eq!(account(&people, "4"), "zhangwei2");
}

#[tokio::test]
async fn an_account_that_was_there_before_is_given_to_nobody_by_its_name_alone() {
    let people = people(&Clock::fake(1_000)).await;
    people.keep_strangers(&["zhangwei", "lina"]).await.unwrap();
    let list = "工号,姓名,部门,账号\n1,张伟,总部,\n2,李娜,总部,lina\n";
    let preview = people.preview(list.as_bytes(), false, "@a:x").await.unwrap();
    assert_eq!(preview.plan.made_up, [ruma::owned_user_id!("@zhangwei2:corp.example")]);
    people.apply(&preview.id, "@a:x").await.unwrap();
    let chart = people.chart();
    let accounts: Vec<_> = chart.people().map(|person| person.account.clone().unwrap()).collect();
    assert_eq!(accounts, ["@zhangwei2:corp.example", "@lina:corp.example"]);
    // Somebody who had an account before says that it is theirs.
    people.keep_strangers(&["wang"]).await.unwrap();
    let wang = ruma::owned_user_id!("@wang:corp.example");
    assert!(!people.bind(&PersonId("1".into()), &wang, "@a:x").await.unwrap(), "they have one");
}

#[tokio::test]
async fn what_is_said_of_departments_is_dated_like_people() {
    let people = people(&Clock::fake(1_000)).await;
    let sales = path("总部/销售部");
    for code in ["D1", "D2"] {
        let list = format!("工号,姓名,部门,部门编码\n1,甲,总部/销售部,{code}\n");
        let preview = people.preview(list.as_bytes(), false, "@a:x").await.unwrap();
        people.apply(&preview.id, "@a:x").await.unwrap();
    }
    assert_eq!(people.chart().code_of(&sales), "D2");
    assert_eq!(people.chart_at(1).await.unwrap().code_of(&sales), "D1");
    let again = People::open(people.0.parts.clone()).await.unwrap();
    assert_eq!(again.chart().code_of(&sales), "D2");
}
