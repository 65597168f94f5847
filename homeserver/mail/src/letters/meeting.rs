//! Letters around a meeting, for people who have no account here. In both languages at once: nobody knows which they read.

use super::{Letter, escaped, html, subject};

/// What a letter tells of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeetingNews {
    /// They are asked to come, or something changed.
    Invitation,
    /// It does not take place.
    Cancelled,
    /// Somebody answered their invitation, or proposes another time.
    Answer,
    /// The other time that they proposed is not taken.
    ProposalDeclined,
    /// For information.
    Information,
}

/// The letter. `when` and `place` are as people read them; the calendar that travels with it is for their programs.
#[must_use]
pub fn meeting(news: MeetingNews, title: &str, when: &str, place: &str) -> Letter {
    let (chinese, english) = match news {
        MeetingNews::Invitation => ("会议邀请", "Invitation"),
        MeetingNews::Cancelled => ("会议取消", "Cancelled"),
        MeetingNews::Answer => ("会议回复", "Answer"),
        MeetingNews::ProposalDeclined => ("改期建议未采用", "Your other time is not taken"),
        MeetingNews::Information => ("会议信息", "Meeting"),
    };
    let lines: Vec<String> =
        [title, when, place].into_iter().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let paragraphs: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    Letter {
        subject: subject(&format!("{chinese} · {english}: {title}")),
        text: format!("{chinese} · {english}\n\n{}\n", lines.join("\n")),
        html: html(&paragraphs),
        unsubscribe_link: None,
    }
}
