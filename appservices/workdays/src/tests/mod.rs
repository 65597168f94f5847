//! Tables of what is read and counted, and the calendar in its store.

mod days;
mod store;
mod words;

use jiff::civil::{Date, DateTime};

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}
