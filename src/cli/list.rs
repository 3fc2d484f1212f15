//! `cortecs list`: everything that a scene may name.

use bevy_app::App;
use clap::Args;

use super::{CliError, print, table::table};
use crate::{
    scene::describe::{Entry, ParameterEntry, SECTIONS, describe},
    text::nearest,
};

#[derive(Args, Debug)]
pub(super) struct ListArguments {
    /// Only what has one of these names.
    names: Vec<String>,
    /// As JSON, for other programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn list(app: &App, arguments: &ListArguments) -> Result<(), CliError> {
    let mut entries = describe(app.world());
    for name in &arguments.names {
        if entries.iter().all(|entry| entry.name != *name) {
            let nearest = nearest(name, entries.iter().map(|entry| entry.name.as_str())).map(str::to_owned);
            return Err(CliError::Unlisted { name: name.clone(), nearest });
        }
    }
    if !arguments.names.is_empty() {
        entries.retain(|entry| arguments.names.contains(&entry.name));
    }
    if arguments.json {
        let text = serde_json::to_string_pretty(&entries).map_err(|error| CliError::Print(error.into()))?;
        return print(&format!("{text}\n"));
    }
    print(&in_text(&entries))
}

fn in_text(entries: &[Entry]) -> String {
    let mut text = String::new();
    for (section, _) in SECTIONS {
        let of_section: Vec<&Entry> = entries.iter().filter(|entry| entry.section == section).collect();
        if of_section.is_empty() {
            continue;
        }
        text += &format!("{}\n{}\n", section.to_uppercase(), "─".repeat(section.chars().count()));
        for entry in of_section {
            text += &format!("{}\n    {}\n", entry.name, entry.docs);
            text += &table("      ", &entry.parameters.iter().map(row).collect::<Vec<_>>());
            if !entry.variables.is_empty() {
                text += &format!("    variables: {}\n", entry.variables.join(", "));
            }
            if !entry.library.is_empty() {
                text += "    library:\n";
                let rows = entry.library.iter().map(|ready| vec![ready.name.clone(), ready.about.clone()]);
                text += &table("      ", &rows.collect::<Vec<_>>());
            }
            text.push('\n');
        }
    }
    text
}

/// Name, default, what it takes with its unit and range, documentation.
fn row(parameter: &ParameterEntry) -> Vec<String> {
    let default = if parameter.default.is_empty() { String::new() } else { format!("= {}", parameter.default) };
    let mut takes = match parameter.unit.as_str() {
        "" => parameter.takes.clone(),
        unit => format!("{} ({unit})", parameter.takes),
    };
    if !parameter.range.is_empty() {
        takes += &format!(", {}", parameter.range);
    }
    vec![parameter.name.clone(), default, takes, parameter.docs.clone()]
}
