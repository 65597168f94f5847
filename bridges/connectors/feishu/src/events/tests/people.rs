//! People who change, leave, and come into sight.

use super::*;
use crate::office::looks::Leaving;

#[test]
fn who_changed_is_read_again_and_what_nobody_sees_here_is_not() {
    let changed = |before: Value| {
        let object = json!({"open_id":"ou_a","name":"李","department_ids":[]});
        become_of(&second("contact.user.updated_v3", json!({"object":object,"old_object":before})))
    };
    let look = Became::Looks(vec![Look::Person("ou_a".to_owned())]);
    let seen = [json!({"name":"旧"}), json!({"avatar":{}}), json!({"mobile":"1","status":{}})];
    for before in seen.into_iter().chain([json!({}), Value::Null]) {
        assert_eq!(changed(before.clone()), look, "{before}");
    }
    assert_eq!(changed(json!({"mobile":"1","department_ids":["od-1"]})), Became::Arrivals(Vec::new()));
}

#[test]
fn who_is_said_to_have_left_is_read_again() {
    let deleted = json!({"object":{},"old_object":{"open_id":"ou_a","department_ids":["od-1"]}});
    let resigned =
        json!({"object":{"open_id":"ou_a","name":"李","status":{"is_resigned":true}},"old_object":{}});
    let leaving = Leaving { person: "ou_a".to_owned(), event: "ev1".to_owned(), at_ms: 1_700_000_000_000 };
    for (kind, event) in [("contact.user.deleted_v3", deleted), ("contact.user.updated_v3", resigned)] {
        assert_eq!(
            become_of(&second(kind, event)),
            Became::Looks(vec![Look::Leaving(leaving.clone())]),
            "{kind}"
        );
    }
}

#[test]
fn who_comes_into_sight_is_read_and_who_goes_out_of_it_has_not_left() {
    let scope = |people: &[&str], departments: &[&str]| {
        let people: Vec<_> = people.iter().map(|id| json!({"open_id":id,"union_id":"on_1"})).collect();
        let departments: Vec<_> = departments.iter().map(|id| json!({"open_department_id":id})).collect();
        json!({"users":people,"departments":departments,"user_groups":[]})
    };
    let (here, there) = (scope(&["ou_b", "x"], &["od-1", "../x"]), scope(&["ou_c"], &["od-2"]));
    let event = second("contact.scope.updated_v3", json!({"added":here,"removed":there}));
    let looks = vec![Look::Person("ou_b".to_owned()), Look::Department("od-1".to_owned())];
    assert_eq!(become_of(&event), Became::Looks(looks));
    let event = second("contact.scope.updated_v3", json!({"removed":there}));
    assert_eq!(become_of(&event), Became::Looks(Vec::new()));
}
