//! Servers that do not do what a server should.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use gw_snapshot::redact::Mark;

use super::*;

/// Only ever reached by a test that fails.
const HANG: Duration = Duration::from_secs(30);

/// A server for one connection; returns its address.
fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || serve(listener.accept().expect("a client").0));
    format!("http://{address}/v1/health")
}

/// Reads a request to its end, and returns it.
fn request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).expect("a request") == 1 {
        text.extend_from_slice(&byte);
    }
    String::from_utf8(text).expect("UTF-8")
}

/// Answers a request with these bytes and hangs up.
fn answers(bytes: impl AsRef<[u8]> + Send + 'static) -> String {
    server(move |mut stream| {
        request(&mut stream);
        // The client may have heard enough.
        let _ = stream.write_all(bytes.as_ref());
    })
}

fn get_within(url: &str, time: Duration) -> HttpSeen {
    let (tell, told) = mpsc::channel();
    let url = url.to_string();
    thread::spawn(move || {
        let browser = Browser::default();
        tell.send(browser.get(&url, Instant::now() + time, &salt()))
    });
    told.recv_timeout(HANG).expect("an answer within the limit")
}

fn salt() -> Salt {
    Salt(b"test".to_vec())
}

fn get(url: &str) -> HttpSeen {
    get_within(url, HANG)
}

/// Short enough for a test, and long enough for a busy machine to connect.
const SHORT: Duration = Duration::from_millis(800);

#[test]
fn a_healthy_answer_is_seen_as_it_is_and_the_request_says_nothing_of_us() {
    let (tell, told) = mpsc::channel();
    let url = server(move |mut stream| {
        tell.send(request(&mut stream)).expect("a receiver");
        stream
            .write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\
                  Server: aiohttp\r\nSet-Cookie: id=7\r\nX-Other: y\r\n\r\n{\"status\":\"ok\"}",
            )
            .expect("a client");
    });
    let seen = get(&url);
    assert_eq!((seen.status, seen.error, seen.truncated), (Some(200), None, false));
    assert_eq!(seen.body.as_deref(), Some("{\"status\":\"ok\"}"));
    let names: Vec<_> = seen.headers.keys().map(String::as_str).collect();
    assert_eq!(names, ["content-length", "content-type", "server"]);

    let request = told.recv().expect("a request");
    let mut lines: Vec<_> = request.lines().map(str::to_lowercase).collect();
    lines.retain(|line| !line.is_empty() && !line.starts_with("host: 127.0.0.1:"));
    let agent = format!("user-agent: gw-doctor/{}", env!("CARGO_PKG_VERSION"));
    lines.sort_unstable();
    assert_eq!(lines, ["accept: */*", "get /v1/health http/1.1", agent.as_str()]);
}

/// A server that keeps its connection until the test is over.
fn silent(before: &'static [u8]) -> (String, mpsc::Sender<()>) {
    let (over, until): (_, Receiver<()>) = mpsc::channel();
    let url = server(move |mut stream| {
        request(&mut stream);
        stream.write_all(before).expect("a client");
        let _ = until.recv();
    });
    (url, over)
}

#[test]
fn silence_is_a_timeout_wherever_it_begins() {
    for (before, status) in [
        (&b""[..], None),
        (b"HTTP/1.1 200", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", Some(200)),
    ] {
        let (url, _over) = silent(before);
        let seen = get_within(&url, SHORT);
        assert_eq!((seen.error, seen.status), (Some(Trouble::TimedOut), status));
    }
}

#[test]
fn a_stopped_process_whose_kernel_still_accepts_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    assert_eq!(get_within(&url, SHORT).error, Some(Trouble::TimedOut));
}

#[test]
fn a_body_that_drips_for_ever_is_a_timeout() {
    let url = server(|mut stream| {
        request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("a client");
        while stream.write_all(b".").is_ok() {
            thread::sleep(Duration::from_millis(10));
        }
    });
    let seen = get_within(&url, SHORT);
    assert_eq!((seen.error, seen.status), (Some(Trouble::TimedOut), Some(200)));
    assert!(seen.body.is_some_and(|body| Mark::read(&body).is_some()));
}

#[test]
fn a_head_that_drips_for_ever_is_a_timeout() {
    let url = server(|mut stream| {
        request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nX: ").expect("a client");
        while stream.write_all(b"y").is_ok() {
            thread::sleep(Duration::from_millis(10));
        }
    });
    assert_eq!(get_within(&url, SHORT).error, Some(Trouble::TimedOut));
}

#[test]
fn a_huge_body_is_cut_and_that_is_no_trouble() {
    let url = server(|mut stream| {
        request(&mut stream);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 100 << 20);
        stream.write_all(head.as_bytes()).expect("a client");
        let block = vec![b'x'; 1 << 20];
        for _ in 0..100 {
            if stream.write_all(&block).is_err() {
                return;
            }
        }
    });
    let seen = get(&url);
    assert_eq!((seen.status, seen.truncated, seen.error), (Some(200), true, None));
    let read = "x".repeat(HttpSeen::BODY_LIMIT);
    assert_eq!(seen.body, Some(Mark::of(&read, &salt()).to_string()));
}

#[test]
fn a_redirect_is_seen_and_not_followed() {
    let url = answers(
        "HTTP/1.1 302 Found\r\nLocation: http://me:pw@127.0.0.1:1/x?token=abc#f\r\nContent-Length: 0\r\n\r\n",
    );
    let seen = get(&url);
    assert_eq!((seen.status, seen.error), (Some(302), None));
    assert_eq!(seen.headers["location"], "http://127.0.0.1:1/x");
}

#[test]
fn what_is_not_http_is_told_from_one_who_hangs_up() {
    for (bytes, expected) in [
        (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], Trouble::NotHttp),
        (b"\x15\x03\x01\x00\x02\x02\x50", Trouble::NotHttp),
        (b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\n", Trouble::NotHttp),
        (b"HTTP/1.1 abc\r\n\r\n", Trouble::NotHttp),
        (b"", Trouble::Closed),
        (b"HTTP/1.1 200 OK\r\nContent-", Trouble::Closed),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", Trouble::Closed),
    ] {
        let seen = get(&answers(bytes));
        assert_eq!(seen.error, Some(expected), "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_port_where_nobody_listens_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    assert_eq!(get(&url).error, Some(Trouble::Refused));
}

#[test]
fn only_this_host_is_asked_and_only_plainly() {
    for (url, is_asked) in [
        ("http://127.0.0.1:1/", true),
        ("http://127.9.9.9:1/", true),
        ("http://[::1]:1/", true),
        ("http://localhost:1/", true),
        ("http://0.0.0.0:1/", false),
        ("http://10.0.0.1:1/", false),
        ("http://[::ffff:10.0.0.1]:1/", false),
        ("http://example.org/", false),
        ("http://127.0.0.1.example.org/", false),
        ("http://localhost.example.org/", false),
        ("https://127.0.0.1/", false),
        ("http://me:pw@127.0.0.1/", false),
        ("file:///etc/passwd", false),
        ("127.0.0.1", false),
        ("", false),
    ] {
        let outcome = loopback(url);
        assert_eq!(outcome.is_ok(), is_asked, "{url}: {outcome:?}");
    }
}

#[test]
fn a_place_is_left_without_what_is_carried_there() {
    for (location, expected) in [
        ("/login?next=/v1/health", "/login"),
        ("https://a:b@host:8/p#f", "https://host:8/p"),
        ("https://host", "https://host"),
        ("//a@host/p", "//host/p"),
        ("", ""),
        ("?x", ""),
    ] {
        assert_eq!(place(location), expected, "{location}");
    }
}

#[test]
fn a_page_of_somebody_else_is_not_shown_in_any_encoding() {
    let url = answers(b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\na\xffb\n".as_slice());
    let seen = get(&url);
    assert_eq!((seen.status, seen.body.as_deref()), (Some(500), Some("‹redacted:1-7›")));
}
