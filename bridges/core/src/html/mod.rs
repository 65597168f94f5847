//! Matrix's HTML and plain bodies, from and to text with structure. Pure functions over hostile words.

mod read;
mod write;

pub(crate) use self::{
    read::read,
    write::{Written, write},
};
