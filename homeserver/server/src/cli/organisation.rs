//! `lianqiao org import|apply`: staff lists.

use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Subcommand;

use super::{OnConfig, output::say};
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
        /// Who asks. A list that concerns many people is applied by somebody else than who looked at it.
        #[arg(long, default_value = OPERATOR)]
        by: String,
    },
}

pub(super) async fn run(arguments: OnConfig<Action>) -> Result<(), String> {
    let config = arguments.file.read()?;
    let (order, result) = match arguments.action {
        Action::Import { list, full, by } => {
            let bytes = std::fs::read(&list)
                .map_err(|error| format!("{} cannot be read: {error}", list.display()))?;
            if bytes.len() > people::limits::STAFF_LIST_BYTES_MAX {
                return Err(format!("{} is larger than 4 MiB; import it in parts", list.display()));
            }
            (Order::Preview { list: STANDARD.encode(bytes), full, by }, None)
        }
        Action::Apply { id, result, by } => (Order::Apply { id, by }, result),
    };
    match ask(&config, order).await? {
        Answer::Preview { id, summary } => {
            say(summary.trim_end());
            say(&format!("Nothing has changed yet. Apply it within a day: lianqiao org apply {id}"));
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
        Answer::Refused(reason) => Err(reason),
    }
}
