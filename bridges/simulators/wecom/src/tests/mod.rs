//! The simulator from outside, over its ports.

mod bot_callbacks;
mod callbacks;
mod cards;
mod client;
mod directory;
mod door;
mod features;
mod groups;
mod media;
mod sending;
mod sockets;
mod tokens;
