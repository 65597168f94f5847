//! Who is asked at a node, as of the organisation now.

use people::{Chart, PersonId};

use crate::{
    instance::{Instance, Partner, TaskState, Why},
    limits::{LEVELS_MAX, PEOPLE_OF_STEP_MAX},
    template::{Dedupe, SelfPolicy, Template, Until, Value, Who, chosen, is_meant},
};

/// The role of those who look after approvals.
pub const ADMINISTRATORS: &str = "approval_admin";

/// The role of those who may see what is masked for others.
pub const SEES_SENSITIVE: &str = "see_sensitive";

/// Who is asked: steps one after the other, each with the people of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The steps.
    pub rounds: Vec<Vec<PersonId>>,
    /// The rule in words of the template.
    pub rule: String,
}

/// The people that the rule of a node names. Who does not work here is nobody.
#[must_use]
pub fn resolve(who: &Who, node: &str, instance: &Instance, chart: &Chart) -> Resolved {
    let heads = |level: u32| {
        let found = chart.nth_heads(&instance.starter, &instance.department, level);
        found.map_or(Vec::new(), |(_, heads)| heads.to_vec())
    };
    let (rounds, rule) = match who {
        Who::Users(ids) => {
            let known = ids.iter().map(|id| PersonId(id.clone())).filter(|id| chart.active(id).is_some());
            (vec![known.collect()], "users".to_owned())
        }
        Who::Role(role) => (vec![chart.in_role(role).to_vec()], format!("role {role}")),
        Who::DeptHead(level) => (vec![heads(*level)], format!("dept_head {level}")),
        Who::DeptHeads { until } => {
            let (rounds, until) = levels(until, instance, chart);
            (rounds, format!("dept_heads until {until}"))
        }
        Who::Starter(_) => (vec![vec![instance.starter.clone()]], "starter".to_owned()),
        Who::Field(id) => {
            let person = match instance.form.get(id) {
                Some(Value::Person(person)) => chart.active(person).map(|person| person.id.clone()),
                _ => None,
            };
            (vec![person.into_iter().collect()], format!("field {id}"))
        }
        Who::StarterChoice { from, .. } => {
            let people = who_was_chosen(from, node, instance, chart);
            (vec![people.cloned().collect()], format!("starter_choice {}", from.join(" ")).trim().to_owned())
        }
        // What is secret does not leave this server, whatever a template from before such were refused says.
        Who::Partner { .. } if instance.is_secret => {
            let mut administrators = chart.in_role(ADMINISTRATORS).to_vec();
            administrators.retain(|administrator| *administrator != instance.starter);
            (vec![administrators], format!("role {ADMINISTRATORS}"))
        }
        Who::Partner { server, capability } => {
            (vec![vec![Partner::stand_in(server)]], format!("partner {server} {capability}"))
        }
    };
    let rounds = rounds.into_iter().map(|mut round: Vec<PersonId>| {
        round.truncate(PEOPLE_OF_STEP_MAX);
        round
    });
    Resolved { rounds: rounds.filter(|round| !round.is_empty()).collect(), rule }
}

/// Whom the starter chose for a node and who may still be chosen: those who work here where an approval is undone, because it goes
/// through the same hands.
pub(super) fn who_was_chosen<'a>(
    from: &'a [String],
    node: &str,
    instance: &'a Instance,
    chart: &'a Chart,
) -> impl Iterator<Item = &'a PersonId> {
    let from: &[String] = if instance.undoes.is_some() { &[] } else { from };
    let is_still_meant = move |id: &&PersonId| chart.active(id).is_some_and(|person| is_meant(from, person));
    chosen(&instance.form, node).iter().filter(is_still_meant)
}

/// The heads of one level after the other, and how far that goes in words.
fn levels(until: &Until, instance: &Instance, chart: &Chart) -> (Vec<Vec<PersonId>>, String) {
    let last = match until {
        Until::Level(level) => (*level).min(LEVELS_MAX),
        Until::Role(_) => LEVELS_MAX,
    };
    let mut rounds = Vec::new();
    for level in 1..=last {
        let Some((_, heads)) = chart.nth_heads(&instance.starter, &instance.department, level) else { break };
        if !heads.is_empty() {
            rounds.push(heads.to_vec());
        }
        if let Until::Role(role) = until
            && heads.iter().any(|head| chart.in_role(role).contains(head))
        {
            break;
        }
    }
    let words = match until {
        Until::Level(level) => level.to_string(),
        Until::Role(role) => role.clone(),
    };
    (rounds, words)
}

/// What becomes of a node that nobody can be asked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Empty {
    /// It is passed.
    Pass,
    /// These are asked instead.
    Instead(Vec<PersonId>),
    /// The case cannot go on.
    Stuck,
}

/// Applies the policy for a node without people.
#[must_use]
pub fn empty(template: &Template, chart: &Chart) -> Empty {
    let policy = template.policy.empty.as_str();
    let instead =
        |people: Vec<PersonId>| if people.is_empty() { Empty::Stuck } else { Empty::Instead(people) };
    match policy.split_once(':') {
        Some(("user", id)) => {
            let id = PersonId(id.to_owned());
            instead(chart.active(&id).map(|person| person.id.clone()).into_iter().collect())
        }
        _ if policy == "pass" => Empty::Pass,
        _ if policy == "refuse" => Empty::Stuck,
        _ => instead(chart.in_role(ADMINISTRATORS).to_vec()),
    }
}

/// What is done with one of the people of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seat {
    /// They are asked.
    Asked(PersonId),
    /// They are passed over: the key of the cause.
    Skipped(PersonId, &'static str),
}

/// Applies the policies for starters and for people who decided already. `decides_later` says whether somebody is
/// asked at a later node.
#[must_use]
pub fn seats(
    people: &[PersonId],
    template: &Template,
    instance: &Instance,
    chart: &Chart,
    decides_later: bool,
) -> Vec<Seat> {
    let mut seats: Vec<Seat> = Vec::new();
    let mut asked: Vec<PersonId> = Vec::new();
    for person in people {
        let mut candidates = vec![person.clone()];
        if *person == instance.starter {
            match template.policy.own {
                SelfPolicy::Allow => {}
                SelfPolicy::SkipIfLater if decides_later => {
                    seats.push(Seat::Skipped(person.clone(), "skip.own"));
                    continue;
                }
                SelfPolicy::SkipIfLater | SelfPolicy::ParentHead => {
                    candidates = chart.person(person).map_or(Vec::new(), |person| chart.heads_above(person));
                }
            }
        }
        for candidate in candidates {
            if asked.contains(&candidate) {
                continue;
            }
            if has_approved(&candidate, template, instance) {
                seats.push(Seat::Skipped(candidate, "skip.before"));
            } else {
                asked.push(candidate.clone());
                seats.push(Seat::Asked(candidate));
            }
        }
    }
    seats
}

fn has_approved(person: &PersonId, template: &Template, instance: &Instance) -> bool {
    let nodes: &[String] = match template.policy.dedupe {
        Dedupe::None => &[],
        Dedupe::Adjacent => instance.passed.last().map_or(&[], std::slice::from_ref),
        Dedupe::All => &instance.passed,
    };
    instance.tasks.iter().any(|task| {
        let agreed = task.decided.as_ref().is_some_and(|decided| decided.by == *person);
        agreed
            && task.round >= instance.first_round
            && task.state == TaskState::Approved
            && nodes.contains(&task.node)
    })
}

/// Notes why a step fell to whom.
#[must_use]
pub fn why(node: &str, resolved: &Resolved, condition: Option<&str>, chart: &Chart, at_ms: u64) -> Why {
    Why {
        node: node.to_owned(),
        people: resolved.rounds.concat(),
        rule: resolved.rule.clone(),
        condition: condition.map(str::to_owned),
        chart: chart.version(),
        at_ms,
        is_past: false,
    }
}
