//! How the page looks on which people read and write.

use simulator_stage::Page;

pub(crate) const PAGE: Page = Page {
    names: ["企业微信", "WeCom"],
    colour: "#2f7dcd",
    reactions: &[],
    edits: false,
    mentions: true,
    opens: true,
    todos: false,
    ticks: false,
};
