//! Close frames and their codes.

use crate::transport::TransportError;

/// What the payload of a peer's Close frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Goodbye {
    /// `None` if there is no code.
    pub(super) code: Option<u16>,
    /// The payload of our answer.
    pub(super) answer: Vec<u8>,
}

impl Goodbye {
    pub(super) fn decode(payload: &[u8]) -> Result<Self, TransportError> {
        let (code, answer) = match payload {
            [] => (None, Vec::new()),
            [_] => return Err(TransportError::Violation),
            [high, low, reason @ ..] => {
                std::str::from_utf8(reason).map_err(|_| TransportError::NotText)?;
                let code = u16::from_be_bytes([*high, *low]);
                if is_allowed(code) {
                    (Some(code), payload.to_vec())
                } else {
                    (Some(PROTOCOL), close_payload(PROTOCOL, "Protocol violation"))
                }
            }
        };
        Ok(Self { code, answer })
    }
}

/// Returns the payload of the Close frame for a fault of the peer; a close without one has none, as in the original.
pub(super) fn farewell(fault: Option<TransportError>) -> Vec<u8> {
    let Some(fault) = fault else {
        return Vec::new();
    };
    let code = match fault {
        TransportError::TooLarge => TOO_LARGE,
        TransportError::NotText => NOT_TEXT,
        TransportError::Violation => PROTOCOL,
        TransportError::Overflow | TransportError::Lost => return Vec::new(),
    };
    close_payload(code, &fault.to_string())
}

fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

/// Returns whether a Close frame may have this code (RFC 6455, 7.4).
fn is_allowed(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999)
}

const PROTOCOL: u16 = 1002;
const NOT_TEXT: u16 = 1007;
const TOO_LARGE: u16 = 1009;

#[cfg(test)]
mod tests {
    use tungstenite::protocol::frame::coding::CloseCode;

    use super::*;

    #[test]
    fn codes_are_judged_as_by_tungstenite() {
        for code in 0..=u16::MAX {
            assert_eq!(is_allowed(code), CloseCode::from(code).is_allowed(), "{code}");
        }
    }

    #[test]
    fn a_code_is_sent_back_unless_it_is_none() {
        let goodbye = |payload: &[u8]| Goodbye::decode(payload).map(|goodbye| (goodbye.code, goodbye.answer));

        assert_eq!(goodbye(b""), Ok((None, Vec::new())));
        assert_eq!(goodbye(b"\x03\xe8bye"), Ok((Some(1000), b"\x03\xe8bye".to_vec())));
        assert_eq!(
            goodbye(b"\x03\xedbye"),
            Ok((Some(1002), b"\x03\xeaProtocol violation".to_vec()))
        );
        assert_eq!(goodbye(b"\x03"), Err(TransportError::Violation));
        assert_eq!(goodbye(b"\x03\xe8\xff"), Err(TransportError::NotText));
    }

    #[test]
    fn faults_have_codes_and_reasons() {
        assert_eq!(
            farewell(Some(TransportError::TooLarge)),
            b"\x03\xf1message over the size limit"
        );
        assert_eq!(
            farewell(Some(TransportError::NotText)),
            b"\x03\xefmessage is not UTF-8"
        );
        assert_eq!(
            farewell(Some(TransportError::Violation)),
            b"\x03\xeatransport rules broken"
        );
        assert_eq!(farewell(None), b"");
    }
}
