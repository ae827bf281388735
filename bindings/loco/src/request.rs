//! A request. In: bytes from anybody. Out: operation, environment and arguments within their bounds, or an
//! error with what could be read so far. Nothing is done for a request that is not understood as a whole.

use serde::Deserialize;
use serde_json::Value;

use crate::bounds::invalid;
use crate::failure::Failure;
use crate::operation::Operation;
use crate::strict::Strict;
use crate::PROTOCOL;

/// A request has at most this many bytes.
pub(crate) const MOST: usize = 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    version: u32,
    operation: String,
    environment: String,
    arguments: Option<Strict>,
}

/// What an answer repeats of its request.
#[derive(Debug, Default)]
pub(crate) struct Heading {
    pub operation: Option<String>,
    pub environment: Option<String>,
}

/// Reads a request: the heading as far as it is understood, and the operation.
pub(crate) fn read(bytes: &[u8]) -> (Heading, Result<Operation, Failure>) {
    let mut heading = Heading::default();
    let operation = read_into(&mut heading, bytes);
    (heading, operation)
}

fn read_into(heading: &mut Heading, bytes: &[u8]) -> Result<Operation, Failure> {
    if bytes.len() > MOST {
        return Err(invalid(format!("the request has more than {MOST} bytes")));
    }
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(|error| {
        invalid(format!(
            "the request is not one JSON object with version, operation, environment and arguments: {error}"
        ))
    })?;
    if envelope.version != PROTOCOL {
        return Err(invalid(format!(
            "`version` is {}; this application speaks version {PROTOCOL}",
            envelope.version
        )));
    }
    if !is_environment(&envelope.environment) {
        return Err(invalid("`environment` must match ^[a-z0-9_-]{1,64}$".to_owned()));
    }
    if is_operation(&envelope.operation) {
        heading.operation = Some(envelope.operation.clone());
    }
    heading.environment = Some(envelope.environment);
    let arguments = match envelope.arguments {
        None => serde_json::Map::new(),
        Some(Strict(Value::Object(arguments))) => arguments,
        Some(_) => return Err(invalid("`arguments` must be an object".to_owned())),
    };
    Operation::of(&envelope.operation, arguments)
}

/// The name becomes part of a path, so nothing but these characters may pass.
pub(crate) fn is_environment(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

fn is_operation(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Code;

    fn refused(text: &str) -> String {
        let failure = read(text.as_bytes()).1.unwrap_err();
        assert_eq!(failure.code, Code::InvalidRequest, "{text}");
        failure.message
    }

    #[test]
    fn a_request_is_read() {
        let (heading, operation) = read(br#" {"version":1,"operation":"db.status","environment":"development"} "#);
        assert_eq!(operation.unwrap(), Operation::Status);
        assert_eq!(heading.operation.as_deref(), Some("db.status"));
        assert_eq!(heading.environment.as_deref(), Some("development"));
    }

    #[test]
    fn whatever_is_not_one_object_is_refused() {
        for text in [
            "",
            "null",
            "[]",
            "{",
            "{} {}",
            r#"{"version":1,"operation":"version","environment":"x"} x"#,
            r#"{"version":1,"operation":"version"}"#,
            r#"{"version":1,"operation":"version","environment":"x","more":1}"#,
            r#"{"version":1,"version":1,"operation":"version","environment":"x"}"#,
            r#"{"version":1,"operation":"version","environment":"x","arguments":[]}"#,
            r#"{"version":"1","operation":"version","environment":"x"}"#,
            r#"{"version":2,"operation":"version","environment":"x"}"#,
        ] {
            refused(text);
        }
        assert!(read(b"\xff\xfe").1.is_err());
        let failure = read(&vec![b' '; MOST + 1]).1.unwrap_err();
        assert!(failure.message.contains("1048576"));
    }

    #[test]
    fn arguments_name_no_member_twice() {
        let text = r#"{"version":1,"operation":"tasks.run","environment":"x","arguments":{"name":"a","vars":{"k":"1","k":"2"}}}"#;
        assert!(refused(text).contains("duplicate field `k`"));
    }

    #[test]
    fn an_environment_is_no_path() {
        for name in [
            "",
            "..",
            "../x",
            "a/b",
            "A",
            "a.b",
            "a b",
            "é",
            "a\\u0000",
            &"x".repeat(65),
        ] {
            let text = format!(r#"{{"version":1,"operation":"version","environment":"{name}"}}"#);
            assert!(refused(&text).contains("environment"));
        }
    }

    #[test]
    fn an_operation_that_is_no_word_is_not_repeated() {
        let text = "{\"version\":1,\"operation\":\"\\u001b[31m\",\"environment\":\"x\"}";
        let (heading, operation) = read(text.as_bytes());
        assert_eq!(operation.unwrap_err().code, Code::UnknownOperation);
        assert_eq!(heading.operation, None);
        assert_eq!(heading.environment.as_deref(), Some("x"));
    }
}
