//! Every bound of this crate, with its unit in the name.

/// Largest template, in bytes of JSON.
pub const TEMPLATE_BYTES_MAX: usize = 60 * 1024;

/// Most nodes of a flow.
pub const NODES_MAX: usize = 64;

/// Most fields of a form.
pub const FIELDS_MAX: usize = 64;

/// Longest condition, in bytes.
pub const CONDITION_BYTES_MAX: usize = 500;

/// Deepest parentheses of a condition.
pub const CONDITION_DEPTH_MAX: usize = 8;

/// Longest text of one field, in bytes.
pub const FIELD_BYTES_MAX: usize = 8_000;

/// Longest text of a list, in bytes.
pub const DETAIL_BYTES_MAX: usize = 32_000;

/// Most lines of a list.
pub const DETAIL_LINES_MAX: usize = 200;

/// Most columns of a list.
pub const COLUMNS_MAX: usize = 20;

/// Longest formula, in bytes.
pub const FORMULA_BYTES_MAX: usize = 500;

/// Deepest brackets of a formula.
pub const FORMULA_NESTING_MAX: usize = 16;

/// Most files of one case.
pub const FILES_MAX: usize = 50;

/// Largest file of a case, in bytes as its sender says.
pub const FILE_BYTES_MAX: u64 = 50 * 1024 * 1024;

/// Most people of one step.
pub const PEOPLE_OF_STEP_MAX: usize = 50;

/// Most people that are listed where the starter may choose among them; further ones are not named.
pub const CHOICES_SHOWN_MAX: usize = 12;

/// Most levels of heads of one step.
pub const LEVELS_MAX: u32 = 16;

/// Most tasks of one case, those that are over counted in.
pub const TASKS_MAX: usize = 300;

/// How often one task may be passed on.
pub const TRANSFERS_MAX: u32 = 5;

/// Longest reason or comment, in bytes.
pub const REASON_BYTES_MAX: usize = 4_000;

/// How long a rejection waits for its reason, and an approval for its code.
pub const REASON_WAIT_MS: u64 = 10 * 60 * 1_000;

/// How long a dialogue about a draft may be idle; then the draft rests.
pub const DIALOGUE_IDLE_MS: u64 = 30 * 60 * 1_000;

/// How long an urge is enough, where the template does not say.
pub const URGE_COOLDOWN_MS: u64 = 2 * 60 * 60 * 1_000;

/// The urge at which heads hear of it.
pub const URGES_UNTIL_HEAD: u32 = 3;

/// Most people who read along in one case.
pub const READERS_MAX: usize = 100;

/// Most standing delegations of one person.
pub const DELEGATIONS_MAX: usize = 20;

/// Most lines of a card.
pub const CARD_LINES_MAX: usize = 12;

/// Fields that a card has lines for, whatever else it says; a form with more goes as a file.
pub const CARD_FIELDS_MAX: usize = 8;

/// Longest value of a field on a card, in characters.
pub const CARD_VALUE_CHARACTERS_MAX: usize = 120;

/// Largest form, in bytes of JSON, that a card carries for programs; a larger one goes as a file.
pub const FORM_ON_CARD_BYTES_MAX: usize = 8 * 1024;

/// Largest form, in bytes of JSON.
pub const FORM_TEXT_BYTES_MAX: usize = 96 * 1024;

/// Room in the data of a case that forms and comments leave to decisions, in bytes of JSON.
pub const CASE_RESERVE_BYTES: usize = 256 * 1024;

/// Longest name of a file that is kept, in characters.
pub const FILE_NAME_CHARACTERS_MAX: usize = 200;

/// Cases that a list shows.
pub const LIST_LINES_MAX: usize = 15;

/// Pages of a list that can be asked for; what is older is found by its number.
pub const LIST_PAGES_MAX: usize = 100;

/// Most lines of a form on paper, as they are broken; further ones are counted. With what else is on it, the file stays below what a
/// letter carries.
pub const PAPER_LINES_MAX: usize = 1_000;

/// Most characters of one line of paper, before it is broken: a field that is full, with what it is called.
pub const PAPER_CHARACTERS_MAX: usize = 10_000;

/// Characters that the steps of a case on paper share; beyond that the long ones are cut.
pub const PAPER_STEPS_CHARACTERS_MAX: usize = 60_000;

/// How long the bot of a partner may be silent before it counts as offline.
pub const PARTNER_QUIET_MS: u64 = 10 * 60 * 1_000;

/// Longest form, in bytes of JSON, that a partner is shown; further fields are left out.
pub const PARTNER_FORM_BYTES_MAX: usize = 16 * 1024;

/// How long is waited for the event that a partner's answer names, before it is looked for again.
pub const ANSWER_WAIT_MS: u64 = 30 * 1_000;

/// How often the event that a partner's answer names is looked for.
pub const ANSWER_LOOKS_MAX: u32 = 5;

/// How long is waited until an answer that a key not known has signed is judged again.
pub const ANSWER_TRUST_WAIT_MS: u64 = 60 * 60 * 1_000;

/// How often such an answer is judged again: a week long.
pub const ANSWER_TRUST_LOOKS_MAX: u32 = 7 * 24;

/// Requests of one partner that wait for somebody here; further ones are not taken.
pub const PARTNER_REQUESTS_MAX: usize = cases::limits::LISTED_MAX;

/// Keys with which the bot of one partner signs.
pub const PARTNER_KEYS_MAX: usize = 8;

/// Longest number, task or id of a partner's case, in bytes.
pub const PARTNER_NAME_BYTES_MAX: usize = 64;

/// Cases of partners whose records one room brings; those of further ones are not kept.
pub const PARTNER_CHAINS_OF_ROOM_MAX: usize = 64;

/// Largest record of a partner, in bytes of JSON; one as bots write them is a small part of it.
pub const PARTNER_RECORD_BYTES_MAX: usize = 8 * 1024;

/// Cases of partners with one number that are verified at once: each is read and judged as a whole.
pub const PARTNER_CHAINS_SHOWN_MAX: usize = 2;

/// Records of a partner's case that wait for those before them.
pub const PARTNER_RECORDS_AHEAD_MAX: u64 = 64;

/// How often the bot looks who has left.
pub const LEAVERS_INTERVAL_MS: u64 = 60 * 1_000;

/// Cases of one leaver that are passed on in one go; the rest follows with the next look.
pub const LEAVERS_CASES_MAX: usize = 100;

/// How long a link to a form is good.
pub const FORM_LINK_MS: u64 = 15 * 60 * 1_000;

/// Letters that tell one link from another, a little under six bits each.
pub const FORM_LINK_LETTERS: usize = 32;

/// Largest form that a browser sends, in bytes.
pub const FORM_BYTES_MAX: usize = 512 * 1024;

/// Most inputs of a form that a browser sends.
pub const FORM_INPUTS_MAX: usize = 8_192;

/// Lines that a list has for further things, in a browser.
pub const FORM_EMPTY_LINES: usize = 5;

/// Forms in browsers that are worked on at once.
pub const FORM_REQUESTS_MAX: usize = 16;

/// Time that one request of a browser has.
pub const FORM_REQUEST_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(20);

/// Lines of a form that an approval shows in other platforms' approval centres.
pub const ENTRY_LINES_MAX: usize = 30;

/// Tasks that such an approval shows; the bridges take no more.
pub const ENTRY_TASKS_MAX: usize = 200;

/// The lines and the tasks of such an approval together, in bytes of JSON: the rest of it has to fit into a letter as well.
pub const ENTRY_BYTES_MAX: usize = 56 * 1024;

/// People whom an approval of another platform asks at once; further ones are not told.
pub const FOREIGN_ASKED_MAX: usize = 100;

/// Lines of a form that a card of such an approval shows.
pub const FOREIGN_LINES_MAX: usize = 8;

/// Longest text of another platform on such a card, in characters.
pub const FOREIGN_TEXT_CHARACTERS_MAX: usize = 300;

/// How long the links of a letter are good.
pub const MAIL_LINK_MS: u64 = 72 * 60 * 60 * 1_000;

/// How long it is known what a link was for, so that its page can say whom to ask.
pub const MAIL_LINK_KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// Characters that tell one letter from another, a little under six bits each.
pub const MAIL_LINK_CHARACTERS: usize = 32;

/// How long a page with a button may lie open before it is pressed.
pub const MAIL_PAGE_MS: u64 = 60 * 60 * 1_000;

/// Largest answer from such a page, in bytes.
pub const MAIL_ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Lines of a form that a letter shows; further ones are counted.
pub const MAIL_LINES_MAX: usize = 60;

/// How often a letter is tried whose server does not answer; a good day with the pauses between.
pub const MAIL_TRIES_MAX: u32 = 12;

/// The pause after the first try of a letter, in milliseconds; it doubles up to [`MAIL_PAUSE_MS_MAX`].
pub const MAIL_PAUSE_MS: u64 = 60 * 1_000;

/// The longest pause between two tries of a letter, in milliseconds.
pub const MAIL_PAUSE_MS_MAX: u64 = 6 * 60 * 60 * 1_000;

/// How often it is looked which letters are due.
pub const MAIL_LOOK_INTERVAL: std::time::Duration = std::time::Duration::from_secs(30);

/// Letters that are looked at in one go.
pub const MAIL_LETTERS_AT_ONCE: usize = 50;

/// How often an answer from a page is weighed anew because the case changed in between.
pub const MAIL_CONFLICTS_MAX: usize = 8;

/// Accounts of which it is remembered that they are there; beyond that all are asked for anew.
pub const ACCOUNTS_KNOWN_MAX: usize = 10_000;
