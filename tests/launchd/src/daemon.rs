//! The daemon: one thread that waits for clients and for processes, and lets launchd do what is due. It
//! prints `ready` when it can be asked.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::answers;
use crate::launchd::Launchd;
use crate::settings::Settings;
use crate::wire::{Answer, Request, SOCKET};

/// Ends the daemon when its standard input ends, so that it cannot outlive the test that started it.
const UNTIL_STDIN_CLOSES: &str = "--until-stdin-closes";

/// How long a client may keep everybody waiting.
const CLIENT_PATIENCE: Duration = Duration::from_secs(1);

/// The longest request, in bytes.
const REQUEST_LIMIT: u64 = 1 << 20;

/// Runs the daemon: `DIR [--until-stdin-closes] [KEY=VALUE]...`.
pub(crate) fn run(words: &[String]) -> ExitCode {
    match Daemon::new(words).and_then(Daemon::serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "launchd stand-in: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Daemon {
    state: PathBuf,
    listener: UnixListener,
    launchd: Launchd,
    until_stdin_closes: bool,
}

impl Daemon {
    fn new(words: &[String]) -> io::Result<Daemon> {
        let Some((state, words)) = words.split_first() else {
            return Err(io::Error::other("no state directory"));
        };
        let mut settings = Settings::default();
        let mut until_stdin_closes = false;
        for word in words {
            if word == UNTIL_STDIN_CLOSES {
                until_stdin_closes = true;
            } else {
                settings.assign(word).map_err(io::Error::other)?;
            }
        }
        let state = PathBuf::from(state);
        fs::create_dir_all(&state)?;
        let launchd = Launchd::new(settings, &state)?;
        let listener = listen(&state.join(SOCKET))?;
        Ok(Daemon { state, listener, launchd, until_stdin_closes })
    }

    fn serve(mut self) -> io::Result<()> {
        writeln!(io::stdout(), "ready")?;
        loop {
            self.launchd.advance(Instant::now());
            match self.wait()? {
                Event::Nothing => {}
                Event::End => break,
                Event::Client => {
                    if let Ok((stream, _)) = self.listener.accept()
                        && self.hear(stream).unwrap_or_default()
                    {
                        break;
                    }
                }
            }
        }
        self.launchd.end();
        fs::remove_file(self.state.join(SOCKET))
    }

    /// Waits until somebody asks, something happened to a process, or something is due.
    fn wait(&self) -> io::Result<Event> {
        let quiet = self.launchd.quiet_for(Instant::now());
        let timeout = quiet.and_then(|quiet| Timespec::try_from(quiet).ok());
        let stdin = io::stdin();
        let mut watched = vec![PollFd::new(&self.listener, PollFlags::IN)];
        if self.until_stdin_closes {
            watched.push(PollFd::new(&stdin, PollFlags::IN));
        }
        let ours = watched.len();
        watched
            .extend(self.launchd.watched().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        match poll(&mut watched, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let happened = |place: usize| {
            watched.get(place).is_some_and(|fd| place < ours && !fd.revents().is_empty())
        };
        if happened(1) && rustix::io::read(stdin.as_fd(), &mut [0; 64]) == Ok(0) {
            return Ok(Event::End);
        }
        Ok(if happened(0) { Event::Client } else { Event::Nothing })
    }

    /// Answers one client, and says whether it was the last. A client that goes away is its own affair.
    fn hear(&mut self, mut stream: UnixStream) -> io::Result<bool> {
        stream.set_read_timeout(Some(CLIENT_PATIENCE))?;
        stream.set_write_timeout(Some(CLIENT_PATIENCE))?;
        let mut line = String::new();
        BufReader::new(&stream).take(REQUEST_LIMIT).read_line(&mut line)?;
        let request: Request = serde_json::from_str(&line)?;
        let last = request.words.first().is_some_and(|verb| verb == "--stop");
        if last {
            self.launchd.end();
        }
        let answer = match injected(&self.state, &request) {
            Some(answer) => answer,
            None => answers::answer(&mut self.launchd, &request, Instant::now()),
        };
        stream.write_all(&serde_json::to_vec(&answer)?)?;
        Ok(last)
    }
}

/// What ends a wait.
enum Event {
    /// Time has passed, or something happened to a process.
    Nothing,
    /// A client asks.
    Client,
    /// Standard input has ended.
    End,
}

/// Listens, unless another daemon does.
fn listen(socket: &Path) -> io::Result<UnixListener> {
    if UnixStream::connect(socket).is_ok() {
        return Err(io::Error::other(format!("{} is in use", socket.display())));
    }
    let _ = fs::remove_file(socket);
    UnixListener::bind(socket)
}

/// The answer that was laid down in `answers/VERB` for the next call of a verb, which is then not
/// carried out.
fn injected(state: &Path, request: &Request) -> Option<Answer> {
    let verb = request.words.first().filter(|verb| !verb.contains(['/', '.']))?;
    let path = state.join("answers").join(verb);
    let bytes = fs::read(&path).ok()?;
    let answer = serde_json::from_slice(&bytes).map_err(io::Error::from);
    let answer = answer.and_then(|answer| fs::remove_file(&path).map(|()| answer));
    Some(answer.unwrap_or_else(|error| answers::refuse(&format!("{}: {error}", path.display()))))
}
