//! Scheduled jobs, one of them, once. In: a job's name. Out: its exit code and output within bounds. The
//! scheduler itself, which never ends, is not started.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use loco_rs::app::Hooks;
use loco_rs::scheduler::{Config, Job, Output, Scheduler};
use serde::Serialize;

use crate::config::Chosen;
use crate::failure::{Code, Failure};
use crate::plain::plain;

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

/// At most this many bytes of a job's output are kept; the rest is read and dropped.
const OUTPUT: usize = 64 * 1024;

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

#[derive(Default)]
struct Kept {
    kept: Vec<u8>,
    truncated: bool,
}

impl Kept {
    fn keep(&mut self, piece: &[u8]) {
        let room = OUTPUT - self.kept.len();
        self.truncated |= piece.len() > room;
        self.kept.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

/// How often it is looked whether the job has ended.
const LOOK: Duration = Duration::from_millis(50);

/// Runs the command to its end. Blocks.
fn once(mut command: Command, silent: bool) -> std::io::Result<(ExitStatus, Kept)> {
    let mut output = Kept::default();
    if silent {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        return Ok((command.status()?, output));
    }
    let (mut reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    // The command holds the pipe's writing ends; with them the pipe would never come to its end.
    drop(command);
    let (pieces, received) = mpsc::sync_channel::<Vec<u8>>(16);
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = reader.read(&mut buffer) {
            if pieces.send(buffer[..read].to_vec()).is_err() {
                break;
            }
        }
    });
    let mut looked = Instant::now();
    loop {
        match received.recv_timeout(LOOK) {
            Ok(piece) => output.keep(&piece),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
        // A process that the job left behind may hold the pipe open, or write to it, for ever: the end of the job
        // counts, not the end of the pipe. What a pipe holds (64 KiB) is still taken.
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            if child.try_wait()?.is_some() {
                while let Ok(piece) = received.recv_timeout(LOOK) {
                    output.keep(&piece);
                    if output.truncated {
                        break;
                    }
                }
                break;
            }
        }
    }
    Ok((child.wait()?, output))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(text: &str) -> (ExitStatus, Kept) {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(text);
        once(command, false).unwrap()
    }

    #[test]
    fn both_streams_come_in_the_order_they_were_written() {
        let (status, output) = shell("echo one; echo two >&2; echo three; exit 3");
        assert_eq!(status.code(), Some(3));
        assert_eq!(output.kept, b"one\ntwo\nthree\n");
    }

    #[test]
    fn a_flood_is_read_to_its_end_and_cut() {
        let (status, output) = shell("head -c 1000000 /dev/zero");
        assert!(status.success());
        assert_eq!(output.kept.len(), OUTPUT);
        assert!(output.truncated);
    }

    #[test]
    fn a_process_that_is_left_behind_holds_nothing_up() {
        // Its pid is printed so that the test can end it.
        let (status, output) = shell("sleep 600 & echo $!");
        assert!(status.success());
        let pid = String::from_utf8(output.kept).unwrap();
        let ended = Command::new("kill").arg(pid.trim()).status().unwrap();
        assert!(ended.success(), "the process that was left behind was still there");
    }

    #[test]
    fn a_path_stays_one_word_for_the_shell() {
        assert_eq!(quoted(Path::new("/a b/it's")), PathBuf::from(r"'/a b/it'\''s'"));
    }
}
