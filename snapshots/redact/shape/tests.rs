use proptest::prelude::*;

use super::*;

fn salt() -> Salt {
    Salt(b"test".to_vec())
}

fn redacted(source: &str) -> String {
    text(source, &salt())
}

#[test]
fn what_looks_like_a_secret_goes_and_its_surroundings_stay() {
    for (source, before, secret, after) in [
        (
            "Incorrect API key provided: sk-proj-abcdef0123. See",
            "Incorrect API key provided: ",
            "sk-proj-abcdef0123",
            ". See",
        ),
        ("(ghp_0123456789abcdefABCDEF)", "(", "ghp_0123456789abcdefABCDEF", ")"),
        ("xoxb-1234-abcd, then", "", "xoxb-1234-abcd", ", then"),
        ("id AKIAIOSFODNN7EXAMPLE", "id ", "AKIAIOSFODNN7EXAMPLE", ""),
        ("eyJhbGciOi.eyJzdWIiOi.abc-_def", "", "eyJhbGciOi.eyJzdWIiOi.abc-_def", ""),
        (
            "GET https://api.telegram.org/bot123456789:AAH0123456789abcdefghijklmnopqrstuv/getMe",
            "/",
            "AAH0123456789abcdefghijklmnopqrstuv",
            "/getMe",
        ),
        (
            "at https://alice:hunter2@example.org:80/x",
            "https://",
            "alice:hunter2",
            "@example.org:80/x",
        ),
        ("postgres://alice:hun/ter2@db/x", "postgres://", "alice:hun/ter2", "@db/x"),
        ("Authorization: Bearer hunter2hunter2", "Authorization: Bearer ", "hunter2hunter2", ""),
        ("{'Authorization': 'Bearer hunter2'}", "{'Authorization': '", "Bearer hunter2", "'}"),
        ("Bearer hunter2hunter2, ok", "Bearer ", "hunter2hunter2,", " ok"),
        ("?key=hunter2&page=2", "?key=", "hunter2", "&page=2"),
        ("password: hunter2", "password: ", "hunter2", ""),
        ("API_KEY='hunter 2' x", "API_KEY='", "hunter 2", "' x"),
        (r#"{"api_key": "hunter2", "page": 2}"#, r#"{"api_key": ""#, "hunter2", r#"", "page": 2}"#),
        (r#""{\"token\": \"hunter2\"}""#, r#""{\"token\": \""#, "hunter2", r#"\"}""#),
        ("botToken=hunter2", "botToken=", "hunter2", ""),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY----- x",
            "",
            "hunter2",
            " x",
        ),
        (
            "got Zk3fT9qLm2XpR7vBn4WsY8dHc6JgA1eU here",
            "got ",
            "Zk3fT9qLm2XpR7vBn4WsY8dHc6JgA1eU",
            " here",
        ),
        (
            "key 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.",
            "key ",
            "9f86d081884c7d659a2feaa0c55ad015",
            "",
        ),
    ] {
        let seen = redacted(source);
        assert!(!seen.contains(secret) && seen.contains("‹redacted:"), "{seen}");
        assert!(seen.contains(before) && seen.ends_with(after), "{seen}");
        assert_eq!(redacted(&seen), seen, "twice is once");
    }
}

#[test]
fn what_says_nothing_secret_stays() {
    for source in [
        "",
        "failed to connect",
        "Could not bind 127.0.0.1:8642: Address already in use",
        "ModuleNotFoundError: No module named 'aiohttp'",
        "KeyError: 'next_run_at'",
        "/home/a/.hermes/venv/bin/python -m hermes_cli.main gateway run",
        "http://127.0.0.1:18789/v1/health",
        "http://[::1]:18789/v1/health",
        "INVOCATION_ID=0123456789abcdef0123456789abcdef",
        "code_sha 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "123e4567-e89b-12d3-a456-426614174000",
        "hermes_agent-0.19.0-py3-none-any.whl",
        "application.com.apple.Terminal.1152921500311879701.1152921500311879706",
        "2026-11-21T07:21:45.963+00:00",
        "Hermes-Agent-Gateway-2026-11-21-macOS-ARM64",
        "Bearer token missing",
        "invalid token: expired",
        "max_tokens: 4096",
        "token_file=/run/secrets/x",
        "0 5 * * *",
        "‹redacted:16+:0123abcd› and ‹redacted:0›",
        "key=‹redacted:8-15:placeholder›",
    ] {
        assert_eq!(redacted(source), source);
        assert!(is_clean(source), "{source}");
    }
}

#[test]
fn json_stays_json() {
    let seen = redacted(r#"{"token": 12345678, "secret": null, "api_key": "x\"y", "keys": [1]}"#);
    assert!(serde_json::from_str::<serde_json::Value>(&seen).is_ok(), "{seen}");
    assert!(!seen.contains("12345678") && !seen.contains('x'), "{seen}");
}

#[test]
fn arguments_lose_what_their_flags_and_names_call_a_secret() {
    for (line, gone, kept) in [
        ("hermes --api-key hunter2 gateway run", "hunter2", "gateway run"),
        ("hermes --token=hunter2 gateway run", "hunter2", "--token="),
        ("hermes --token -p coder gateway run", "\u{0}", "-p"),
        ("hermes --token -hunter2 gateway run", "hunter2", "gateway run"),
        (
            "env OPENAI_API_KEY=hunter2 NOTE=hunter2 HERMES_HOME=/x hermes gateway run",
            "hunter2",
            "HERMES_HOME=/x hermes gateway run",
        ),
        ("hermes config set platforms.api_server.extra.key hunter2", "hunter2", "extra.key"),
        ("hermes config set API_SERVER_KEY hunter2", "hunter2", "API_SERVER_KEY"),
        ("curl -H 'Authorization: Bearer hunter2' http://127.0.0.1:1/", "hunter2", "http://"),
        ("curl -H \"X-Api-Key: hunter2\" http://127.0.0.1:1/", "hunter2", "http://"),
        ("sh -c curl -H Bearer hunter2 -v", "hunter2", "-v"),
        ("hermes say key: word", "word", "say key:"),
        ("curl -H X-Api-Key:hunter2 http://127.0.0.1:1/", "hunter2", "http://127.0.0.1:1/"),
        ("python -m hermes_cli.main --profile x gateway run", "\u{0}", "--profile x gateway run"),
    ] {
        let argv: Vec<&str> = line.split(' ').collect();
        let seen = arguments(&argv, &salt()).join(" ");
        assert!(!seen.contains(gone) && seen.contains(kept), "{seen}");
    }
    let shell = ["sh", "-c", "A=1 B='hunter2 hunter2' exec hermes gateway run; C=\"hunter2\""];
    let seen = arguments(&shell, &salt()).join(" ");
    assert!(!seen.contains("hunter2") && seen.contains("exec hermes gateway run"), "{seen}");
}

#[test]
fn names_are_told_from_secrets() {
    for name in
        ["API_SERVER_KEY", "platforms.api_server", "hermes-gateway", "a", "TELEGRAM_BOT_TOKEN_2"]
    {
        assert!(is_name(name), "{name}");
    }
    for other in [
        "",
        "a b",
        "ключ",
        "ghp_0123456789abcdef",
        "AKIAIOSFODNN7EXAMPLE",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    ] {
        assert!(!is_name(other), "{other}");
    }
}

#[test]
fn settings_that_hold_secrets_are_known_by_their_words() {
    for name in [
        "API_SERVER_KEY",
        "botToken",
        "--password",
        "x-api-key",
        "client_secret",
        "Authorization",
        "dbpasswd",
        "accessToken2",
    ] {
        assert!(names_a_secret(name), "{name}");
    }
    for name in [
        "HERMES_HOME",
        "keyboard",
        "max_tokens",
        "token_file",
        "monkey",
        "timeout",
        "--profile",
        "path",
        "TOKEN_TTL",
    ] {
        assert!(!names_a_secret(name), "{name}");
    }
}

#[test]
fn only_an_exact_mark_is_one() {
    for mark in ["‹redacted:0›", "‹redacted:16+:0123abcd›", "‹redacted:8-15:placeholder›"]
    {
        assert!(is_mark(mark), "{mark}");
    }
    for other in [
        "",
        "‹redacted:16+:hunter2›",
        "‹redacted:x›",
        "‹redacted:0› ",
        " ‹redacted:0›",
        "‹redacted:0",
        "‹redacted:1-7:placeholder:placeholder›",
    ] {
        assert!(!is_mark(other), "{other}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_planted_secret_survives(
        before in "[a-zA-Z0-9 .,:/\n]{0,40}",
        secret in "[a-z0-9]{12,40}",
        shape in prop::sample::select(vec![
            " token=@", " --api-key=@", "\"password\": \"@\"", " sk-@ ", "ghp_@", " http://u:@@h/", " Authorization: Bearer @", " Bearer @",
            " key: @ ", "&access_token=@&x=1", " API_KEY='@'", " xoxp-@",
        ]),
        after in any_text(),
    ) {
        prop_assume!(secret.contains(|c: char| c.is_ascii_digit()));
        let planted = shape.replace("@@", "\u{1}").replace('@', &secret).replace('\u{1}', &format!("{secret}@"));
        let seen = redacted(&format!("{before} {planted}{}{after}", if planted.contains("//") { "" } else { " " }));
        prop_assert!(!seen.contains(&secret), "{}", seen);
    }

    #[test]
    fn arguments_stay_as_many_as_they_were(argv in prop::collection::vec(any_text(), 0..6)) {
        prop_assert_eq!(arguments(&argv, &salt()).len(), argv.len());
    }
}

/// Texts in which what matters here is frequent.
fn any_text() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        4 => prop::sample::select(vec![
            "token", "key", "--password", "=", ":", ": ", " ", "\"", "'", "\\", "&", "sk-abcdefgh", "http://", "a:b@", "/", "Bearer ", "hunter2hunter2",
            "bot123456:", "AAH0123456789abcdefghijklmnopqrstuv", "‹redacted:0›", "‹", "›", "-----BEGIN PRIVATE KEY-----", "-----END ", "-----", "x", ",", "}", "\n",
        ]).prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(atom, 0..16).prop_map(|atoms| atoms.concat())
}
