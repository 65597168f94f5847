//! Seeds that found something, by what they found. They are lived through on servers of their own.

use super::live;

#[test]
fn a_server_that_could_not_learn_the_keys_of_another_does_not_leave_its_users_out_of_the_state() {
    live(2..3);
}

#[test]
fn what_one_person_says_is_in_its_order_everywhere_whatever_came_late_or_flooded_the_room() {
    live(195..196);
}
