//! What a file may be like before anything reads it. The numbers are counted on the raw lines, so that a file which is made
//! to grow in memory is refused at the price of one pass.

use crate::{
    CalendarError,
    limits::{COMPONENT_DEPTH_MAX, COMPONENTS_MAX, LINE_BYTES_MAX, LINES_OF_COMPONENT_MAX},
};

/// Takes a file that is within all bounds, as text. Bytes that are no UTF-8 are replaced.
pub(super) fn measured(bytes: &[u8], bytes_max: usize) -> Result<String, CalendarError> {
    if bytes.len() > bytes_max {
        return Err(CalendarError::TooLarge("the calendar"));
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (mut depth, mut components, mut lines, mut line_bytes) = (0_usize, 0_usize, 0_usize, 0_usize);
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.starts_with([' ', '\t']) {
            line_bytes += line.len();
            if line_bytes > LINE_BYTES_MAX {
                return Err(CalendarError::TooLarge("a line of the calendar"));
            }
            continue;
        }
        line_bytes = line.len();
        lines += 1;
        if starts_with(line, "BEGIN:") {
            depth += 1;
            components += 1;
            lines = 0;
        } else if starts_with(line, "END:") {
            depth = depth.saturating_sub(1);
            lines = 0;
        }
        if depth > COMPONENT_DEPTH_MAX {
            return Err(CalendarError::TooLarge("the depth of the calendar"));
        }
        if components > COMPONENTS_MAX {
            return Err(CalendarError::TooLarge("the number of components"));
        }
        if lines > LINES_OF_COMPONENT_MAX || line_bytes > LINE_BYTES_MAX {
            return Err(CalendarError::TooLarge("a component of the calendar"));
        }
    }
    Ok(text)
}

fn starts_with(line: &str, word: &str) -> bool {
    line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}
