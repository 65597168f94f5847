//! Rooms of other servers that are entered before their members are known (MSC3706, MSC3902).

mod coming_and_going;
mod devices;
mod entered;
mod judged_anew;
mod unproven;
mod use_before_members;
