//! A case: a sentence, what it proves, and what it does.

use bridge_api::Ability;
use futures_util::future::BoxFuture;

use crate::Stage;

/// Which way an ability is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the platform into a room.
    In,
    /// From a room to the platform.
    Out,
}

/// One case.
#[derive(Clone, Copy)]
pub struct Case {
    /// What it says.
    pub name: &'static str,
    /// Which way.
    pub direction: Direction,
    /// What it proves.
    pub ability: Ability,
    /// What it does; it panics when the connector fails it.
    pub run: for<'a> fn(&'a Stage) -> BoxFuture<'a, ()>,
}

/// A [`Case`] of an async function.
macro_rules! case {
    ($direction:ident $ability:ident $name:ident) => {
        $crate::Case {
            name: stringify!($name),
            direction: $crate::Direction::$direction,
            ability: bridge_api::Ability::$ability,
            run: |stage| Box::pin($name(stage)),
        }
    };
}

pub(crate) use case;
