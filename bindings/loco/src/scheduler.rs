//! Scheduled jobs, one of them, once. In: a job's name. Out: its exit code and output within bounds. The
//! scheduler itself, which never ends, is not started.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use loco_rs::app::Hooks;
use loco_rs::scheduler::{Config, Job, Output, Scheduler};
use serde::Serialize;

use crate::config::Chosen;
use crate::failure::{Code, Failure};
use crate::plain::plain;
use crate::process::once;

/// A job's entry in the configuration.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    name: String,
    run: String,
    shell: bool,
    schedule: String,
    tags: Vec<String>,
    run_on_start: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ended {
    job: String,
    /// Null where a signal ended it.
    exit_code: Option<i32>,
    /// Standard output and standard error together, in the order in which they were written.
    output: String,
    output_truncated: bool,
}

/// The configured jobs by name, as Loco would schedule them; none where nothing is configured.
fn configured<H: Hooks>(chosen: &Chosen) -> Result<Option<(Config, Scheduler)>, Failure> {
    let invalid = |words: String| {
        Failure::new(
            Code::ConfigInvalid,
            format!("the scheduler's configuration is not valid: {}", plain(&words, 2000)),
        )
    };
    let config = match std::env::var_os("SCHEDULER_CONFIG") {
        Some(path) => {
            let text =
                std::fs::read_to_string(PathBuf::from(path)).map_err(|e| invalid(format!("SCHEDULER_CONFIG: {e}")))?;
            Some(serde_yaml_ng::from_str(&text).map_err(|e| invalid(format!("SCHEDULER_CONFIG: {e}")))?)
        }
        None => chosen.config.scheduler.clone(),
    };
    match config {
        Some(config) if !config.jobs.is_empty() => {
            let scheduler = Scheduler::new::<H>(&config, &chosen.environment).map_err(|e| invalid(e.to_string()))?;
            Ok(Some((config, scheduler)))
        }
        _ => Ok(None),
    }
}

/// The scheduled jobs in the order of their names. Needs no database.
pub(crate) fn list<H: Hooks>(chosen: &Chosen) -> Result<Vec<Entry>, Failure> {
    let Some((_, scheduler)) = configured::<H>(chosen)? else {
        return Ok(Vec::new());
    };
    let mut entries: Vec<Entry> = scheduler
        .jobs
        .into_iter()
        .map(|(name, job)| Entry {
            name,
            run: job.run,
            shell: job.shell,
            schedule: job.cron,
            tags: job.tags.unwrap_or_default(),
            run_on_start: job.run_on_start,
        })
        .collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// Runs one job once, as Loco's scheduler does: by the shell, the application itself with `task …` unless the job
/// is a shell command, in the same process group (so whoever ends this process's group ends the job).
pub(crate) async fn run<H: Hooks>(chosen: &Chosen, name: &str) -> Result<Ended, Failure> {
    let configured = configured::<H>(chosen)?;
    let Some((config, job)) =
        configured.and_then(|(config, mut scheduler)| Some((config, scheduler.jobs.remove(name)?)))
    else {
        return Err(Failure::new(
            Code::JobNotFound,
            format!(
                "there is no scheduled job {name:?} in this environment; scheduler.list has them. Nothing was done"
            ),
        ));
    };
    let (command, silent) = command(&job, &config.output, chosen).map_err(|error| not_run(name, &error))?;
    let (status, output) = tokio::task::spawn_blocking(move || once(command, silent))
        .await
        .map_err(|error| Failure::new(Code::InternalPanic, format!("the job {name} was lost: {error}")))?
        .map_err(|error| not_run(name, &error))?;
    let ended = Ended {
        job: name.to_owned(),
        exit_code: status.code(),
        output: String::from_utf8_lossy(&output.kept).into_owned(),
        output_truncated: output.truncated,
    };
    if status.success() {
        return Ok(ended);
    }
    let how = status.code().map_or_else(
        || "was ended by a signal".to_owned(),
        |code| format!("ended with exit code {code}"),
    );
    Err(Failure::new(
        Code::TaskFailed,
        format!("the scheduled job {name} {how}. What it had done until then stands"),
    )
    .with("job", ended.job)
    .with("exitCode", ended.exit_code)
    .with("output", ended.output)
    .with("outputTruncated", ended.output_truncated))
}

fn not_run(name: &str, error: &std::io::Error) -> Failure {
    Failure::new(
        Code::IoFailed,
        format!("the scheduled job {name} could not be run: {error}"),
    )
}

/// The command, and whether the job is configured to be silent.
fn command(job: &Job, default_output: &Output, chosen: &Chosen) -> std::io::Result<(Command, bool)> {
    // Loco joins the path and the task's words with spaces and gives them to the shell; quoted, a path with a
    // space in it stays one word.
    let binary = quoted(&std::env::current_exe()?);
    let description = job.prepare_command(&binary, default_output, &chosen.environment);
    let mut command = Command::new("/bin/sh");
    command
        .arg("-c")
        .arg(&description.command)
        .env("LOCO_ENV", description.environment.to_string())
        .stdin(Stdio::null());
    Ok((command, matches!(description.output, Output::Silent)))
}

fn quoted(path: &Path) -> PathBuf {
    PathBuf::from(format!("'{}'", path.display().to_string().replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_one_word_for_the_shell() {
        assert_eq!(quoted(Path::new("/a b/it's")), PathBuf::from(r"'/a b/it'\''s'"));
    }
}
