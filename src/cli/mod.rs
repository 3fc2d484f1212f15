//! The command line: what was typed, and one file per command.
#![forbid(unsafe_code)]

mod check;
mod error;
#[cfg(all(test, unix))]
mod fault_tests;
mod interruption;
mod list;
mod new;
#[cfg(feature = "plot")]
mod plot;
mod progress;
mod resume;
mod run;
mod statistics;
mod table;
#[cfg(feature = "view")]
mod view;

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use bevy_app::App;
use clap::{Args, Parser, Subcommand};

pub use error::CliError;

use crate::{scene::Scene, simulator, text::Diagnostics};

/// Simulates networks of spiking neurons that scene files describe.
#[derive(Parser, Debug)]
#[command(name = "cortecs", version, about, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Runs a scene: recordings, pictures and a report in a folder of its own.
    Run(run::RunArguments),
    /// Goes on with a run that was interrupted, as if nothing had happened.
    Resume(resume::ResumeArguments),
    /// Says what a scene would build, and whether it is right; builds nothing.
    Check(check::CheckArguments),
    /// Lists everything that a scene may name, with parameters, units and defaults.
    List(list::ListArguments),
    /// Draws the pictures of a run folder again.
    #[cfg(feature = "plot")]
    Plot(plot::PlotArguments),
    /// Opens a window on a scene's network, which runs while it is looked at and touched.
    #[cfg(feature = "view")]
    View(view::ViewArguments),
    /// Writes a commented scene to start from.
    New(new::NewArguments),
}

/// A scene, and what is set in it from the command line.
#[derive(Args, Debug)]
struct SceneArguments {
    /// The scene file (RON).
    scene: Option<PathBuf>,
    /// Sets anything in the scene: `groups.excitatory.size=400`, `groups.inhibitory.Izhikevich.a=0.1`, `dt=0.1`.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    settings: Vec<String>,
    /// The seed of all random numbers.
    #[arg(long)]
    seed: Option<u64>,
    /// The number of iterations.
    #[arg(long)]
    iterations: Option<u64>,
    /// Lets the scene read files outside its folder: by absolute paths, `..` or symbolic links.
    #[arg(long)]
    allow_outside_files: bool,
}

impl SceneArguments {
    /// Everything that is set, in the form of `--set`.
    fn assignments(&self) -> Vec<String> {
        let seed = self.seed.map(|seed| format!("seed={seed}"));
        let iterations = self.iterations.map(|iterations| format!("iterations={iterations}"));
        self.settings.iter().cloned().chain(seed).chain(iterations).collect()
    }

    /// The scene with everything that is set.
    fn load(&self, app: &App) -> Result<Scene, CliError> {
        let scene = self.scene.as_ref().ok_or(CliError::NoScene)?;
        let scene = Scene::from_file_with(app.world(), scene, &self.assignments())?;
        Ok(Scene { outside_files: self.allow_outside_files, ..scene })
    }
}

/// The whole command line of a program, with behaviours, functions and plots of its own.
///
/// ```no_run
/// use cortecs::prelude::*;
///
/// behaviour! {
///     /// Whatever it does.
///     struct Mine {}
/// }
///
/// impl Behaviour for Mine {
///     fn plugin(_: &mut App) {}
/// }
///
/// fn main() -> std::process::ExitCode {
///     cortecs::cli::main_with(|app| {
///         app.register_behaviour::<Mine>();
///     })
/// }
/// ```
pub fn main_with(extend: impl Fn(&mut App) + Send + 'static) -> ExitCode {
    match execute_with(&Arguments::parse(), extend) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !matches!(error, CliError::Elsewhere) {
                print_error(&error);
            }
            ExitCode::from(error.exit_code())
        }
    }
}

/// Carries out what was typed.
///
/// # Errors
/// Whatever went wrong, to be printed once.
pub fn execute(arguments: &Arguments) -> Result<(), CliError> {
    execute_with(arguments, |_| {})
}

/// The same in an app to which `extend` adds.
///
/// # Errors
/// Whatever went wrong, to be printed once.
pub fn execute_with(arguments: &Arguments, extend: impl Fn(&mut App) + Send + 'static) -> Result<(), CliError> {
    // Each recording is a file that is open while the run lasts; where no more are allowed, that is told when one is missing.
    #[cfg(unix)]
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let mut app = simulator();
    extend(&mut app);
    match &arguments.command {
        Command::Run(arguments) => run::run(app, arguments),
        Command::Resume(arguments) => resume::resume(app, arguments),
        Command::Check(arguments) => check::check(app, arguments),
        Command::List(arguments) => list::list(&app, arguments),
        #[cfg(feature = "plot")]
        Command::Plot(arguments) => plot::plot(app.world(), arguments),
        #[cfg(feature = "view")]
        Command::View(arguments) => view::view(&app, arguments, extend),
        Command::New(arguments) => new::new(&app, arguments),
    }
}

/// Prints an error where errors belong, in colour if somebody looks.
pub fn print_error(error: &CliError) {
    let text = error.render(io::stderr().is_terminal());
    // If not even this can be printed, the exit code has to do.
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end());
}

/// Prints what a scene says and hardly means.
fn print_warnings(warnings: &Diagnostics) {
    if !warnings.is_empty() {
        let _ = writeln!(io::stderr().lock(), "{}\n", warnings.render(io::stderr().is_terminal()).trim_end());
    }
}

/// Says something that nobody asked for, but everybody should know.
fn warn(text: &str) {
    say(&format!("warning: {text}"));
}

/// Says something beside the results.
fn say(text: &str) {
    // If it cannot be said, the run is no worse for it.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints results. Whoever closes the pipe early (`cortecs list | head`) has seen enough.
fn print(text: &str) -> Result<(), CliError> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Print(error)),
        _ => Ok(()),
    }
}
