//! Actions on cases, without store or wire. Conversations of actions are written as lines: who, what, and what comes of it.

use cases::{Case, Refusal, Via};
use jiff::tz::TimeZone;
use people::{Chart, PersonId};
use ruma::OwnedUserId;
use serde_json::{Value as Json, json};

use super::chart;
use crate::{
    act::{Action, Alarm, Place, decide},
    desk::{Actor, Delegation, Effect, World},
    instance::{Instance, TaskState},
    template::{Form, Template, Value, check},
};

const START_MS: u64 = 1_793_836_800_000;

/// A mode, who says yes or no in which order, and the state then.
type Vote = (&'static str, &'static [(&'static str, bool)], &'static str);

struct Play {
    chart: Chart,
    template: Template,
    delegations: Vec<Delegation>,
    case: Case<Instance>,
    at_ms: u64,
    effects: Vec<Effect>,
    records: Vec<String>,
}

/// A template with these nodes and this policy, and an amount in its form.
fn template(flow: Json, policy: Json) -> Template {
    let template: Template = serde_json::from_value(json!({
        "v": 1, "id": "x", "version": 1, "name": {"zh": "X"}, "aliases": ["x"],
        "form": [{"id": "amount", "type": "amount"}], "flow": flow, "policy": policy,
    }))
    .unwrap();
    assert_eq!(check(&template), [], "the template of a test can be published");
    template
}

fn step(id: &str, mode: &str, who: Json) -> Json {
    json!({"id": id, "type": "approve", "mode": mode, "who": who})
}

impl Play {
    fn new(flow: Json, policy: Json) -> Self {
        Self::started_by("1", flow, policy)
    }

    fn started_by(starter: &str, flow: Json, policy: Json) -> Self {
        let chart = chart();
        let template = template(flow, policy);
        let starter = PersonId(starter.into());
        let department = chart.person(&starter).unwrap().departments[0].clone();
        let form = Form::from([("amount".into(), Value::Number(1_280_000))]);
        let data = Instance::begun(&template, starter, department, form);
        let case = Case {
            id: "c".into(),
            no: "AP-1".into(),
            kind: "approval".into(),
            state: "draft".into(),
            seq: 0,
            rev: 0,
            head: String::new(),
            created_ms: START_MS,
            lists: Default::default(),
            data,
        };
        let (delegations, effects, records) = Default::default();
        Self { chart, template, delegations, case, at_ms: START_MS, effects, records }
    }

    fn tries(&mut self, who: &str, action: Action) -> Result<(), Refusal> {
        let id = PersonId(who.into());
        let account: Option<OwnedUserId> = self.chart.person(&id).and_then(|person| person.account.clone());
        let actor = match who {
            "" => Actor::nobody(),
            _ => Actor { person: Some(id), account, via: Via::Matrix, source: None },
        };
        let zone = TimeZone::UTC;
        let world = World {
            chart: &self.chart,
            template: &self.template,
            delegations: &self.delegations,
            zone: &zone,
            at_ms: self.at_ms,
        };
        let decision = decide(&self.case, &action, &actor, world)?;
        self.case = decision.case;
        self.effects = decision.effects;
        self.records.extend(decision.entries.iter().map(|entry| entry.action.clone()));
        Ok(())
    }

    fn does(&mut self, who: &str, action: Action) {
        if let Err(refusal) = self.tries(who, action.clone()) {
            panic!("{who} {action:?}: {refusal:?}");
        }
    }

    fn refused(&mut self, who: &str, action: Action) -> &'static str {
        let before = self.case.clone();
        let code = self.tries(who, action).unwrap_err().code;
        assert_eq!(self.case, before, "what is refused changes nothing");
        code
    }

    fn submitted(mut self) -> Self {
        self.does("1", Action::Submit);
        self
    }

    /// Who is asked now.
    fn asked(&self) -> Vec<&str> {
        self.case.data.open().map(|task| task.owner.0.as_str()).collect()
    }

    fn state(&self) -> &str {
        &self.case.state
    }
}

fn yes() -> Action {
    Action::Approve { task: None, comment: None, code: None, chance: 123_456 }
}

fn no(reason: &str) -> Action {
    Action::Reject { task: None, reason: Some(reason.into()) }
}

fn users(ids: &[&str]) -> Json {
    json!({ "users": ids })
}

#[test]
fn modes_decide_as_they_say() {
    // (mode, votes in order: who and yes, state afterwards)
    let cases: [Vote; 9] = [
        ("and", &[("2", true)], "pending"),
        ("and", &[("2", true), ("3", true), ("4", true)], "approved"),
        ("and", &[("2", true), ("3", false)], "rejected"),
        ("or", &[("3", true)], "approved"),
        ("or", &[("3", false)], "rejected"),
        ("seq", &[("2", true), ("3", true), ("4", true)], "approved"),
        ("seq", &[("2", true), ("3", false)], "rejected"),
        ("quorum:2", &[("2", true), ("4", true)], "approved"),
        ("quorum:2", &[("2", false), ("4", false)], "rejected"),
    ];
    for (mode, votes, state) in cases {
        let mut play = Play::new(json!([step("n1", mode, users(&["2", "3", "4"]))]), json!({})).submitted();
        for (who, agrees) in votes {
            play.does(who, if *agrees { yes() } else { no("不行") });
        }
        assert_eq!(play.state(), state, "{mode} {votes:?}");
    }
}

#[test]
fn a_sequence_asks_one_after_the_other() {
    let mut play = Play::new(json!([step("n1", "seq", users(&["2", "3"]))]), json!({})).submitted();
    assert_eq!(play.asked(), ["2"]);
    assert_eq!(play.refused("3", yes()), "E101");
    play.does("2", yes());
    assert_eq!(play.asked(), ["3"]);
}

#[test]
fn a_task_takes_one_decision_and_says_which() {
    let mut play = Play::new(json!([step("n1", "and", users(&["2", "3"]))]), json!({})).submitted();
    play.does("2", yes());
    let refusal = play.tries("2", no("doch nicht")).unwrap_err();
    assert_eq!(refusal.code, "E103");
    assert!(refusal.fields.contains(&("who", "李四".into())), "{refusal:?}");
    assert!(refusal.fields.contains(&("result", "result.approved".into())), "{refusal:?}");
    assert_eq!(play.refused("8", yes()), "E107", "who has no part in it learns nothing");
    assert_eq!(play.refused("1", yes()), "E101");
    assert_eq!(play.refused("nobody", yes()), "E108");
}

#[test]
fn heads_are_counted_from_the_starter() {
    // (starter, who, asked)
    let cases = [
        ("1", json!({"dept_head": 1}), vec!["2"]),
        ("1", json!({"dept_head": 2}), vec!["4"]),
        ("2", json!({"dept_head": 1}), vec!["4"]),
        ("1", json!({"role": "cfo"}), vec!["3"]),
        ("1", json!({"dept_head": 5}), vec!["6"]),
        ("8", json!({"dept_head": 1}), vec!["6"]),
        ("1", users(&["1"]), vec!["2"]),
    ];
    for (starter, who, asked) in cases {
        let mut play = Play::started_by(starter, json!([step("n1", "or", who.clone())]), json!({}));
        play.does(starter, Action::Submit);
        assert_eq!(play.asked(), asked, "{starter} {who}");
    }
}

#[test]
fn each_level_of_heads_is_a_step() {
    let flow = json!([step("n1", "and", json!({"dept_heads": {"until": 3}}))]);
    let mut play = Play::new(flow, json!({})).submitted();
    assert_eq!(play.asked(), ["2"]);
    play.does("2", yes());
    assert_eq!(play.asked(), ["4"]);
    play.does("4", yes());
    assert_eq!(play.state(), "approved");
}

#[test]
fn a_branch_goes_by_the_form() {
    for (amount, asked) in [(1_280_000, "3"), (999_999, "4")] {
        let flow = json!([
            {"id": "c", "type": "branch", "cases": [{"if": "amount >= 1000000", "next": "big"}], "else": "small"},
            {"id": "big", "type": "approve", "who": {"role": "cfo"}, "next": "end"},
            {"id": "small", "type": "approve", "who": {"dept_head": 2}},
        ]);
        let mut play = Play::new(flow, json!({}));
        play.does("1", Action::Fill(Form::from([("amount".into(), Value::Number(amount))])));
        play.does("1", Action::Submit);
        assert_eq!(play.asked(), [asked]);
        let by_condition = play.case.data.reasons[0].condition.is_some();
        assert_eq!(by_condition, amount >= 1_000_000);
    }
}

#[test]
fn nobody_is_asked_twice_in_a_row_and_the_record_says_so() {
    let flow = json!([
        step("n1", "or", users(&["2"])),
        step("n2", "or", users(&["2", "3"])),
        step("n3", "or", users(&["2"]))
    ]);
    // (policy, asked after 2 agreed, asked after 3 agreed, state then)
    let cases = [
        ("adjacent", vec!["3"], vec!["2"], "pending"),
        ("all", vec!["3"], vec![], "approved"),
        ("none", vec!["2", "3"], vec!["2"], "pending"),
    ];
    for (policy, first, second, state) in cases {
        let mut play = Play::new(flow.clone(), json!({ "dedupe": policy })).submitted();
        play.does("2", yes());
        assert_eq!(play.asked(), first, "{policy}");
        play.does("3", yes());
        assert_eq!((play.asked(), play.state()), (second, state), "{policy}");
        assert_eq!(play.records.contains(&"skip".to_owned()), policy != "none", "{policy}");
    }
}

#[test]
fn a_step_of_the_starter_goes_to_their_head_or_is_passed_over() {
    let flow = json!([step("n1", "or", users(&["1"])), step("n2", "or", users(&["3"]))]);
    let cases = [("parent_head", vec!["2"]), ("allow", vec!["1"]), ("skip_if_later", vec!["3"])];
    for (policy, asked) in cases {
        let play = Play::new(flow.clone(), json!({ "self": policy })).submitted();
        assert_eq!(play.asked(), asked, "{policy}");
    }
}

#[test]
fn a_step_without_people_follows_the_policy() {
    let flow = json!([step("n1", "or", json!({"role": "nobody"})), step("n2", "or", users(&["3"]))]);
    for (policy, asked) in [("pass", "3"), ("to_admin", "6"), ("user:4", "4")] {
        let play = Play::new(flow.clone(), json!({ "empty": policy })).submitted();
        assert_eq!(play.asked(), [asked], "{policy}");
    }
    let mut play = Play::new(flow, json!({ "empty": "refuse" }));
    assert_eq!(play.refused("1", Action::Submit), "E116");
}

#[test]
fn a_rejection_waits_for_its_reason_and_is_void_without() {
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), json!({})).submitted();
    let silent = Action::Reject { task: None, reason: None };
    let records = play.records.len();
    play.does("2", silent.clone());
    assert!(play.effects.iter().any(|effect| matches!(effect, Effect::Tell(tell) if tell.text == "E111")));
    assert_eq!((play.asked(), play.records.len()), (vec!["2"], records), "nothing counts yet");
    play.at_ms += 600_000;
    play.does("", Action::Alarm(Alarm::Answer { task: "t1".into() }));
    assert_eq!(play.case.data.tasks[0].awaiting, None);
    play.does("2", silent);
    play.does("2", no("发票抬头不对"));
    assert_eq!(play.state(), "rejected");
}

#[test]
fn great_sums_need_a_code() {
    let policy = json!({ "confirm_over": "amount >= 1000000" });
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), policy).submitted();
    play.does("2", yes());
    assert!(play.effects.iter().any(|effect| matches!(effect, Effect::Tell(tell) if tell.text == "E112")));
    let with =
        |code: &str| Action::Approve { task: None, comment: None, code: Some(code.into()), chance: 999_999 };
    play.does("2", with("000000"));
    assert_eq!(play.state(), "pending", "a wrong code makes a new one");
    play.does("2", with("123456"));
    assert_eq!(play.state(), "pending", "the old code is worth nothing");
    play.does("2", with("999999"));
    assert_eq!(play.state(), "approved");
}

#[test]
fn what_is_returned_can_be_changed_and_goes_on() {
    let flow = json!([step("n1", "or", users(&["2"])), step("n2", "or", users(&["3"]))]);
    for (resubmit, asked) in [("restart", "2"), ("jump_back", "3")] {
        let policy = json!({ "reject": "to_starter", "resubmit": resubmit });
        let mut play = Play::new(flow.clone(), policy).submitted();
        play.does("2", yes());
        play.does("3", no("缺发票"));
        assert_eq!((play.state(), play.asked().len()), ("returned", 0));
        play.does("1", Action::Submit);
        assert_eq!(play.asked(), [asked], "{resubmit}");
    }
}

#[test]
fn a_return_goes_to_the_starter_or_to_a_node_before() {
    let flow = json!([step("n1", "or", users(&["2"])), step("n2", "or", users(&["3"]))]);
    let mut play = Play::new(flow, json!({})).submitted();
    play.does("2", yes());
    let to = |node: Option<&str>| Action::Return { node: node.map(str::to_owned), reason: "再看".into() };
    assert_eq!(play.refused("3", to(Some("n2"))), "E110");
    play.does("3", to(Some("n1")));
    assert_eq!(play.asked(), ["2"]);
    play.does("2", to(None));
    assert_eq!(play.state(), "returned");
}

#[test]
fn a_transfer_moves_the_task_and_never_to_the_starter() {
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), json!({})).submitted();
    let to = |id: &str| Action::Transfer { to: PersonId(id.into()), reason: None };
    assert_eq!(play.refused("2", to("1")), "E115");
    for (from, next) in [("2", "3"), ("3", "4"), ("4", "5"), ("5", "6"), ("6", "7")] {
        play.does(from, to(next));
    }
    assert_eq!(play.refused("7", to("2")), "E110", "five times at most");
    assert_eq!(play.refused("2", yes()), "E103");
    play.does("7", yes());
    assert_eq!(play.state(), "approved");
}

#[test]
fn added_people_come_before_with_or_after() {
    let add = |place| Action::AddSign { people: vec![PersonId("3".into())], place };
    // (place, asked after adding, asked after the added one agreed)
    let cases = [(Place::Before, vec!["3"], vec!["2"]), (Place::Parallel, vec!["2", "3"], vec!["2"])];
    for (place, first, then) in cases {
        let mut play = Play::new(json!([step("n1", "and", users(&["2"]))]), json!({})).submitted();
        play.does("2", add(place));
        assert_eq!(play.asked(), first, "{place:?}");
        play.does("3", yes());
        assert_eq!(play.asked(), then, "{place:?}");
        play.does("2", yes());
        assert_eq!(play.state(), "approved", "{place:?}");
    }
    let mut play = Play::new(json!([step("n1", "and", users(&["2"]))]), json!({})).submitted();
    play.does("2", add(Place::After));
    assert_eq!(play.asked(), ["3"]);
    play.does("3", yes());
    assert_eq!(play.state(), "approved");
}

#[test]
fn who_was_added_before_can_refuse_and_be_taken_back() {
    let add = Action::AddSign { people: vec![PersonId("3".into())], place: Place::Before };
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), json!({})).submitted();
    play.does("2", add.clone());
    play.does("3", no("不行"));
    assert_eq!(play.state(), "rejected");
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), json!({})).submitted();
    play.does("2", add);
    play.does("2", Action::RemoveSign { person: PersonId("3".into()) });
    assert_eq!(play.asked(), ["2"]);
}

#[test]
fn a_delegate_acts_for_one_hop_and_never_for_a_case_of_their_own() {
    let order = |from: &str, to: &str| Delegation {
        from: PersonId(from.into()),
        to: PersonId(to.into()),
        templates: vec!["x".into()],
        since_ms: 0,
        until_ms: START_MS + 1_000,
    };
    let flow = json!([step("n1", "or", users(&["2"]))]);
    let mut play = Play::new(flow.clone(), json!({}));
    play.delegations = vec![order("2", "7"), order("7", "8")];
    let mut play = play.submitted();
    assert_eq!(play.refused("8", yes()), "E107");
    play.does("7", yes());
    assert_eq!(play.state(), "approved");

    let mut play = Play::new(flow.clone(), json!({}));
    play.delegations = vec![order("2", "1")];
    let mut play = play.submitted();
    assert_eq!(play.refused("1", yes()), "E101", "the starter is nobody's delegate");

    let mut play = Play::new(flow, json!({}));
    play.delegations = vec![order("2", "7")];
    play.at_ms += 2_000;
    let mut play = play.submitted();
    assert_eq!(play.refused("7", yes()), "E107", "the order is over");
}

#[test]
fn a_recall_is_possible_until_somebody_decided() {
    let flow = json!([step("n1", "and", users(&["2", "3"]))]);
    let mut play = Play::new(flow.clone(), json!({})).submitted();
    assert_eq!(play.refused("2", Action::Recall), "E101");
    play.does("1", Action::Recall);
    assert_eq!((play.state(), play.asked().len()), ("recalled", 0));
    for (policy, code) in [("until_decided", Some("E113")), ("always", None)] {
        let mut play = Play::new(flow.clone(), json!({ "recall": policy })).submitted();
        play.does("2", yes());
        assert_eq!(play.tries("1", Action::Recall).err().map(|refusal| refusal.code), code, "{policy}");
    }
}

#[test]
fn an_urge_rings_once_in_a_while_and_the_third_at_the_head() {
    let policy = json!({ "urge_cooldown": "1h" });
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), policy).submitted();
    let tells = |play: &Play| play.effects.iter().filter(|effect| matches!(effect, Effect::Tell(_))).count();
    play.does("1", Action::Urge);
    assert_eq!(tells(&play), 1);
    assert_eq!(play.refused("1", Action::Urge), "E114");
    assert_eq!(play.refused("2", Action::Urge), "E101");
    for expected in [1, 2] {
        play.at_ms += 3_600_000;
        play.does("1", Action::Urge);
        assert_eq!(tells(&play), expected);
    }
}

#[test]
fn time_that_is_up_does_what_the_node_says() {
    let node = |what: &str| json!([{"id": "n1", "type": "approve", "who": {"users": ["2"]}, "timeout": "48h", "on_timeout": what}]);
    // Without an amount, time may agree.
    let cases = [
        ("remind", "pending", vec!["2"]),
        ("escalate", "pending", vec!["4"]),
        ("auto_reject", "rejected", vec![]),
    ];
    for (what, state, asked) in cases {
        let mut play = Play::new(node(what), json!({})).submitted();
        let alarm = play.effects.iter().find_map(|effect| match effect {
            Effect::Timer { name, at_ms } => Some((name.clone(), *at_ms)),
            _ => None,
        });
        let (name, at_ms) = alarm.unwrap();
        assert_eq!(at_ms, START_MS + 48 * 3_600_000);
        play.at_ms = at_ms;
        play.does("", Action::Alarm(Alarm::named(&name).unwrap()));
        assert_eq!((play.state(), play.asked()), (state, asked), "{what}");
    }
}

#[test]
fn who_leaves_is_followed_by_their_head() {
    let mut play = Play::new(json!([step("n1", "or", users(&["7"]))]), json!({})).submitted();
    play.does("", Action::Left { person: PersonId("7".into()) });
    assert_eq!(play.asked(), ["2"]);
    assert_eq!(play.case.data.tasks[0].state, TaskState::Transferred);
}

#[test]
fn administrators_reassign_and_terminate_and_others_do_not() {
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), json!({})).submitted();
    let (from, to) = (PersonId("2".into()), PersonId("3".into()));
    let move_it = Action::Reassign { from, to, reason: "休假".into() };
    assert_eq!(play.refused("2", move_it.clone()), "E102");
    play.does("6", move_it);
    assert_eq!(play.asked(), ["3"]);
    play.does("6", Action::Terminate { reason: "作废".into() });
    assert_eq!(play.state(), "terminated");
}

#[test]
fn dead_ends_are_found_for_every_department() {
    let flow =
        json!([step("n1", "or", json!({"dept_head": 1})), step("n2", "or", json!({"role": "nobody"}))]);
    let found = crate::template::dead_ends(&template(flow, json!({})), &chart());
    let at = |node: &str| found.iter().filter(|(found, _)| found == node).count();
    // Nobody heads marketing, and nobody is above the head of everything.
    let paths: Vec<&str> =
        found.iter().filter(|(node, _)| node == "n1").map(|(_, path)| path.as_str()).collect();
    assert_eq!(paths, ["总部", "总部/市场部"]);
    assert_eq!(at("n2"), chart().departments().count());
}

#[test]
fn the_result_of_a_starter_who_left_goes_to_their_head() {
    let mut play = Play::new(json!([step("n1", "or", users(&["3"]))]), json!({})).submitted();
    let people = play.chart.people().map(|person| {
        let mut person = people::Person::clone(person);
        if person.id.0 == "1" {
            person.status = people::Status::Left;
        }
        person.into()
    });
    play.chart = Chart::new(319, people.collect::<Vec<_>>());
    play.does("3", yes());
    let told: Vec<_> = play
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Tell(tell) => Some((tell.to.0.as_str(), tell.text)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [("2", "told.approved")]);
}
