//! `lianqiao org import|apply|link|workdays`: staff lists, first logins and working days.

use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Subcommand;
use config::Config;

use super::{
    OnConfig,
    output::{complain, say},
};
use crate::{
    administration::OPERATOR,
    bots::organisation::{Answer, Order, ask},
};

/// What `org` does.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Looks at a staff list and says what it would change. Nothing changes before `org apply`.
    Import {
        /// The list: CSV in UTF-8 or GB18030, with the columns 工号/employee_no, 姓名/name, 部门/department.
        list: PathBuf,
        /// Who is not in the list leaves.
        #[arg(long)]
        full: bool,
        /// Who asks, for the records.
        #[arg(long, default_value = OPERATOR)]
        by: String,
    },
    /// Applies a list that was looked at, within a day.
    Apply {
        /// The id that `org import` gave.
        id: String,
        /// Where the list is written with what became of each row.
        #[arg(long)]
        result: Option<PathBuf>,
        /// Who asks, for the records. A list by which many people leave is applied in a chat with the bot `@org`, by an
        /// administrator who is somebody else than who looked at it: `!org apply ID`.
        #[arg(long, default_value = OPERATOR)]
        by: String,
    },
    /// Prints one-time links by which people come in for the first time, as CSV. They work for 72 hours. Where the server sends
    /// letters and a mail address is known, the link goes there too. Needs a server that runs.
    Link {
        /// Whose: employee number, name or account. Their link from before is void.
        #[arg(required_unless_present = "new", conflicts_with = "new")]
        who: Option<String>,
        /// Those of everybody who has not come in and has no link that works.
        #[arg(long)]
        new: bool,
        /// Who asks, for the records.
        #[arg(long, default_value = OPERATOR)]
        by: String,
    },
    /// The working days: holidays, and days that are made up for.
    Workdays {
        /// What to do with them.
        #[command(subcommand)]
        action: WorkdaysAction,
    },
}

/// What `org workdays` does.
#[derive(Debug, Subcommand)]
pub(super) enum WorkdaysAction {
    /// Imports working days at once. The years that the file names are replaced.
    Import {
        /// CSV in UTF-8 or GB18030, with the columns 日期/date, 类型/type (休/holiday or 班/workday), 名称/name.
        file: PathBuf,
    },
}

fn read(path: &Path, bytes_max: usize) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    if bytes.len() > bytes_max {
        return Err(format!(
            "{} is larger than {} KiB; import it in parts",
            path.display(),
            bytes_max / 1024
        ));
    }
    Ok(STANDARD.encode(bytes))
}

pub(super) async fn run(arguments: OnConfig<Action>) -> Result<(), String> {
    let config = arguments.file.read()?;
    let (order, result) = match arguments.action {
        Action::Link { who, by, new: _ } => return link(&config, who, &by).await,
        Action::Import { list, full, by } => {
            let list = read(&list, people::limits::STAFF_LIST_BYTES_MAX)?;
            (Order::Preview { list, full, by }, None)
        }
        Action::Workdays { action: WorkdaysAction::Import { file } } => {
            (Order::Workdays { file: read(&file, workdays::limits::FILE_BYTES_MAX)? }, None)
        }
        Action::Apply { id, result, by } => (Order::Apply { id, by }, result),
    };
    match ask(&config, order).await? {
        Answer::Preview { id, summary } => {
            say(summary.trim_end());
            say(
                "Nothing has changed yet. Where a second administrator is needed, they write `!org apply ID` to @org.",
            );
            say(&format!("Apply it within a day: lianqiao org apply {id}"));
            Ok(())
        }
        Answer::Applied { version, people, result_file } => {
            if let Some(path) = result {
                std::fs::write(&path, result_file)
                    .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
            }
            say(&format!("{people} people changed; the organisation is at version {version}."));
            Ok(())
        }
        Answer::Workdays { years, holidays, made_up } => {
            let years: Vec<String> = years.iter().map(ToString::to_string).collect();
            say(&format!(
                "{}: {holidays} days are off, {made_up} days are made up for. It counts from now on.",
                years.join(", ")
            ));
            Ok(())
        }
        // Nobody asks for it here.
        Answer::Health { .. } | Answer::Export { .. } | Answer::Links { .. } | Answer::RecordKeys(_) => {
            Err("the bots answered something else".to_owned())
        }
        Answer::Refused(reason) => Err(reason),
    }
}

/// Gives links and prints them as one table.
async fn link(config: &Config, who: Option<String>, by: &str) -> Result<(), String> {
    let (mut after, mut is_first, mut answers) = (None, true, 0);
    loop {
        let order = Order::Links { who: who.clone(), after, by: by.to_owned() };
        let (file, refused, more_after) = match ask(config, order).await? {
            Answer::Links { file, refused, more_after } => (file, refused, more_after),
            Answer::Refused(reason) => return Err(reason),
            _ => return Err("the bots answered something else".to_owned()),
        };
        let lines: Vec<&str> = file.lines().collect();
        answers += lines.len().saturating_sub(1) + refused.len();
        for line in lines.iter().skip(usize::from(!is_first)) {
            say(line);
        }
        match who {
            Some(_) if !refused.is_empty() => return Err(refused.join("\n")),
            Some(_) | None => refused.iter().for_each(|line| complain(line)),
        }
        is_first = false;
        match more_after {
            Some(more) => after = Some(more),
            None => break,
        }
    }
    if answers == 0 {
        complain("Nobody needs a link: everybody has logged in, or has one that works.");
    }
    Ok(())
}
