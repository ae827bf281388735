//! Words of others, made fit to be shown. In: any text. Out: one line without control characters, terminal
//! sequences or credentials of addresses, at most so long.

/// Makes `text` one plain line of at most `most` characters.
pub(crate) fn plain(text: &str, most: usize) -> String {
    let masked = mask_addresses(&without_terminal_sequences(text));
    let line: String = masked.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    if line.chars().count() <= most {
        return line.to_owned();
    }
    let mut cut: String = line.chars().take(most).collect();
    cut.push('…');
    cut
}

/// Replaces what stands in double quotes: a YAML error quotes the value that it did not expect, which may be
/// a secret.
pub(crate) fn without_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(c);
        if c != '"' {
            continue;
        }
        out.push('…');
        let mut escaped = false;
        for c in chars.by_ref() {
            match (c, escaped) {
                ('"', false) => break,
                ('\\', false) => escaped = true,
                _ => escaped = false,
            }
        }
        out.push('"');
    }
    out
}

fn without_terminal_sequences(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
        } else if chars.peek() == Some(&'[') {
            chars.next();
            // A sequence ends with its first byte between @ and ~.
            for c in chars.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    break;
                }
            }
        }
    }
    out
}

/// `scheme://user:password@host/…?query` becomes `scheme://***@host/…?***`.
fn mask_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        out.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>'))
            .unwrap_or(after.len());
        let (address, tail) = after.split_at(end);
        let address = match address.rfind('@') {
            Some(at) => {
                out.push_str("***");
                &address[at..]
            }
            None => address,
        };
        match address.find('?') {
            Some(query) => {
                out.push_str(&address[..query]);
                out.push_str("?***");
            }
            None => out.push_str(address),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_addresses_do_not_pass() {
        assert_eq!(
            plain("cannot reach postgres://loco:s3cret@db/app?password=x now", 99),
            "cannot reach postgres://***@db/app?*** now"
        );
        assert_eq!(
            plain("a://u:p/w@d@h/x 'b://u:p@h' ://", 99),
            "a://***@h/x 'b://***@h' ://"
        );
    }

    #[test]
    fn terminal_sequences_and_control_characters_do_not_pass() {
        assert_eq!(plain("\u{1b}[31mred\u{1b}[0m\nnext\0\u{7f}", 99), "red next");
    }

    #[test]
    fn long_words_are_cut() {
        assert_eq!(plain("äöüß", 3), "äöü…");
    }

    #[test]
    fn quoted_values_do_not_pass() {
        assert_eq!(
            without_quoted(r#"invalid type: string "a \" b", expected u16 at line 3"#),
            r#"invalid type: string "…", expected u16 at line 3"#
        );
        assert_eq!(without_quoted(r#"open "to the end"#), r#"open "…""#);
    }
}
