//! The border to the outside. In: at most so many bytes of standard input. Out: one line on the standard
//! output that the process was started with. From the first moment on nobody else writes there.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;

/// Keeps the real standard output aside and points descriptor 1 at standard error, so that whatever the
/// application prints (`println!`, its logger, a library in C) cannot end up in the answer.
///
/// The copy is closed on exec: no process that the application starts can hold it open or write to it.
pub(crate) fn keep_stdout() -> io::Result<File> {
    let kept = rustix::io::fcntl_dupfd_cloexec(io::stdout().as_fd(), 3)?;
    rustix::stdio::dup2_stdout(io::stderr().as_fd())?;
    Ok(File::from(kept))
}

/// Reads standard input to its end, but no more than one byte over `most`.
pub(crate) fn read_request(most: usize) -> io::Result<Vec<u8>> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(io::Error::other(
            "standard input is a terminal; the request is read from a pipe or file",
        ));
    }
    let mut bytes = Vec::new();
    stdin.lock().take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes the answer's one line. JSON escapes every line break within it.
pub(crate) fn write_line(mut out: &File, mut line: Vec<u8>) -> io::Result<()> {
    line.push(b'\n');
    out.write_all(&line)
}
