//! A process to its end. In: a command. Out: how it ended, and the beginning of what it wrote. A flood costs no memory,
//! and what the process leaves behind holds nobody up.

use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// At most this many bytes of the output are kept; the rest is read and dropped.
const OUTPUT: usize = 64 * 1024;

/// The beginning of what a process wrote, in the order in which it wrote to either stream.
#[derive(Default)]
pub(crate) struct Kept {
    pub kept: Vec<u8>,
    pub truncated: bool,
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
pub(crate) fn once(mut command: Command, silent: bool) -> std::io::Result<(ExitStatus, Kept)> {
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
}
